"""Resampling to the network's scale and back keeps the frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import disk

from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.scale import (
    TrainedScale,
    central_region,
    decoding_at_scale,
    resample_image,
    resample_maps,
    typical_diameter,
)


@given(st.integers(1, 80), st.integers(1, 80), st.floats(0.1, 6))
@settings(max_examples=60, deadline=None)
def test_maps_return_to_the_frame_of_the_image(height, width, factor):
    image = np.zeros((height, width), np.float32)
    small = resample_image(image, factor)
    maps = np.zeros((3, *small.shape), np.float32)
    assert resample_maps(maps, image.shape).shape == (3, height, width)


def test_a_smooth_image_survives_the_round_trip():
    rows, columns = np.mgrid[:90, :120]
    image = np.sin(rows / 20).astype(np.float32) + np.cos(columns / 25).astype(np.float32)
    back = resample_maps(resample_image(image, 0.5)[None], image.shape)[0]
    assert np.abs(back - image)[4:-4, 4:-4].max() < 0.02


def test_only_diameters_outside_the_trained_range_are_resampled():
    scale = TrainedScale(target=30, low=15, high=60)
    assert scale.factor(None) == scale.factor(15) == scale.factor(60) == 1
    assert scale.factor(10) == pytest.approx(3)
    assert scale.factor(90) == pytest.approx(1 / 3)


def _disks(radii):
    labels = np.zeros((100, 100 * len(radii)), np.int32)
    for i, radius in enumerate(radii):
        labels[disk((50, 100 * i + 50), radius)] = i + 1
    return labels


def test_the_diameter_of_disks_is_their_diameter():
    assert typical_diameter(_disks([10, 10, 10, 30])) == pytest.approx(20, rel=0.03)


def test_too_few_cells_have_no_typical_diameter():
    assert typical_diameter(_disks([10, 10])) is None
    assert typical_diameter(np.zeros((5, 5), np.int32)) is None


def test_cells_cut_by_the_border_do_not_count_when_there_are_others():
    labels = _disks([12, 12, 12])
    labels[:3] = np.arange(labels.shape[1])[None] // 4 + 10
    assert typical_diameter(labels) == pytest.approx(24, rel=0.03)


def test_fragments_do_not_count_in_the_typical_diameter():
    assert typical_diameter(_disks([3] * 8 + [12] * 4)) == pytest.approx(24, rel=0.05)
    assert typical_diameter(_disks([6] * 8 + [12] * 4)) == pytest.approx(12, rel=0.05)  # small cells do


def test_large_cells_get_more_steps():
    assert decoding_at_scale(SegmentationParameters(), 20).n_iterations == 200
    assert decoding_at_scale(SegmentationParameters(), 100).n_iterations == 400


def test_the_least_size_follows_the_typical_cell():
    automatic = SegmentationParameters()
    assert decoding_at_scale(automatic, 40).min_size == 125  # a tenth of 400 pi pixels
    assert decoding_at_scale(automatic, None).min_size == automatic.decoding.min_size
    assert decoding_at_scale(automatic, 4).min_size == automatic.decoding.min_size
    chosen = SegmentationParameters(decoding=DecodingParameters(min_size=3), min_size_share=0)
    assert decoding_at_scale(chosen, 40).min_size == 3


def test_the_measured_region_is_the_middle():
    image = np.arange(3000)[:, None] * np.ones((1, 10))
    region = central_region(image)
    assert region.shape == (1024, 10)
    assert region[0, 0] == (3000 - 1024) // 2


def test_the_least_confidence_lies_between_the_threshold_and_1():
    def confidence(threshold, **changes):
        decoding = DecodingParameters(cell_probability_threshold=threshold)
        return decoding_at_scale(SegmentationParameters(decoding=decoding, **changes), 30).min_confidence

    assert confidence(0.5) == 0.75
    assert confidence(0.2) == pytest.approx(0.6)
    assert confidence(0.5, confidence_share=0) == 0
