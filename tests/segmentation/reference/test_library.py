"""A library of reference cells comes back as it was written, or is refused with a sentence."""

import json

import numpy as np
import pytest

from dinocell_app.errors import ModelError, UnreadableFileError
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.segmenter_config import DINOCELL_S8
from dinocell_app.segmentation.reference.library import (
    CROP_PX,
    LibraryCell,
    LibraryType,
    read_library,
    write_library,
)

MANIFEST = Manifest.for_network(DINOCELL_S8, id="ours", name="Ours", sha256="a" * 64)


def _cell(seed, edge=9):
    rng = np.random.default_rng(seed)
    crop = rng.integers(0, 255, (edge, edge + 1)).astype(np.uint8)
    return LibraryCell(rng.standard_normal(6).astype(np.float32), f"a.tif:{seed}", crop)


def test_a_library_comes_back_as_written_and_leaves_no_other_files(tmp_path):
    path = tmp_path / "cells.v1.json"
    write_library(path, [LibraryType("old", (_cell(9),))], MANIFEST)
    types = [LibraryType("round", (_cell(1), _cell(2)), (_cell(3, 200),)), LibraryType("µ rod", (_cell(4),))]
    write_library(path, types, MANIFEST)
    found = read_library(path, MANIFEST)
    assert [each.name for each in found] == ["round", "µ rod"]
    for before, after in zip(types, found, strict=True):
        for one, two in zip(
            before.positives + before.negatives, after.positives + after.negatives, strict=True
        ):
            assert np.array_equal(one.description, two.description)
            assert one.source == two.source
            assert np.array_equal(one.crop[:CROP_PX, :CROP_PX], two.crop)
    assert len(list(tmp_path.iterdir())) == 2


def test_features_of_another_model_are_refused(tmp_path):
    write_library(tmp_path / "lib.json", [LibraryType("a", (_cell(1),))], MANIFEST)
    other = MANIFEST.model_copy(update={"id": "theirs", "sha256": "b" * 64})
    with pytest.raises(ModelError, match="cannot be compared with those of theirs"):
        read_library(tmp_path / "lib.json", other)


@pytest.mark.parametrize("damage", ["json", "arrays", "missing", "newer", "path"])
def test_damaged_and_newer_libraries_are_refused(tmp_path, damage):
    path = tmp_path / "lib.json"
    write_library(path, [LibraryType("a", (_cell(1),))], MANIFEST)
    (arrays,) = tmp_path.glob("*.safetensors")
    content = json.loads(path.read_text())
    if damage == "json":
        path.write_text(path.read_text()[:40])
    elif damage == "arrays":
        arrays.write_bytes(arrays.read_bytes()[:-3] + b"abc")
    elif damage == "missing":
        arrays.unlink()
    elif damage == "newer":
        path.write_text(json.dumps(content | {"schema_version": 3}))
    else:
        path.write_text(json.dumps(content | {"arrays": "../secret.safetensors"}))
    with pytest.raises(UnreadableFileError):
        read_library(path, MANIFEST)
