"""Views turn image and labels alike."""

import numpy as np
import pytest
from dinocell_training.augmentation import (
    PAPER,
    Scenery,
    View,
    change_intensity,
    draw_view,
    take_view,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter, minimum_filter
from skimage.draw import disk

from dinocell_app.jobs.training_settings import AugmentationSettings


def _scene():
    pixels = np.zeros((100, 120), np.float32)
    labels = np.zeros((100, 120), np.int32)
    for i, centre in enumerate([(30, 30), (60, 80), (75, 40)], start=1):
        rows, columns = disk(centre, 11)
        labels[rows, columns] = i
        pixels[rows, columns] = i
    return pixels, labels


def test_a_plain_view_is_the_image_itself():
    pixels, labels = _scene()
    view = View(size=64, scale=1.0, centre=(40.5, 50.5))
    crop, ids = take_view(pixels, labels, view)
    np.testing.assert_allclose(crop, pixels[9:73, 19:83], atol=1e-6)
    np.testing.assert_array_equal(ids, labels[9:73, 19:83])


def test_a_quarter_turn_is_a_rotation_of_the_array():
    pixels, labels = _scene()
    plain = take_view(pixels, labels, View(64, 1.0, (40.5, 50.5)))
    turned = take_view(pixels, labels, View(64, 1.0, (40.5, 50.5), angle=np.pi / 2))
    np.testing.assert_allclose(turned[0], np.rot90(plain[0], -1), atol=1e-3)
    assert (turned[1] == np.rot90(plain[1], -1)).mean() > 0.99


def test_a_mirrored_view_is_the_mirrored_array():
    pixels, labels = _scene()
    plain = take_view(pixels, labels, View(64, 1.0, (40.5, 50.5)))
    mirrored = take_view(pixels, labels, View(64, 1.0, (40.5, 50.5), mirrored=True))
    np.testing.assert_array_equal(mirrored[1], plain[1][:, ::-1])


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_labels_stay_on_their_pixels_in_any_view(seed):
    pixels, labels = _scene()
    scenery = Scenery(labels.shape, 22.0, np.array([[30, 30], [60, 80], [75, 40]]))
    view = draw_view(np.random.default_rng(seed), scenery, 96, AugmentationSettings(diameter_range=(12, 60)))
    crop, ids = take_view(pixels, labels, view)
    assert crop.shape == ids.shape == (96, 96)
    # At the edge of a cell pixels are mixtures; what lies well inside is judged.
    deep = (ids > 0) & (minimum_filter(ids, 5, mode="nearest") == maximum_filter(ids, 5, mode="nearest"))
    assert not deep.any() or np.mean(np.abs(crop[deep] - ids[deep]) < 0.75) > 0.8


def test_the_diameter_is_brought_into_the_range():
    _, labels = _scene()
    scenery = Scenery(labels.shape, 22.0, np.empty((0, 2), np.int64))
    rng = np.random.default_rng(0)
    scales = [
        draw_view(rng, scenery, 64, AugmentationSettings(diameter_range=(11, 44))).scale for _ in range(200)
    ]
    assert 0.5 <= min(scales) < 0.6
    assert 1.7 < max(scales) <= 2.0


def test_the_paper_changes_no_geometry():
    scenery = Scenery((100, 120), 22.0, np.array([[50, 60]]))
    view = draw_view(np.random.default_rng(1), scenery, 64, PAPER)
    assert (view.scale, view.angle, view.mirrored, view.displacement) == (1.0, 0.0, False, None)


def test_the_paper_changes_brightness_by_five_percent_and_inverts():
    pixels = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(50):
        changed = change_intensity(rng, pixels, PAPER)
        inverted = bool(changed[0, 0] > changed[-1, -1])
        factor = 1 - changed[-1, -1] if inverted else changed[-1, -1]
        assert 0.95 - 1e-5 <= factor <= 1.05 + 1e-5
        seen.add(inverted)
    assert seen == {True, False}


def test_strong_changes_stay_in_the_range_of_the_normalisation():
    rng = np.random.default_rng(0)
    pixels = rng.random((32, 32), np.float32) * 2
    strong = AugmentationSettings(strong_intensity=True, brightness=(0.8, 1.2))
    changed = np.stack([change_intensity(rng, pixels, strong) for _ in range(60)])
    assert np.isfinite(changed).all()
    assert changed.min() >= -0.5 - 1e-5
    assert len(np.unique(changed[:, 0, 0])) > 45


@pytest.mark.parametrize("size", [1, 2, 17])
def test_tiny_images_can_be_viewed(size):
    pixels = np.ones((size, size), np.float32)
    crop, ids = take_view(pixels, np.ones((size, size), np.int32), View(32, 2.0, (size / 2, size / 2)))
    np.testing.assert_allclose(crop, 1, atol=1e-5)
    assert (ids == 1).all()
