"""The pixels of a label image grouped by cell, which every measurement starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError

_LARGEST_ID = np.iinfo(np.int64).max
_DENSE_IDS_PER_PIXEL = 4
"""Ids up to this many times the number of pixels are looked up in a table instead of sorted."""


@dataclass(frozen=True)
class Cells:
    """Cells of one label image, numbered 0 to n - 1 in the order of their ids.

    Parameters
    ----------
    ids : ndarray of shape (n,), int64
        Label of each cell, ascending.
    shape : (int, int)
        Rows and columns of the label image.
    numbers : ndarray of shape (M + 2, N + 2), int32
        Number of the cell at each pixel, -1 in the background and in the frame of one pixel around the image.
    pixels : ndarray of shape (p,), int64
        Flat positions in the (M, N) image of all cell pixels, cell by cell and row by row within a cell.
    starts : ndarray of shape (n + 1,), int64
        Cell k owns `pixels[starts[k]:starts[k + 1]]`.
    boxes : ndarray of shape (n, 4), int64
        First row, first column, end row and end column (ends excluded) of each cell.
    """

    ids: NDArray[np.int64]
    shape: tuple[int, int]
    numbers: NDArray[np.int32]
    pixels: NDArray[np.int64]
    starts: NDArray[np.int64]
    boxes: NDArray[np.int64]

    @property
    def areas(self) -> NDArray[np.int64]:
        """Pixels of each cell, shape (n,)."""
        return np.diff(self.starts)


def group_cells(labels: NDArray[np.integer]) -> Cells:
    """Find the cells of a label image.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background; ids may have gaps and any integer type. The array is not changed.

    Returns
    -------
    Cells
        In the frame (row, column) of the image.

    Raises
    ------
    InvalidParameterError
        If `labels` is not a two-dimensional integer image, has no pixels or has ids that are negative or
        above 2**63 - 1.
    """
    labels = _checked(labels)
    ids, numbers = _number_cells(labels)
    height, width = labels.shape
    framed = np.full((height + 2, width + 2), -1, np.int32)
    framed[1:-1, 1:-1] = numbers
    counts, boxes = _count_pixels(framed, len(ids))
    starts = np.zeros(len(ids) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return Cells(ids, (height, width), framed, _collect_pixels(framed, starts), starts, boxes)


def _checked(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    labels = np.asarray(labels)
    if labels.ndim != 2 or labels.dtype.kind not in "ui" or labels.size == 0:
        raise InvalidParameterError(
            f"labels are {labels.dtype} of shape {labels.shape}",
            remedy="Give a label image of rows and columns with whole numbers, 0 for background",
        )
    if labels.min() < 0 or labels.max() > _LARGEST_ID:
        raise InvalidParameterError(
            f"label ids lie between {labels.min()} and {labels.max()}",
            remedy="Ids of cells start at 1; 0 is background",
        )
    return labels


def _number_cells(labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    largest = int(labels.max())
    if largest > _DENSE_IDS_PER_PIXEL * labels.size:
        unique, inverse = np.unique(labels, return_inverse=True)
        numbers = inverse.reshape(labels.shape).astype(np.int32) - np.int32(unique[0] == 0)
        return unique[unique > 0].astype(np.int64), numbers
    present = np.zeros(largest + 1, np.bool_)
    present[labels] = True
    present[0] = False
    number_of_id = np.cumsum(present, dtype=np.int32) - np.int32(1)
    number_of_id[0] = -1
    return np.flatnonzero(present).astype(np.int64), number_of_id[labels]


@njit(cache=True, nogil=True)
def _count_pixels(numbers: NDArray[np.int32], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    counts = np.zeros(n, np.int64)
    boxes = np.empty((n, 4), np.int64)
    boxes[:, :2] = max(numbers.shape)
    boxes[:, 2:] = 0
    for row in range(numbers.shape[0] - 2):
        for column in range(numbers.shape[1] - 2):
            cell = numbers[row + 1, column + 1]
            if cell >= 0:
                counts[cell] += 1
                boxes[cell, 0] = min(boxes[cell, 0], row)
                boxes[cell, 1] = min(boxes[cell, 1], column)
                boxes[cell, 2] = max(boxes[cell, 2], row + 1)
                boxes[cell, 3] = max(boxes[cell, 3], column + 1)
    return counts, boxes


@njit(cache=True, nogil=True)
def _collect_pixels(numbers: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    height, width = numbers.shape[0] - 2, numbers.shape[1] - 2
    free = starts[:-1].copy()
    pixels = np.empty(starts[-1], np.int64)
    for row in range(height):
        for column in range(width):
            cell = numbers[row + 1, column + 1]
            if cell >= 0:
                pixels[free[cell]] = row * width + column
                free[cell] += 1
    return pixels
