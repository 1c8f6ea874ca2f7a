"""The scale of an image is found from what a network finds at several, with disks of known size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.draw import disk

from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.model.flows import FLOW_SCALE, FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.segmenter import FLOW_CHANNELS, SegmenterConfig
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from dinocell_app.segmentation.scale import TrainedScale
from dinocell_app.segmentation.scale_evidence import (
    SURE_CELLS,
    Evidence,
    View,
    agreed_diameter,
    choose_view,
    is_enough,
    next_factor,
)

TILE = 128
CONFIG = SegmenterConfig("vit_small_patch14_dinov2", 8, TILE, TILE, 16, 2, (0,), FLOW_CHANNELS)
KNOWN_PX = (10.0, 48.0)
TRAINED = TrainedScale(24, 16, 36)


class KnowingNetwork(torch.nn.Module):
    """Knows bright disks of `KNOWN_PX`; flows of others lead anywhere, though the foreground is sure."""

    def __init__(self):
        super().__init__()
        self.config = CONFIG
        self.n_tiles = 0

    def forward(self, tiles):
        self.n_tiles += len(tiles)
        return torch.stack([self._maps(tile[0].numpy() * 0.229 + 0.485) for tile in tiles])

    @staticmethod
    def _maps(grey):
        foreground = grey > 0.5
        labels, count = ndimage.label(foreground)
        areas = np.bincount(labels.ravel())[1:]
        diameter = 2 * np.sqrt(np.median(areas) / np.pi) if count else 0
        if KNOWN_PX[0] <= diameter <= KNOWN_PX[1]:
            flows = labels_to_flows(labels)
        else:
            angles = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 60, grey.shape), 4)
            flows = np.stack([np.sin(angles), np.cos(angles)]) * foreground
        probability = np.where(foreground, 8.0, -8.0)
        return torch.from_numpy(np.stack([*(FLOW_SCALE * flows), probability]).astype(np.float32))


def _model(network):
    manifest = Manifest.for_network(
        CONFIG,
        id="disks",
        name="disks",
        cell_diameter_px=TRAINED.target,
        cell_diameter_range_px=(TRAINED.low, TRAINED.high),
    )
    return SegmentationModel(manifest, network, FlowsObjective(), torch.device("cpu"))


def _disks(diameter, edge, distance=1.6, ends=(0.0, 1.0)):
    """Disks on a grid, in a part of the edge of a square image; also how many they are."""
    image, step = np.zeros((edge, edge), np.float32), diameter * distance
    places = np.arange(step / 2 + ends[0] * edge, ends[1] * edge - step / 2, step)
    for row in places:
        for column in places:
            image[disk((row, column), diameter / 2, shape=image.shape)] = 1
    return image, len(places) ** 2


@pytest.mark.parametrize("diameter", [8, 14, 30, 60, 110])
def test_disks_of_any_size_are_measured_and_found(diameter):
    image, n_disks = _disks(diameter, edge=max(100, 6 * diameter))
    found = segment_image(image, _model(KnowingNetwork()))
    assert found.scale.source == "measured"
    assert found.scale.diameter_px == pytest.approx(diameter, rel=0.15)
    assert found.labels.max() == n_disks


def test_a_single_cell_is_measured():
    image = np.zeros((200, 200), np.float32)
    image[disk((100, 100), 70)] = 1
    found = segment_image(image, _model(KnowingNetwork()))
    assert found.scale.diameter_px == pytest.approx(140, rel=0.1)
    assert found.labels.max() == 1


def test_an_image_of_one_tile_whose_cells_are_known_is_shown_once():
    network = KnowingNetwork()
    image, n_disks = _disks(24, edge=TILE)
    found = segment_image(image, _model(network))
    assert n_disks >= SURE_CELLS
    assert (found.labels.max(), network.n_tiles) == (n_disks, 1)


def test_measuring_costs_a_few_tiles_of_a_large_image():
    measured, given = KnowingNetwork(), KnowingNetwork()
    image, _ = _disks(60, edge=900)
    segment_image(image, _model(measured))
    segment_image(image, _model(given), SegmentationParameters(diameter_px=60))
    assert measured.n_tiles <= given.n_tiles + 5


def test_small_cells_far_from_the_middle_are_found_though_no_view_shows_them():
    image, _ = _disks(14, edge=500, ends=(0.03, 0.25))
    found = segment_image(image, _model(KnowingNetwork()))
    assert found.scale.diameter_px == pytest.approx(14, rel=0.15)


def test_an_empty_image_has_no_diameter():
    found = segment_image(np.zeros((300, 300), np.float32), _model(KnowingNetwork()))
    assert (found.scale.diameter_px, found.scale.source, found.scale.factor) == (None, "unknown", 1.0)


def _evidence(diameter, agreement, factor=1.0, n_cells=10):
    view = View(factor, slice(0, 10), slice(0, 10))
    return Evidence(view, diameter, agreement, n_cells, n_cells, np.zeros((10, 10), np.bool_))


def test_confident_specks_and_colonies_are_outvoted():
    specks, colonies = _evidence(8, 0.5, 2.0, n_cells=90), _evidence(120, 0.5, 0.5)
    assert agreed_diameter([specks, _evidence(30, 0.9), colonies]) == pytest.approx(30)


def test_two_scales_that_agree_outvote_a_better_one():
    seen = [_evidence(30, 0.8), _evidence(33, 0.8, 0.5), _evidence(90, 0.85, 0.25)]
    assert 30 <= agreed_diameter(seen) <= 33


def test_nothing_seen_has_no_diameter():
    assert agreed_diameter([]) is None
    assert agreed_diameter([_evidence(None, 0.0)]) is None


def test_one_look_is_enough_only_at_a_size_that_the_network_was_trained_for():
    assert is_enough([_evidence(30, 0.9)], TRAINED)
    assert not is_enough([_evidence(60, 0.9)], TRAINED)
    assert not is_enough([_evidence(30, 0.9, n_cells=SURE_CELLS - 1)], TRAINED)
    assert not is_enough([_evidence(30, 0.9, factor=0.5)], TRAINED)
    assert is_enough([_evidence(60, 0.9, factor=0.5)], TRAINED)
    assert is_enough([_evidence(60, 0.9), _evidence(63, 0.8, 0.5)], TRAINED)
    assert not is_enough([_evidence(60, 0.9), _evidence(90, 0.9, 0.5)], TRAINED)


def test_the_next_view_is_the_one_that_would_show_the_cells_at_the_trained_size():
    remaining = [0.5, 2.0, 0.25, 3.0]
    assert next_factor(remaining, [_evidence(90, 0.4)], TRAINED) == 0.25
    assert next_factor(remaining, [_evidence(12, 0.4)], TRAINED) == 2.0
    assert next_factor(remaining, [_evidence(None, 0.0)], TRAINED) == 0.5


def test_views_fill_a_tile_and_stay_within_the_image():
    view = choose_view((300, 90), 0.5, TILE)
    assert (view.rows, view.columns) == (slice(22, 278), slice(0, 90))
    cells = np.zeros((64, 64), np.bool_)
    cells[60:, :4] = True
    seen = Evidence(View(0.25, slice(0, 256), slice(0, 256)), 20.0, 0.9, 1, 0, cells)
    view = choose_view((256, 256), 2.0, TILE, [seen])
    assert (view.rows, view.columns) == (slice(192, 256), slice(0, 64))
