"""Contours of the cells: perimeters, Euler number, the part that touches other cells, the image border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.measurement.cells import Cells

_EULER_WEIGHTS = np.array([0, 0, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0, 0, -1, 0])
"""Contribution of each window of 2 x 2 pixels, objects 8-connected (Ohser, Nagel, Schladitz 2002)."""

_DIAGONAL = np.pi / (4 * np.sqrt(2))
_CORNER = np.pi / 4 + _DIAGONAL
_CROFTON_WEIGHTS = np.zeros(16)
_CROFTON_WEIGHTS[[1, 5]] = _CORNER
_CROFTON_WEIGHTS[[2, 7, 10, 11]] = _DIAGONAL
_CROFTON_WEIGHTS[3] = 2 * _DIAGONAL
_CROFTON_WEIGHTS[[8, 12]] = np.pi / 4
_CROFTON_WEIGHTS[[9, 13]] = np.pi / 2
"""Length for each window of 2 x 2 pixels by Crofton's formula with 4 directions (Rivollier 2010)."""

_ROOT = np.sqrt(2.0)
_PERIMETER_WEIGHTS = np.zeros(50)
_PERIMETER_WEIGHTS[[5, 7, 15, 17, 25, 27]] = 1.0
_PERIMETER_WEIGHTS[[21, 33]] = _ROOT
_PERIMETER_WEIGHTS[[13, 23]] = (1 + _ROOT) / 2
"""Length by 1 + 2 (contour pixels beside) + 10 (contour pixels at the corners) (Benkrid, Crookes 2000)."""


@dataclass(frozen=True)
class Contours:
    """Contour pixels of the cells: those with a pixel beside them that is not of the cell.

    Parameters
    ----------
    pixels : ndarray of shape (p,), int64
        Flat positions in the (M, N) image, cell by cell.
    starts : ndarray of shape (n + 1,), int64
        Cell k owns `pixels[starts[k]:starts[k + 1]]`.
    touching_fraction : ndarray of shape (n,), float64
        Share of the pixel edges around a cell that lie against another cell, 0 to 1; edges on the border of
        the image count as free.
    """

    pixels: NDArray[np.int64]
    starts: NDArray[np.int64]
    touching_fraction: NDArray[np.float64]


@dataclass(frozen=True)
class BoundaryMeasures:
    """What the boundaries of cells tell.

    Parameters
    ----------
    perimeter, perimeter_crofton : ndarray of shape (n,), float64
        Lengths in pixels.
    euler_number : ndarray of shape (n,), int64
        Pieces less holes.
    touches_border : ndarray of shape (n,), bool
        Whether a pixel lies in the first or last row or column of the image.
    """

    perimeter: NDArray[np.float64]
    perimeter_crofton: NDArray[np.float64]
    euler_number: NDArray[np.int64]
    touches_border: NDArray[np.bool_]


def trace_contours(cells: Cells) -> Contours:
    """Contour pixels of every cell.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.

    Returns
    -------
    Contours
        Holes have contours too; the border of the image ends a cell.
    """
    return Contours(*_trace_contours(cells.numbers, cells.pixels, cells.starts))


def measure_boundaries(cells: Cells, contours: Contours) -> BoundaryMeasures:
    """Perimeters, Euler number and contact with the image border of every cell.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.
    contours : Contours
        From `trace_contours` on the same cells.

    Returns
    -------
    BoundaryMeasures
        Perimeters and Euler number equal scikit-image's.
    """
    windows = _count_windows(cells.numbers, len(cells.ids))
    shapes = _count_contour_shapes(cells.numbers, contours.pixels, contours.starts)
    ends = np.array(cells.shape)
    touches = (cells.boxes[:, :2] == 0).any(axis=1) | (cells.boxes[:, 2:] == ends).any(axis=1)
    return BoundaryMeasures(
        perimeter=_weigh(shapes, _PERIMETER_WEIGHTS),
        perimeter_crofton=_weigh(windows, _CROFTON_WEIGHTS),
        euler_number=windows @ _EULER_WEIGHTS,
        touches_border=touches,
    )


def _weigh(counts: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    # A matrix product may add up in another order from row to row, and equal cells would differ.
    return np.asarray((counts * weights).sum(axis=1), np.float64)


@njit(cache=True, nogil=True)
def _trace_contours(
    numbers: NDArray[np.int32], pixels: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    width, framed_width = numbers.shape[1] - 2, numbers.shape[1]
    framed = numbers.reshape(-1)
    found = np.empty_like(pixels)
    found_starts = np.zeros_like(starts)
    touching = np.zeros(len(starts) - 1)
    beside = np.array([-framed_width, -1, 1, framed_width])
    size = 0
    for cell in range(len(starts) - 1):
        n_edges, n_touching = 0, 0
        for place in range(starts[cell], starts[cell + 1]):
            position = (pixels[place] // width + 1) * framed_width + pixels[place] % width + 1
            inside = 0
            for step in beside:
                neighbour = framed[position + step]
                inside += neighbour == cell
                n_touching += neighbour != cell and neighbour >= 0
            if inside < 4:
                n_edges += 4 - inside
                found[size] = pixels[place]
                size += 1
        found_starts[cell + 1] = size
        touching[cell] = n_touching / n_edges
    return found[:size].copy(), found_starts, touching


@njit(cache=True, nogil=True)
def _count_windows(numbers: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    """How often each pattern of 2 x 2 pixels occurs in each cell, shape (n, 16)."""
    counts = np.zeros((n, 16), np.int64)
    window = np.empty(4, np.int32)
    for row in range(numbers.shape[0] - 1):
        for column in range(numbers.shape[1] - 1):
            window[0] = numbers[row + 1, column + 1]
            window[1] = numbers[row, column + 1]
            window[2] = numbers[row + 1, column]
            window[3] = numbers[row, column]
            if window[0] == window[1] == window[2] == window[3]:
                continue
            for corner in range(4):
                cell, code, seen = window[corner], 0, False
                for other in range(4):
                    if window[other] == cell:
                        code |= 1 << other
                        seen = seen or other < corner
                if cell >= 0 and not seen:
                    counts[cell, code] += 1
    return counts


@njit(cache=True, nogil=True)
def _count_contour_shapes(
    numbers: NDArray[np.int32], pixels: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How often each neighbourhood of contour pixels occurs in each contour, shape (n, 50)."""
    width, framed_width = numbers.shape[1] - 2, numbers.shape[1]
    contour_of = np.full(numbers.size, -1, np.int32)
    counts = np.zeros((len(starts) - 1, 50), np.int64)
    for cell in range(len(starts) - 1):
        for place in range(starts[cell], starts[cell + 1]):
            contour_of[(pixels[place] // width + 1) * framed_width + pixels[place] % width + 1] = cell
    for cell in range(len(starts) - 1):
        for place in range(starts[cell], starts[cell + 1]):
            position = (pixels[place] // width + 1) * framed_width + pixels[place] % width + 1
            code = 1
            for row_step in range(-1, 2):
                for column_step in range(-1, 2):
                    if contour_of[position + row_step * framed_width + column_step] == cell:
                        distance = abs(row_step) + abs(column_step)
                        code += 0 if distance == 0 else 2 if distance == 1 else 10
            counts[cell, code] += 1
    return counts
