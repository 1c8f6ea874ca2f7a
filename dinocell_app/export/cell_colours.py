"""Colours that tell neighbouring cells apart, also for the colour-blind."""

from __future__ import annotations

import heapq

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.export import palette

PALETTE = np.array(palette.PALETTE, np.uint8)
"""Red, green, blue."""

NEIGHBOUR_DISTANCE = 3
"""Cells with pixels at most this many rows and columns apart are given different colours."""


def colour_indices(labels: NDArray[np.integer], ids: NDArray[np.integer]) -> NDArray[np.intp]:
    """Choose a palette entry for each cell so that neighbours differ.

    Cells are coloured in the reverse of smallest-last order (Matula and Beck 1983), which needs at most
    six colours where the neighbourhood is planar. Among the colours left the least used one is taken. Only
    a cell that is surrounded by all colours, which takes a cell of several parts, shares one with a
    neighbour. The same labels always get the same colours.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.
    ids : ndarray of shape (n,), int
        The labels in ascending order.

    Returns
    -------
    ndarray of shape (n,), int
        Rows of `PALETTE`.
    """
    compact = np.searchsorted(ids, labels).astype(np.int32) + 1
    compact[labels == 0] = 0
    pairs = np.unique(_neighbour_pairs(compact, NEIGHBOUR_DISTANCE))
    neighbours: list[set[int]] = [set() for _ in ids]
    for first, second in zip((pairs >> 32).tolist(), (pairs & 0xFFFFFFFF).tolist(), strict=True):
        neighbours[first - 1].add(second - 1)
        neighbours[second - 1].add(first - 1)
    colours = np.full(len(ids), -1, np.intp)
    used = [0] * len(PALETTE)
    for cell in reversed(_smallest_last(neighbours)):
        around = [int(colours[other]) for other in neighbours[cell] if colours[other] >= 0]
        colour = min(range(len(PALETTE)), key=lambda c: (around.count(c), used[c], c))
        colours[cell] = colour
        used[colour] += 1
    return colours


def _smallest_last(neighbours: list[set[int]]) -> list[int]:
    """Cells in the order in which the one with fewest remaining neighbours is taken away."""
    degrees = [len(around) for around in neighbours]
    queue = [(degree, cell) for cell, degree in enumerate(degrees)]
    heapq.heapify(queue)
    order: list[int] = []
    taken = [False] * len(neighbours)
    while queue:
        degree, cell = heapq.heappop(queue)
        if taken[cell] or degree != degrees[cell]:
            continue
        taken[cell] = True
        order.append(cell)
        for other in neighbours[cell]:
            if not taken[other]:
                degrees[other] -= 1
                heapq.heappush(queue, (degrees[other], other))
    return order


@njit(cache=True)
def _neighbour_pairs(labels, distance):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Pairs of labels, the smaller first, with pixels at most `distance` rows and columns apart.

    A pair is coded as smaller * 2**32 + larger and may occur many times. Only pixels with something else
    to the left, right or below are looked at: from any pixel, going down and then sideways towards the
    other cell passes such a one, which is nearer.
    """
    rows, columns = labels.shape
    pairs = np.empty(1024, np.int64)
    n = 0
    for row in range(rows):
        for column in range(columns):
            label = labels[row, column]
            if label == 0 or _is_enclosed(labels, row, column):
                continue
            last = label
            for other_row in range(row, min(row + distance + 1, rows)):
                for other_column in range(max(column - distance, 0), min(column + distance + 1, columns)):
                    other = labels[other_row, other_column]
                    if other != 0 and other != label and other != last:
                        if n == pairs.shape[0]:
                            pairs = np.concatenate((pairs, pairs))
                        pairs[n] = (np.int64(min(label, other)) << 32) + max(label, other)
                        n += 1
                    last = other
    return pairs[:n]


@njit(cache=True)
def _is_enclosed(labels, row, column):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    label = labels[row, column]
    if row + 1 >= labels.shape[0] or column == 0 or column + 1 >= labels.shape[1]:
        return False
    return (
        labels[row, column - 1] == label
        and labels[row, column + 1] == label
        and labels[row + 1, column] == label
    )
