"""Areas of the cells with their holes filled."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.measurement.cells import Cells


def filled_areas(cells: Cells) -> NDArray[np.int64]:
    """Pixels of each cell and of the holes in it.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.

    Returns
    -------
    ndarray of shape (n,), int64
        A hole is what a path over edges and corners of pixels that are not the cell's, other cells included,
        cannot leave; as scikit-image's `area_filled`.
    """
    return _filled_areas(cells.numbers, cells.boxes, cells.areas)


@njit(cache=True, nogil=True)
def _filled_areas(
    numbers: NDArray[np.int32], boxes: NDArray[np.int64], areas: NDArray[np.int64]
) -> NDArray[np.int64]:
    filled = areas.copy()
    largest = 1
    for cell in range(len(areas)):
        largest = max(largest, (boxes[cell, 2] - boxes[cell, 0] + 2) * (boxes[cell, 3] - boxes[cell, 1] + 2))
    reached = np.zeros(largest, np.bool_)
    pending = np.empty(largest, np.int64)
    for cell in range(len(areas)):
        if not _rows_have_gaps(numbers, boxes[cell], cell):
            continue  # a hole lies between two pixels of its row
        outside = _flood_outside(numbers, boxes[cell], cell, reached, pending)
        height, width = boxes[cell, 2] - boxes[cell, 0], boxes[cell, 3] - boxes[cell, 1]
        filled[cell] = (height + 2) * (width + 2) - outside
    return filled


@njit(cache=True, nogil=True)
def _rows_have_gaps(numbers: NDArray[np.int32], box: NDArray[np.int64], cell: int) -> bool:
    for row in range(box[0] + 1, box[2] + 1):
        ended = False
        for column in range(box[1] + 1, box[3] + 1):
            if numbers[row, column] != cell:
                ended = ended or numbers[row, column - 1] == cell
            elif ended:
                return True
    return False


@njit(cache=True, nogil=True)
def _flood_outside(
    numbers: NDArray[np.int32],
    box: NDArray[np.int64],
    cell: int,
    reached: NDArray[np.bool_],
    pending: NDArray[np.int64],
) -> int:
    """Count what can be reached from the frame around the box of a cell."""
    height, width = box[2] - box[0] + 2, box[3] - box[1] + 2
    reached[: height * width] = False
    reached[0] = True
    pending[0] = 0
    waiting, count = 1, 0
    while waiting:
        waiting -= 1
        count += 1
        row, column = pending[waiting] // width, pending[waiting] % width
        for near_row in range(max(row - 1, 0), min(row + 2, height)):
            for near_column in range(max(column - 1, 0), min(column + 2, width)):
                near = near_row * width + near_column
                if not reached[near] and numbers[box[0] + near_row, box[1] + near_column] != cell:
                    reached[near] = True
                    pending[waiting] = near
                    waiting += 1
    return count
