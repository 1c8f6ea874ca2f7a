"""Levels and tiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinocell_app.display.pyramid import (
    TILE_PX,
    Tile,
    label_pyramid,
    level_for,
    level_shape,
    mean_pyramid,
    n_levels,
    visible_tiles,
)


def test_levels_average_and_keep_their_type():
    plane = np.zeros((1025, 600), np.uint16)
    plane[:2, :2] = [[65535, 65535], [65535, 65531]]
    levels = mean_pyramid(plane)
    assert [level.shape for level in levels] == [(1025, 600), (513, 300), (257, 150)]
    assert levels[1].dtype == np.uint16
    assert levels[1][0, 0] == 65534


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.float32, np.float64])
def test_a_flat_picture_stays_flat(dtype):
    top = 2**31 if dtype == np.uint32 else 101
    plane = np.full((1030, 1500), top, dtype)
    assert all(np.all(level == top) for level in mean_pyramid(plane))


def test_masks_of_yes_and_no_become_black_and_white():
    levels = mean_pyramid(np.ones((4, 4), bool))
    assert levels[0].max() == 255


def test_labels_are_never_mixed():
    labels = np.random.default_rng(0).integers(0, 2, (1500, 1100)) * 70_000
    assert {int(v) for level in label_pyramid(labels) for v in np.unique(level)} == {0, 70_000}


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(0, 3), st.data())
def test_tiles_cover_what_is_seen_once(height, width, level, data):
    level = min(level, n_levels((height, width)) - 1)
    left = data.draw(st.integers(0, width - 1))
    top = data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left, width - 1)), data.draw(st.integers(top, height - 1))
    shape = level_shape((height, width), level)
    tiles = visible_tiles(shape, level, (left, top, right, bottom))
    assert len(tiles) == len(set(tiles))
    for row, column in ((top, left), (bottom, right), (top, right)):
        inside = Tile(level, row // 2**level // TILE_PX, column // 2**level // TILE_PX)
        assert inside in tiles
    for tile in tiles:
        rows, columns = tile.slices()
        assert rows.start < shape[0]
        assert columns.start < shape[1]


@pytest.mark.parametrize(
    ("scale", "level"), [(4, 0), (1, 0), (0.6, 0), (0.5, 1), (0.3, 1), (0.25, 2), (0.0001, 3)]
)
def test_a_level_has_a_pixel_for_each_of_the_screen(scale, level):
    assert level_for(scale, 4) == level
