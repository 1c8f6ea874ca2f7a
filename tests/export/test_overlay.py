import imageio.v3 as iio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.segmentation import expand_labels

from dinocell_app.export.cell_colours import NEIGHBOUR_DISTANCE, PALETTE, colour_indices
from dinocell_app.export.labelled_image import LabelledImage, label_ids
from dinocell_app.export.overlay import (
    FILL_OPACITY,
    draw_overlay,
    outline_pixels,
    stretch_for_display,
    write_overlay,
)


def blocks(rows, columns, size=6):
    """Touching square cells numbered in reading order."""
    ids = np.arange(1, rows * columns + 1).reshape(rows, columns)
    return np.kron(ids, np.ones((size, size), int))


def test_a_cell_is_an_opaque_outline_and_a_translucent_fill():
    labels = np.zeros((9, 9), np.uint8)
    labels[2:7, 2:7] = 4
    pixels = np.zeros((9, 9), np.uint16)
    pixels[:, 5:] = 1000
    picture = draw_overlay(LabelledImage(labels, "x", pixels=pixels))
    colour = picture[2, 2].astype(float)
    assert colour.tolist() in PALETTE.tolist()
    outline = outline_pixels(labels)
    assert outline.sum() == 16
    assert (picture[outline] == colour).all()
    assert np.allclose(picture[3:6, 3:5], colour * FILL_OPACITY, atol=0.51)
    assert np.allclose(picture[3:6, 5], colour * FILL_OPACITY + 255 * (1 - FILL_OPACITY), atol=0.51)
    outside = labels == 0
    assert np.array_equal(picture[outside], np.where(pixels[outside, None] > 0, 255, 0).repeat(3, axis=1))


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3)))
def test_outline_pixels_have_an_edge_to_something_else(labels):
    expected = np.zeros(labels.shape, bool)
    padded = np.pad(labels.astype(int), 1, constant_values=-1)
    for row, column in np.argwhere(labels):
        r, c = row + 1, column + 1
        around = padded[[r - 1, r + 1, r, r], [c, c, c - 1, c + 1]]
        expected[row, column] = (around != padded[r, c]).any()
    assert np.array_equal(outline_pixels(labels), expected)


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_have_different_colours(seed):
    rng = np.random.default_rng(seed)
    points = np.zeros((120, 130), np.int32)
    points[rng.integers(0, 120, 150), rng.integers(0, 130, 150)] = rng.permutation(150) * 3 + 1
    labels = expand_labels(points, 7)
    ids = label_ids(labels)
    colours = colour_indices(labels, ids)
    colour_of = dict(zip(ids.tolist(), colours.tolist(), strict=True))
    d = NEIGHBOUR_DISTANCE
    for row, column in np.argwhere(labels):
        around = labels[max(row - d, 0) : row + d + 1, max(column - d, 0) : column + d + 1]
        here = labels[row, column]
        for other in set(around.ravel().tolist()) - {0, int(here)}:
            assert colour_of[other] != colour_of[int(here)]


def test_colours_are_used_evenly_and_always_the_same():
    labels = blocks(20, 20)
    ids = label_ids(labels)
    colours = colour_indices(labels, ids)
    assert np.bincount(colours, minlength=len(PALETTE)).min() > 400 / len(PALETTE) / 2
    assert np.array_equal(colours, colour_indices(labels, ids))


def test_colours_differ_for_the_colour_blind():
    # Machado, Oliveira and Fernandes 2009: deuteranopia and protanopia, severity 1, in linear RGB.
    linear = np.where(
        PALETTE / 255 <= 0.04045, PALETTE / 255 / 12.92, ((PALETTE / 255 + 0.055) / 1.055) ** 2.4
    )
    deuteranopia = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ]
    protanopia = [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
    for matrix in (deuteranopia, protanopia):
        seen = np.clip(linear @ np.transpose(matrix), 0, 1) ** (1 / 2.2)
        distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
        assert distances[~np.eye(len(PALETTE), dtype=bool)].min() > 0.1


def test_a_cell_surrounded_by_all_colours_does_not_stop_the_drawing():
    labels = np.zeros((8, 300), int)
    position = 0
    for first in range(1, 10):  # nine cells of many parts, each touching each
        for second in range(first + 1, 10):
            labels[:, position : position + 2] = first
            labels[:, position + 2 : position + 4] = second
            position += 8
    colours = colour_indices(labels, label_ids(labels))
    assert set(colours.tolist()) == set(range(len(PALETTE)))


@pytest.mark.parametrize(
    "pixels",
    [
        np.linspace(-5, 5, 30).reshape(5, 6).astype(np.float32),
        np.arange(30).reshape(5, 6).astype(">u2") * 2000,
        np.arange(30).reshape(5, 6) > 14,
        np.where(np.arange(30) == 7, np.nan, np.arange(30)).reshape(5, 6),
    ],
)
def test_any_depth_is_stretched_to_the_full_range(pixels):
    shown = stretch_for_display(pixels, (5, 6))
    assert shown.shape == (5, 6, 3)
    assert (shown.min(), shown.max()) == (0, 255)
    assert (np.diff(shown[..., 0].ravel()[8:].astype(int)) >= 0).all()


@pytest.mark.parametrize(
    "pixels", [np.full((4, 4), 7), np.full((4, 4), np.nan), np.full((4, 4), np.inf), None]
)
def test_flat_images_are_black(pixels):
    assert not stretch_for_display(pixels, (4, 4)).any()


def test_hues_stay():
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 0] = np.arange(16).reshape(4, 4) * 10
    shown = stretch_for_display(pixels, (4, 4))
    assert shown[..., 0].max() == 255
    assert not shown[..., 1:].any()


def test_the_file_has_full_resolution(tmp_path):
    labels = blocks(3, 4, 200)
    image = LabelledImage(labels, "x", pixels=labels.astype(np.float32))
    write_overlay(tmp_path / "ü_overlay.png", image)
    assert np.array_equal(iio.imread(tmp_path / "ü_overlay.png", plugin="pillow"), draw_overlay(image))


def test_a_picture_without_cells_is_the_picture():
    pixels = np.arange(20).reshape(4, 5)
    picture = draw_overlay(LabelledImage(pixels * 0, "x", pixels=pixels))
    assert np.array_equal(picture, stretch_for_display(pixels, (4, 5)))
