"""Which colour of the palette each cell gets, so that neighbours differ.

`export.cell_colours` does the same for overlays, to the pixel and compiled when it is first used. Here a
coarse look is enough, and a window that compiles would stand still.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 1 << 22
"""Larger label images are looked at in a coarser level of their pyramid."""

NEIGHBOUR_DISTANCE = 3
"""Cells at most this many pixels apart, along rows, columns or diagonals, are neighbours."""

_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def neighbour_colours(levels: list[NDArray[np.integer]], n_labels: int, n_colours: int) -> NDArray[np.uint8]:
    """Choose colours.

    Parameters
    ----------
    levels : list of ndarray
        Pyramid of a label image, the finest first.
    n_labels : int
        The largest label.
    n_colours : int
        Of the palette; at most 255.

    Returns
    -------
    ndarray of shape (n_labels + 1,), uint8
        0 for background, else 1 to `n_colours`. In the order of labels each takes the least used colour
        that no neighbour before it has; one with neighbours of all colours takes the least used of all.
    """
    plane = next((level for level in levels if level.size <= MOST_PIXELS), levels[-1])
    earlier: dict[int, list[int]] = {}
    for first, second in _neighbours(plane):
        earlier.setdefault(second, []).append(first)
    colours = np.zeros(n_labels + 1, np.uint8)
    used = [0] * n_colours
    for label in range(1, n_labels + 1):
        around = {int(colours[other]) for other in earlier.get(label, ())}
        free = [colour for colour in range(1, n_colours + 1) if colour not in around]
        colour = min(free or range(1, n_colours + 1), key=lambda c: (used[c - 1], c))
        used[colour - 1] += 1
        colours[label] = colour
    return colours


def _neighbours(labels: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Pairs of neighbouring labels, the smaller first, each once."""
    found = [np.empty(0, np.int64)]
    for distance in range(1, NEIGHBOUR_DISTANCE + 1):
        for down, across in _DIRECTIONS:
            a, b = _shifted(labels, down * distance, across * distance)
            apart = (a != b) & (a > 0) & (b > 0)
            first, second = a[apart].astype(np.int64), b[apart].astype(np.int64)
            found.append(np.unique((np.minimum(first, second) << 32) + np.maximum(first, second)))
    pairs = np.unique(np.concatenate(found))
    return list(zip((pairs >> 32).tolist(), (pairs & 0xFFFFFFFF).tolist(), strict=True))


def _shifted(
    labels: NDArray[np.integer], down: int, across: int
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Give the parts of an array that lie over each other when one copy is moved."""
    height, width = labels.shape
    left, right = max(0, -across), max(0, across)
    return (
        labels[: max(0, height - down), left : width - right],
        labels[down:, right : width - left],
    )
