"""One pass of the network gives labels and features, in networks of both kinds."""

import numpy as np
import pytest
import torch

from dinocell_app.model.flows import FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.segmenter import FLOW_CHANNELS, Segmenter, SegmenterConfig
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segmenting

OURS = SegmenterConfig("vit_tiny_patch16_224", 8, 32, 32, 16, 2, (0, 1), FLOW_CHANNELS, detail_width=8)
PUBLISHED = SegmenterConfig("vit_tiny_patch16_224", 8, 32, 56, 16, 2, (), FLOW_CHANNELS)


def _result(steps):
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value


@pytest.fixture(params=[OURS, PUBLISHED], ids=["ours", "published"])
def model(request):
    torch.manual_seed(0)
    config = request.param
    network = Segmenter(config).eval().requires_grad_(False)
    manifest = Manifest.for_network(config, id="random", name="random", cell_diameter_range_px=(5, 40))
    return SegmentationModel(manifest, network, FlowsObjective(), torch.device("cpu"))


def test_features_come_only_when_asked_for_and_change_nothing_else(model):
    image = np.random.default_rng(0).integers(0, 255, (40, 52)).astype(np.uint8)
    parameters = SegmentationParameters(diameter_px=10)
    plain = _result(segmenting(image, model, parameters))
    guided = _result(segmenting(image, model, parameters, keep_features=True))
    assert plain.features is None
    assert np.array_equal(guided.maps, plain.maps)
    assert np.array_equal(guided.labels, plain.labels)
    config = model.network.config
    patch = config.patch_size * config.tile_size / config.input_size
    expected = [int(np.ceil(edge / patch)) for edge in image.shape]
    assert list(guided.features.values.shape[1:]) == expected
    assert guided.features.block_widths == (192,) * max(1, len(config.feature_blocks))
    assert np.isfinite(guided.features.values).all()


def test_features_of_one_tile_are_those_of_the_network(model):
    image = np.random.default_rng(1).integers(0, 255, (32, 32)).astype(np.uint8)
    seen = []
    original = model.network.features
    model.network.features = lambda tiles: seen.append(original(tiles)) or seen[-1]
    found = _result(segmenting(image, model, SegmentationParameters(diameter_px=10), keep_features=True))
    del model.network.features
    assert len(seen) == 1  # the encoder ran once for labels and features
    assert found.features.values == pytest.approx(torch.cat(seen[0], dim=1)[0].numpy(), abs=1e-5)
