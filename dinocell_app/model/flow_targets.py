"""Flow targets: unit vectors from each pixel of a cell towards its centre along simulated heat.

Cellpose's definition (Stringer et al. 2021, Methods; paper 3.2.3): heat is put into the cell's centre at
each step, every pixel takes the mean of its 3x3 neighbourhood within the cell, and the flow is the
normalised gradient of the heat. Cells are independent of each other here, each diffused in its own
window for a number of steps that follows its own size.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.model.row_bands import run_in_bands

SMALLEST_SLOPE = 1e-9
"""Differences of heat below this part of the heat itself are rounding (at the centre of a symmetric cell)."""


def labels_to_flows(labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Compute flow targets of a label image.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Label image, 0 is background; any ids.

    Returns
    -------
    ndarray of shape (2, M, N), float32
        (dy, dx) of length 1 inside cells and 0 elsewhere; a cell of one pixel has length 0.
    """
    flows = np.zeros((2, *labels.shape), np.float32)
    index, ids = compact_ids(labels)
    boxes = _bounding_boxes(index, len(ids))
    cells = np.flatnonzero((boxes[:, 2] > 0) & (ids != 0))
    run_in_bands(
        lambda first, end: _diffuse_cells(index, cells[first:end], boxes, flows),
        len(cells),
        bands_per_thread=16,
    )
    return flows


