"""Manifests: what they hold, what they refuse and in which words."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dinocell_app.base.errors import ModelError
from dinocell_app.model.manifest import (
    MANIFEST_NAME,
    SCHEMA_VERSION,
    Manifest,
    Score,
    TrainingSet,
    read_manifest,
)
from dinocell_app.model.segmenter_config import (
    CONFIGS,
    DINOCELL_B8,
    DINOCELL_S8,
    SegmenterConfig,
    for_objective,
)


def manifest(**fields):
    return Manifest.for_network(DINOCELL_S8, **{"id": "cells", "name": "Cells", **fields})


def written(folder, content):
    (folder / MANIFEST_NAME).write_text(json.dumps(content), "utf-8")
    return folder


def fields(**changes):
    return {**manifest().model_dump(mode="json"), **changes}


names = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable())


@given(
    name=names,
    diameters=st.tuples(st.floats(1, 100), st.floats(100, 1000)),
    scores=st.lists(
        st.builds(Score, data_set=names, metric=names, value=st.floats(allow_nan=False, allow_infinity=False))
    ),
    training=st.lists(st.builds(TrainingSet, name=names, licence=names)),
    pixel_size=st.none() | st.floats(0.01, 100),
)
def test_a_manifest_survives_json(name, diameters, scores, training, pixel_size):
    made = manifest(
        name=name,
        cell_diameter_range_px=diameters,
        scores=tuple(scores),
        training_data=tuple(training),
        recommended_pixel_size_um=pixel_size,
    )
    assert Manifest.model_validate(json.loads(json.dumps(made.model_dump(mode="json")))) == made


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_network_is_found_again(tmp_path, config):
    made = Manifest.for_network(config, id="cells", name="Cells")
    assert read_manifest(written(tmp_path, made.model_dump(mode="json"))).config == config
    assert made.tile_overlap_px == config.tile_size // 4
    assert made.library_versions.keys() >= {"dinocell-app", "torch", "timm", "numpy"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema_version": SCHEMA_VERSION + 1, "unheard_of": 1}, "newer version"),
        ({"schema_version": "1"}, "no manifest"),
        ({"schema_version": True}, "no manifest"),
        ({"schema_version": 0}, "no manifest"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"name": 3}, "name"),
        ({"id": "../up"}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": ".hidden"}, "id"),
        ({"id": "ends."}, "id"),
        ({"id": "line\n"}, "id"),
        ({"id": ""}, "id"),
        ({"sha256": "abc"}, "sha256"),
        ({"intensity_normalisation": "rainbow"}, "'rainbow' is none of percentile, clahe_imagenet"),
        ({"objective": "mood"}, "objective"),
        ({"cell_diameter_px": 0}, "cell_diameter_px"),
        ({"cell_diameter_range_px": [60, 15]}, "60 to 15 is no range"),
        ({"cell_diameter_range_px": [0, 15]}, "0 to 15 is no range"),
        ({"recommended_pixel_size_um": -1}, "recommended_pixel_size_um"),
        ({"tile_overlap_px": 256}, "tiles of 256 px cannot share 256 px"),
        ({"architecture": {}}, "does not fit this version"),
        ({"architecture": {**DINOCELL_S8.to_dict(), "colour": 1}}, "does not fit this version"),
        ({"architecture": {**DINOCELL_S8.to_dict(), "patch_size": 0}}, "patch_size 0"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(ModelError, match=sentence) as caught:
        read_manifest(written(tmp_path, fields(**changes)))
    assert caught.value.path == tmp_path / MANIFEST_NAME
    assert caught.value.remedy
    assert "\n" not in str(caught.value).replace("line\n", "")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[1]", b"null", b"{}"])
def test_a_file_of_something_else_is_no_manifest(tmp_path, content):
    (tmp_path / MANIFEST_NAME).write_bytes(content)
    with pytest.raises(ModelError, match="manifest"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("place", ["nowhere", "file", "."])
def test_a_folder_without_manifest_is_no_model(tmp_path, place):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match=r"manifest\.json is missing"):
        read_manifest(tmp_path / place)


def test_scores_are_numbers():
    with pytest.raises(ValidationError):
        Score(data_set="cells", metric="AP", value=float("nan"))


@pytest.mark.parametrize(
    "change",
    [
        {"patch_size": 8.0},
        {"patch_size": True},
        {"tile_size": -1},
        {"input_size": 10**9},
        {"decoder_width": 10},
        {"n_upsamplings": "2"},
        {"feature_blocks": (-1,)},
        {"feature_blocks": (6, 3)},
        {"feature_blocks": (3, 3)},
        {"feature_blocks": 3},
        {"channel_names": ()},
        {"channel_names": ("a", "a")},
        {"channel_names": ("a.b",)},
        {"channel_names": (1,)},
        {"detail_width": -2},
        {"dropout": 1.0},
        {"drop_path": "much"},
        {"backbone": ""},
        {"backbone": None},
    ],
)
def test_impossible_networks_are_refused(change):
    with pytest.raises(ModelError, match=next(iter(change))):
        SegmenterConfig(**{**DINOCELL_S8.to_dict(), **change})


def test_a_manifest_from_before_colours_is_of_a_model_that_sees_grey(tmp_path):
    old = fields()
    del old["input_colour"]
    assert read_manifest(written(tmp_path, old)).input_colour == "grey"


def test_colours_need_a_normalisation_that_can_prepare_them():
    assert manifest(input_colour="rgb").input_colour == "rgb"
    with pytest.raises(ValidationError, match="clahe_imagenet cannot prepare rgb"):
        manifest(input_colour="rgb", intensity_normalisation="clahe_imagenet")


def test_another_objective_changes_the_heads_alone():
    other = for_objective(DINOCELL_B8, ("distance",))
    assert other.channel_names == ("distance",)
    assert for_objective(other, DINOCELL_B8.channel_names) == DINOCELL_B8


def test_reading_manifests_needs_no_torch():
    code = "import sys, dinocell_app.model.catalogue; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
