"""Neighbouring cells have different colours, and the same labels always the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.display.loading import index_labels
from dinocell_app.display.neighbour_colours import NEIGHBOUR_DISTANCE, neighbour_colours
from dinocell_app.export.palette import PALETTE


def colours_of(labels):
    return neighbour_colours([labels], int(labels.max(initial=0)), len(PALETTE))


def test_a_tight_grid_whose_rows_are_as_long_as_the_palette():
    rows, columns = np.indices((6 * 12, 6 * 9))
    labels = (rows // 6) * 9 + columns // 6 + 1  # a cell and the one below differ by nine
    colours = colours_of(labels)
    shown = colours[labels]
    edges = labels[1:] != labels[:-1]
    assert (shown[1:] != shown[:-1])[edges].all()
    edges = labels[:, 1:] != labels[:, :-1]
    assert (shown[:, 1:] != shown[:, :-1])[edges].all()
    assert set(np.unique(colours[1:])) == set(range(1, len(PALETTE) + 1))


def test_cells_a_gap_apart_are_neighbours_and_far_ones_may_share():
    labels = np.zeros((20, 60), np.int32)
    for label in range(1, 13):
        labels[4:8, 5 * label - 4 : 5 * label - 4 + 5 - NEIGHBOUR_DISTANCE + 1] = label
    colours = colours_of(labels)
    assert (colours[1:-1] != colours[2:]).all()
    assert len(set(colours[1:].tolist())) <= len(PALETTE)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_touching_cells_differ_wherever_the_colours_suffice(seed, n_cells):
    points = np.random.default_rng(seed).integers(0, 64, (n_cells, 2))
    rows, columns = np.indices((64, 64))
    labels = 1 + np.argmin([(rows - y) ** 2 + (columns - x) ** 2 for y, x in points], axis=0).astype(np.int32)
    colours = colours_of(labels)
    np.testing.assert_array_equal(colours, colours_of(labels.copy()))
    shown = colours[labels]
    for a, b, la, lb in (
        (shown[1:], shown[:-1], labels[1:], labels[:-1]),
        (shown[:, 1:], shown[:, :-1], labels[:, 1:], labels[:, :-1]),
    ):
        crowded = {label for label in np.unique(labels) if _n_near(labels, label) >= len(PALETTE)}
        for first, second in zip(la[(la != lb) & (a == b)], lb[(la != lb) & (a == b)], strict=True):
            assert first in crowded or second in crowded


def _n_near(labels, label):
    rows, columns = np.nonzero(labels == label)
    reach = NEIGHBOUR_DISTANCE
    top, left = max(0, rows.min() - reach), max(0, columns.min() - reach)
    return len(np.unique(labels[top : rows.max() + reach + 1, left : columns.max() + reach + 1])) - 1


def test_no_cells_need_no_colours():
    assert index_labels(np.zeros((5, 5), np.uint16)).colours.tolist() == [0]