def cell_windows(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Find the bounding box of every cell.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Label image; any ids.

    Returns
    -------
    ndarray of shape (K, 5), int64
        One row a cell in ascending order of its id: id, first row, first column, end row, end column.
    """
    index, ids = compact_ids(labels)
    boxes = _bounding_boxes(index, len(ids))
    return np.ascontiguousarray(np.column_stack([ids, boxes])[(boxes[:, 2] > 0) & (ids != 0)], np.int64)


def heat_sources(labels: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Tell where the heat of each cell enters and for how long it spreads.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids from 0 to K.

    Returns
    -------
    sources : ndarray of shape (K + 1,), int64
        Flat index of the centre of each cell, -1 for ids without pixels and for the background.
    steps : ndarray of shape (K + 1,), int64
        Rounds of diffusion, 0 where the source is -1.
    """
    boxes = _bounding_boxes(labels, int(labels.max(initial=0)) + 1)
    boxes[0] = 0
    sources, steps = np.full(len(boxes), -1, np.int64), np.zeros(len(boxes), np.int64)
    _find_sources(labels, boxes, sources, steps)
    return sources, steps


def compact_ids(labels: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Replace ids of any size by small indices; ids that are small already stay.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Label image; any ids.

    Returns
    -------
    index : ndarray of shape (M, N), int32
        For each pixel an index into `ids`.
    ids : ndarray of shape (K,), int64
        Id of each index, ascending; some may not occur.
    """
    if labels.size == 0 or (labels.min() >= 0 and labels.max() <= min(labels.size, 2**31 - 2)):
        ids = np.arange(int(labels.max(initial=0)) + 1)
        return np.ascontiguousarray(labels, np.int32), ids
    ids, index = np.unique(labels, return_inverse=True)
    return index.reshape(labels.shape).astype(np.int32), ids.astype(np.int64)


@njit(cache=True, nogil=True)
def _bounding_boxes(index: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """First row, first column, end row and end column of each index; end row 0 where it is absent."""
    height, width = index.shape
    boxes = np.empty((count, 4), np.int64)
    boxes[:, 0] = height
    boxes[:, 1] = width
    boxes[:, 2] = 0
    boxes[:, 3] = 0
    for y in range(height):
        for x in range(width):
            k = index[y, x]
            boxes[k, 0] = min(boxes[k, 0], y)
            boxes[k, 1] = min(boxes[k, 1], x)
            boxes[k, 2] = max(boxes[k, 2], y + 1)
            boxes[k, 3] = max(boxes[k, 3], x + 1)
    return boxes


@njit(cache=True, nogil=True)
def _centre(inside: NDArray[np.float64]) -> tuple[int, int]:
    """Pixel of the cell nearest to its centre of mass, which may lie outside a bent cell."""
    total, sum_y, sum_x = 0.0, 0.0, 0.0
    for y in range(inside.shape[0]):
        for x in range(inside.shape[1]):
            total += inside[y, x]
            sum_y += y * inside[y, x]
            sum_x += x * inside[y, x]
    # Halves are rounded in the coordinates of the bounding box, without the margin, as Cellpose does.
    mean_y, mean_x = np.round(sum_y / total - 1) + 1, np.round(sum_x / total - 1) + 1
    best, best_y, best_x = np.inf, 0, 0
    for y in range(inside.shape[0]):
        for x in range(inside.shape[1]):
            if inside[y, x] > 0:
                distance = (y - mean_y) ** 2 + (x - mean_x) ** 2
                if distance < best:
                    best, best_y, best_x = distance, y, x
    return best_y, best_x


@njit(cache=True, nogil=True, fastmath=True)
def _heat(inside: NDArray[np.float64], centre_y: int, centre_x: int, steps: int) -> NDArray[np.float64]:
    """Heat after `steps` rounds of a unit source and a 3x3 mean, absorbed outside the cell."""
    height, width = inside.shape
    heat = np.zeros((height, width))
    rows = np.zeros((height, width))
    weight = inside / 9.0
    for _ in range(steps):
        heat[centre_y, centre_x] += 1.0
        for y in range(1, height - 1):
            for x in range(width):
                rows[y, x] = heat[y - 1, x] + heat[y, x] + heat[y + 1, x]
        for y in range(1, height - 1):
            for x in range(1, width - 1):
                heat[y, x] = weight[y, x] * (rows[y, x - 1] + rows[y, x] + rows[y, x + 1])
    return heat


@njit(cache=True, nogil=True)
def _diffusion_steps(height: int, width: int) -> int:
    """Return after how many rounds heat has reached every end of a cell with this bounding box (Cellpose)."""
    return 2 * (height + width + 2)


@njit(cache=True, nogil=True)
def _cut_out(index: NDArray[np.int32], cell: int, boxes: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 inside the cell, 0 elsewhere in its bounding box and in a margin of one pixel."""
    top, left, bottom, right = boxes[cell]
    inside = np.zeros((bottom - top + 2, right - left + 2))
    for y in range(top, bottom):
        for x in range(left, right):
            if index[y, x] == cell:
                inside[y - top + 1, x - left + 1] = 1.0
    return inside


@njit(cache=True, nogil=True)
def _find_sources(
    index: NDArray[np.int32],
    boxes: NDArray[np.int64],
    sources: NDArray[np.int64],
    steps: NDArray[np.int64],
) -> None:
    for cell in range(len(boxes)):
        top, left, bottom, right = boxes[cell]
        if bottom > 0:
            centre_y, centre_x = _centre(_cut_out(index, cell, boxes))
            sources[cell] = (top + centre_y - 1) * index.shape[1] + left + centre_x - 1
            steps[cell] = _diffusion_steps(bottom - top, right - left)


@njit(cache=True, nogil=True)
def _diffuse_cells(
    index: NDArray[np.int32], cells: NDArray[np.int64], boxes: NDArray[np.int64], flows: NDArray[np.float32]
) -> None:
    for cell in cells:
        top, left, bottom, right = boxes[cell]
        height, width = bottom - top, right - left
        inside = _cut_out(index, cell, boxes)
        centre_y, centre_x = _centre(inside)
        heat = _heat(inside, centre_y, centre_x, _diffusion_steps(height, width))
        for y in range(1, height + 1):
            for x in range(1, width + 1):
                if inside[y, x] > 0:
                    dy = heat[y + 1, x] - heat[y - 1, x]
                    dx = heat[y, x + 1] - heat[y, x - 1]
                    # Heat far from the centre is so little that its square would be 0.
                    largest = max(abs(dy), abs(dx))
                    if largest > SMALLEST_SLOPE * heat[y, x]:
                        dy, dx = dy / largest, dx / largest
                        length = np.sqrt(dy * dy + dx * dx)
                        flows[0, top + y - 1, left + x - 1] = dy / length
                        flows[1, top + y - 1, left + x - 1] = dx / length
