"""Size, brightness and elongation of cells: known shapes, and what must not matter."""

import numpy as np
import pytest

from dinocell_app.segmentation.reference import look
from dinocell_app.segmentation.reference.look import (
    PER_AREA,
    PER_BRIGHTNESS,
    PER_ELONGATION,
    looks_of_cells,
)


@pytest.fixture
def scene():
    """A square, a bar and a brighter square on a background of 100; values reach from 100 to 300."""
    labels = np.zeros((60, 80), np.uint16)
    labels[5:25, 5:25], labels[30:50, 10:14], labels[30:50, 40:60] = 2, 5, 9
    pixels = np.full(labels.shape, 100, np.uint16)
    pixels[labels == 2], pixels[labels == 5], pixels[labels == 9] = 200, 200, 300
    return labels, pixels


def test_known_shapes_have_known_looks(scene):
    labels, pixels = scene
    square, gone, bar, bright = looks_of_cells(labels, np.array([2, 3, 5, 9]), pixels, 1.0)
    ratio = np.log(20 / 4)
    assert square == pytest.approx([PER_AREA * np.log(400), PER_BRIGHTNESS / 2, 0], abs=1e-6)
    assert bar == pytest.approx([PER_AREA * np.log(80), PER_BRIGHTNESS / 2, PER_ELONGATION * ratio], abs=1e-6)
    assert bright == pytest.approx([PER_AREA * np.log(400), PER_BRIGHTNESS, 0], abs=1e-6)
    assert not gone.any()


def test_turning_exposure_and_resolution_do_not_matter(scene):
    labels, pixels = scene
    ids = np.array([2, 5, 9])
    plain = looks_of_cells(labels, ids, pixels, 1.0)
    assert looks_of_cells(np.rot90(labels), ids, np.rot90(pixels), 1.0) == pytest.approx(plain, abs=1e-6)
    assert looks_of_cells(labels, ids, pixels * 0.01 - 7.0, 1.0) == pytest.approx(plain, abs=1e-5)
    twice = [np.kron(plane, np.ones((2, 2), plane.dtype)) for plane in (labels, pixels)]
    assert looks_of_cells(twice[0], ids, twice[1], 0.5) == pytest.approx(plain, abs=0.01)


def test_pictures_that_say_little_are_described_all_the_same(scene, monkeypatch):
    labels, _ = scene
    ids = np.array([2, 5, 9])
    flat = looks_of_cells(labels, ids, np.full(labels.shape, 7, np.uint8), 1.0)
    assert not flat[:, 1].any()
    unknown = np.full(labels.shape, np.nan)
    assert np.isfinite(looks_of_cells(labels, ids, unknown, 1.0)).all()
    full = np.ones((4, 4), np.uint8)
    assert looks_of_cells(full, np.array([1]), full, 1.0)[0, 1] == 0  # no background
    monkeypatch.setattr(look, "MOST_PIXELS", 600)
    assert np.isfinite(looks_of_cells(labels, ids, labels, 1.0)).all()
