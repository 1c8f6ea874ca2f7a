"""Convex hulls of the cells: convex area and Feret diameters, exact in whole numbers.

A pixel counts as the diamond of the middles of its four edges, as in scikit-image. With coordinates doubled
these corners are whole numbers. The hull of a cell is kept as two convex chains, its smallest and its largest
column at each row, so no sorting is needed: rows are in order already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.measurement.cells import Cells

_ABSENT = np.iinfo(np.int64).max
"""Marks a row where a cell of several pieces has no pixel."""


@dataclass(frozen=True)
class HullMeasures:
    """What the convex hulls of cells tell.

    Parameters
    ----------
    convex_area : ndarray of shape (n,), int64
        Pixels whose centre lies in the hull or on its edge.
    feret_max, feret_min : ndarray of shape (n,), float64
        Largest and smallest distance in pixels between parallel lines that touch the outline of those pixels.
    """

    convex_area: NDArray[np.int64]
    feret_max: NDArray[np.float64]
    feret_min: NDArray[np.float64]


def measure_hulls(cells: Cells) -> HullMeasures:
    """Convex area and Feret diameters of every cell.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.

    Returns
    -------
    HullMeasures
        `convex_area` and `feret_max` equal scikit-image's `area_convex` and `feret_diameter_max`; hulls are
        found by monotone chains (Andrew 1979).
    """
    return HullMeasures(*_measure_hulls(cells.pixels, cells.starts, cells.boxes, cells.shape[1]))


@njit(cache=True, nogil=True)
def _measure_hulls(
    pixels: NDArray[np.int64], starts: NDArray[np.int64], boxes: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    n = len(boxes)
    areas = np.zeros(n, np.int64)
    longest, shortest = np.zeros(n), np.zeros(n)
    tallest = (boxes[:, 2] - boxes[:, 0]).max() if n else 0
    # Right ends are kept negated, so that one routine serves both sides.
    left, right = np.empty(tallest, np.int64), np.empty(tallest, np.int64)
    chain = np.empty((2, 2 * tallest + 1, 2), np.int64)
    corners = np.empty((4 * tallest + 2, 2), np.int64)
    for cell in range(n):
        height = boxes[cell, 2] - boxes[cell, 0]
        left[:height] = _ABSENT
        right[:height] = _ABSENT
        for place in range(starts[cell], starts[cell + 1]):
            row = pixels[place] // width - boxes[cell, 0]
            column = pixels[place] % width - boxes[cell, 1]
            left[row] = min(left[row], column)
            right[row] = min(right[row], -column)
        _fill_side(left[:height], chain[0])
        _fill_side(right[:height], chain[1])
        for row in range(height):
            areas[cell] += max(1 - right[row] - left[row], 0)
        n_left = _lower_chain(left[:height], chain[0])
        n_right = _lower_chain(right[:height], chain[1])
        for place in range(n_left):
            corners[place] = chain[0, place]
        for place in range(n_right):
            corners[n_left + place, 0] = chain[1, n_right - 1 - place, 0]
            corners[n_left + place, 1] = -chain[1, n_right - 1 - place, 1]
        longest[cell], shortest[cell] = _calipers(corners[: n_left + n_right])
    return areas, longest, shortest


@njit(cache=True, nogil=True)
def _lower_chain(ends: NDArray[np.int64], chain: NDArray[np.int64]) -> int:
    """Convex chain below the diamonds of the pixels `ends` (one a row); coordinates are doubled."""
    size = 0
    for row in range(-1, 2 * len(ends)):
        column = _ABSENT
        if row % 2 == 0:
            if ends[row // 2] != _ABSENT:
                column = 2 * ends[row // 2] - 1
        else:
            if row > 0 and ends[row // 2] != _ABSENT:
                column = 2 * ends[row // 2]
            if row // 2 + 1 < len(ends) and ends[row // 2 + 1] != _ABSENT:
                column = min(column, 2 * ends[row // 2 + 1])
        if column == _ABSENT:
            continue
        while size > 1:
            before, last = chain[size - 2], chain[size - 1]
            turn = (last[0] - before[0]) * (column - before[1]) - (row - before[0]) * (last[1] - before[1])
            if turn > 0:
                break
            size -= 1
        chain[size, 0], chain[size, 1] = row, column
        size += 1
    return size


@njit(cache=True, nogil=True)
def _fill_side(ends: NDArray[np.int64], chain: NDArray[np.int64]) -> None:
    """Replace the ends of the rows by those of the pixels inside the hull."""
    size = _lower_chain(ends, chain)
    piece = 0
    for row in range(len(ends)):
        while piece < size - 2 and chain[piece + 1, 0] < 2 * row:
            piece += 1
        rise = chain[piece + 1, 0] - chain[piece, 0]
        doubled = chain[piece, 1] * rise + (chain[piece + 1, 1] - chain[piece, 1]) * (
            2 * row - chain[piece, 0]
        )
        ends[row] = -((-doubled) // (2 * rise))


@njit(cache=True, nogil=True)
def _calipers(corners: NDArray[np.int64]) -> tuple[float, float]:
    """Largest and smallest width in pixels of a convex polygon given in doubled coordinates."""
    n = len(corners)
    longest, shortest = 0, np.inf
    for i in range(n):
        along_row = corners[(i + 1) % n, 0] - corners[i, 0]
        along_column = corners[(i + 1) % n, 1] - corners[i, 1]
        reach = 0
        for j in range(n):
            row, column = corners[j, 0] - corners[i, 0], corners[j, 1] - corners[i, 1]
            longest = max(longest, row * row + column * column)
            reach = max(reach, abs(along_row * column - along_column * row))
        edge = along_row * along_row + along_column * along_column
        if edge > 0:
            shortest = min(shortest, reach / np.sqrt(edge))
    return np.sqrt(longest) / 2, shortest / 2
