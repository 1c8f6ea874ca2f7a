"""Tools that draw: brush, eraser, and an outline that is filled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.deltas import Box, Delta, delta_of

Point = tuple[float, float]
"""Row and column; the centre of the first pixel is (0, 0)."""


def paint(
    canvas: LabelCanvas, label: int, path: Sequence[Point], radius: float, *, over_cells: bool = False
) -> Delta | None:
    """Draw with a round brush.

    Parameters
    ----------
    label : int
        Of the cell that grows, or begins.
    path : sequence of (row, column)
        Of the mouse.
    radius : float
        Pixels; a pixel is painted if its centre is no further from the path.
    over_cells : bool
        Whether pixels of other cells are taken. If not, the stroke ends where it is parted from the cell.

    Returns
    -------
    Delta or None
        None when nothing changes.
    """
    box, mask = brushed(path, radius, canvas.shape)
    if not over_cells and mask.any():
        before = canvas.labels[box.slices]
        start = round(path[0][0]) - box.top, round(path[0][1]) - box.left
        mask = _one_piece(mask & (before == 0), before == label, start)
    return _filled(canvas, label, box, mask, over_cells=over_cells)


def erase(
    canvas: LabelCanvas, path: Sequence[Point], radius: float, label: int | None = None
) -> Delta | None:
    """Take away with a round eraser.

    Parameters
    ----------
    path : sequence of (row, column)
    radius : float
        Pixels.
    label : int, optional
        The only cell that is touched; all when it is not given.

    Returns
    -------
    Delta or None
        None when nothing changes.
    """
    box, mask = brushed(path, radius, canvas.shape)
    before = canvas.labels[box.slices]
    mask &= before > 0 if label is None else before == label
    return delta_of(canvas.labels, box, np.where(mask, 0, before))


def fill_outline(
    canvas: LabelCanvas, label: int, vertices: Sequence[Point], *, over_cells: bool = False
) -> Delta | None:
    """Make what a drawn outline encloses part of a cell.

    Parameters
    ----------
    vertices : sequence of (row, column)
        Of a polygon, or a freehand line that is closed.
    over_cells : bool
        Whether pixels of other cells are taken.

    Returns
    -------
    Delta or None
        None for fewer than three points, or when nothing changes.
    """
    from skimage.draw import polygon

    if len(vertices) < 3:
        return None
    points = np.asarray(vertices, float)
    box = _box_around(points, 1.0, canvas.shape)
    mask = np.zeros((box.height, box.width), bool)
    mask[polygon(points[:, 0] - box.top, points[:, 1] - box.left, mask.shape)] = True  # type: ignore[no-untyped-call] # scikit-image has no types
    return _filled(canvas, label, box, mask, over_cells=over_cells)


def brushed(path: Sequence[Point], radius: float, shape: tuple[int, int]) -> tuple[Box, NDArray[np.bool_]]:
    """Find the pixels under a brush.

    Parameters
    ----------
    path : sequence of (row, column)
        At least one point.
    radius : float
        Pixels.
    shape : tuple of int
        Height and width of the image.

    Returns
    -------
    box : Box
        Around them, within the image; it may be empty.
    mask : ndarray of shape (box.height, box.width), bool
    """
    points = np.asarray(path, float).reshape(-1, 2)
    box = _box_around(points, radius, shape)
    mask = np.zeros((box.height, box.width), bool)
    ways = list(pairwise(points)) if len(points) > 1 else [(points[0], points[0])]
    for start, end in ways:
        part = _box_around(np.stack([start, end]), radius, shape)
        if not part.height or not part.width:
            continue
        rows = np.arange(part.top, part.top + part.height)[:, None] - start[0]
        columns = np.arange(part.left, part.left + part.width)[None, :] - start[1]
        along = end - start
        length = float(along @ along)
        share = np.clip((rows * along[0] + columns * along[1]) / length, 0, 1) if length else 0.0
        near = (rows - share * along[0]) ** 2 + (columns - share * along[1]) ** 2 <= radius**2
        top, left = part.top - box.top, part.left - box.left
        mask[top : top + part.height, left : left + part.width] |= near
    return box, mask


def _filled(
    canvas: LabelCanvas, label: int, box: Box, mask: NDArray[np.bool_], *, over_cells: bool
) -> Delta | None:
    before = canvas.labels[box.slices]
    if not over_cells:
        mask = mask & (before == 0)
    return delta_of(canvas.labels, box, np.where(mask, np.uint32(label), before))


def _one_piece(
    painted: NDArray[np.bool_], own: NDArray[np.bool_], start: tuple[int, int]
) -> NDArray[np.bool_]:
    """Leave out what other cells part from the cell, or from the beginning of the stroke."""
    from scipy.ndimage import label as pieces_of

    pieces, n_pieces = pieces_of(painted | own, np.ones((3, 3)))
    if n_pieces < 2:
        return painted
    kept = set(np.unique(pieces[own]).tolist())
    if 0 <= start[0] < painted.shape[0] and 0 <= start[1] < painted.shape[1]:
        kept.add(int(pieces[start]))
    kept.discard(0)
    return painted & np.isin(pieces, sorted(kept)) if kept else painted


def _box_around(points: NDArray[np.float64], margin: float, shape: tuple[int, int]) -> Box:
    low = np.floor(points.min(axis=0) - margin).astype(int)
    high = np.ceil(points.max(axis=0) + margin).astype(int) + 1
    top, left = (min(max(int(low[axis]), 0), shape[axis]) for axis in (0, 1))
    bottom, right = (min(max(int(high[axis]), 0), shape[axis]) for axis in (0, 1))
    return Box(top, left, max(0, bottom - top), max(0, right - left))
