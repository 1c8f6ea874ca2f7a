"""Models made of the averaged weights of others."""

from __future__ import annotations

import pytest
import torch

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.model.averaged_model import averaged, save_average
from dinocell_app.model.manifest import Manifest, TrainingSet, read_manifest
from dinocell_app.model.model_folder import load_model, save_model
from dinocell_app.model.segmenter import Segmenter
from dinocell_app.model.segmenter_config import SegmenterConfig

CONFIG = SegmenterConfig(
    backbone="vit_tiny_patch16_224",
    patch_size=8,
    tile_size=32,
    input_size=32,
    decoder_width=32,
    n_upsamplings=2,
    feature_blocks=(0,),
    channel_names=("flow_y", "flow_x", "cell_probability"),
    detail_width=16,
)


@pytest.fixture
def make(tmp_path):
    def make_model(name, seed=0, config=CONFIG, **fields):
        torch.manual_seed(seed)
        manifest = Manifest.for_network(config, id=name, name=name, tile_overlap_px=8, **fields)
        save_model(Segmenter(config), manifest, tmp_path / name)
        return load_model(tmp_path / name)

    return make_model


def test_weights_are_those_of_the_models_in_their_shares(make, tmp_path):
    first, second = make("first"), make("second", seed=1)
    manifest = save_average(averaged([first, second], [1, 3]), tmp_path / "mean")
    assert manifest.id == "mean"
    mixed = load_model(tmp_path / "mean").network.state_dict()
    for name, tensor in first.network.state_dict().items():
        expected = 0.25 * tensor + 0.75 * second.network.state_dict()[name]
        torch.testing.assert_close(mixed[name], expected, rtol=2e-3, atol=1e-3)


def test_an_average_predicts(make, tmp_path):
    model = averaged([make("first"), make("second", seed=1)], [1, 1])
    with torch.inference_mode():
        assert model.network(torch.zeros(1, 3, 32, 32)).shape == (1, 3, 32, 32)


def test_the_manifest_says_what_went_in(make):
    first = make(
        "first",
        lineage=("oldest",),
        training_data=(TrainingSet(name="a", licence="CC0"),),
        cell_diameter_range_px=(20, 40),
    )
    second = make(
        "second",
        seed=1,
        lineage=("oldest",),
        training_data=(TrainingSet(name="a", licence="CC0"), TrainingSet(name="b", licence="MIT")),
        cell_diameter_range_px=(12, 30),
        input_colour="rgb",
    )
    manifest = averaged([first, second], [1, 3]).manifest
    assert [data.name for data in manifest.training_data] == ["a", "b"]
    assert manifest.lineage[0] == "oldest"
    assert manifest.lineage[1].startswith("25% first (sha256 ")
    assert manifest.lineage[2].startswith("75% second (sha256 ")
    assert manifest.cell_diameter_range_px == (12, 40)
    assert manifest.input_colour == "rgb"
    assert manifest.scores == ()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"config": SegmenterConfig(**{**CONFIG.to_dict(), "tile_size": 48})}, "architecture"),
        ({"intensity_normalisation": "clahe_imagenet"}, "intensity normalisation"),
    ],
)
def test_models_of_another_kind_are_refused_in_a_sentence(make, change, word):
    with pytest.raises(ModelError, match=f"first and second cannot be averaged: their {word} differs"):
        averaged([make("first"), make("second", **change)], [1, 1])


def test_networks_of_other_shapes_are_refused_in_a_sentence(make):
    wider = SegmenterConfig(**{**CONFIG.to_dict(), "decoder_width": 64})
    with pytest.raises(ModelError, match="cannot be averaged"):
        averaged([make("first"), make("second", config=wider)], [1, 1])


def test_a_model_is_replaced_only_when_asked_to(make, tmp_path):
    model = averaged([make("first"), make("second", seed=1)], [1, 1])
    save_average(model, tmp_path / "mean")
    with pytest.raises(InvalidParameterError, match="there already"):
        save_average(model, tmp_path / "mean")
    save_average(model, tmp_path / "mean", overwrite=True)
    assert read_manifest(tmp_path / "mean").id == "mean"
