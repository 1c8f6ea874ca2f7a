"""A library of reference cells comes back as it was written, or is refused with a sentence."""

import base64
import json

import numpy as np
import pytest

from dinocell_app.base.errors import ModelError, UnreadableFileError
from dinocell_app.references.library import (
    read_library,
    require_model,
    with_type,
    without_type,
    write_library,
)
from dinocell_app.references.types import CROP_PX, KeptReferences, ReferenceExample, ReferenceType


def _cell(seed, edge=9, numbers=6):
    rng = np.random.default_rng(seed)
    crop = rng.integers(0, 255, (edge, edge + 1)).astype(np.uint8)
    return ReferenceExample(
        rng.standard_normal(numbers).astype(np.float32), f"a.tif:{seed}", crop, f"n{seed}"
    )


def _kept(*types):
    return KeptReferences.of("ours", "a" * 64, types)


def test_a_library_comes_back_as_written_and_leaves_no_other_files(tmp_path):
    path = tmp_path / "cells.v1.json"
    write_library(path, _kept(ReferenceType("old", (_cell(9),))))
    types = [
        ReferenceType("round", (_cell(1), _cell(2)), (_cell(3, 200),), "#12ab34"),
        ReferenceType("µ rod", (_cell(4, 0),)),
    ]
    write_library(path, _kept(*types))
    found = read_library(path).read()
    assert [(each.name, each.colour) for each in found] == [("round", "#12ab34"), ("µ rod", "")]
    for before, after in zip(types, found, strict=True):
        for one, two in zip(
            before.positives + before.negatives, after.positives + after.negatives, strict=True
        ):
            assert np.array_equal(one.description, two.description)
            assert (one.source, one.name) == (two.source, two.name)
            assert np.array_equal(one.crop[:CROP_PX, :CROP_PX].ravel(), two.crop.ravel())
    assert found[0].negatives[0].crop.shape == (CROP_PX, CROP_PX)
    assert len(list(tmp_path.iterdir())) == 1


def test_features_of_another_model_are_refused(tmp_path):
    library = _kept(ReferenceType("a", (_cell(1),)))
    require_model(library, "renamed", "a" * 64, None)
    with pytest.raises(ModelError, match="cannot be compared with those of theirs"):
        require_model(library, "theirs", "b" * 64, tmp_path / "lib.json")


def test_types_are_replaced_and_removed_by_name_whatever_the_case():
    library = _kept(ReferenceType("Round", (_cell(1),)), ReferenceType("rod", (_cell(2),)))
    after = with_type(library, ReferenceType("round", (_cell(3),)))
    assert [(each.name, each.positives[0].source) for each in after.types] == [
        ("rod", "a.tif:2"),
        ("round", "a.tif:3"),
    ]
    assert [each.name for each in without_type(after, "ROD").types] == ["round"]
    assert without_type(after, "star") == after


@pytest.mark.parametrize(
    "damage", ["json", "features", "missing", "newer", "older", "names", "lengths", "crop"]
)
def test_damaged_newer_and_older_libraries_are_refused(tmp_path, damage):
    path = tmp_path / "lib.json"
    write_library(path, _kept(ReferenceType("a", (_cell(1), _cell(2))), ReferenceType("b", (_cell(3),))))
    content = json.loads(path.read_text())
    first, second = content["types"][0]["positives"]
    if damage == "missing":
        path.unlink()
    elif damage == "json":
        path.write_text(path.read_text()[:40])
    else:
        if damage == "features":
            first["description"] = base64.b64encode(np.full(6, np.nan, np.float32).tobytes()).decode()
        elif damage == "lengths":
            second["description"] = first["description"][:16]
        elif damage == "crop":
            first["crop_width"] = 7
        elif damage == "names":
            content["types"][1]["name"] = "A"
        else:
            content["schema_version"] = 3 if damage == "newer" else 1
        path.write_text(json.dumps(content))
    with pytest.raises(UnreadableFileError):
        read_library(path)
