"""Tools that change the shape of one cell: fill holes, grow, shrink, smooth; others keep their pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.deltas import Delta, delta_of

SMOOTHING_PX = 2.0
"""Standard deviation of the Gaussian that rounds an outline."""

Mask = NDArray[np.bool_]


def fill_holes(canvas: LabelCanvas, label: int) -> Delta | None:
    """Close the holes of a cell, but for other cells in them.

    Returns
    -------
    Delta or None
        None when nothing changes.
    """
    from scipy.ndimage import binary_fill_holes

    return _reshaped(canvas, label, 1, binary_fill_holes)


def grow(canvas: LabelCanvas, label: int, pixels: int = 1) -> Delta | None:
    """Let a cell grow into free ground.

    Parameters
    ----------
    pixels : int
        At least 1; a pixel is taken if its distance from the cell is no more.

    Returns
    -------
    Delta or None
        None when nothing changes.
    """
    from scipy.ndimage import distance_transform_edt

    def grown(mask: Mask) -> Mask:
        return np.asarray(distance_transform_edt(~mask) <= pixels)

    return _reshaped(canvas, label, pixels + 1, grown)


def shrink(canvas: LabelCanvas, label: int, pixels: int = 1) -> Delta | None:
    """Take the rim of a cell away; of several pieces the largest stays.

    Parameters
    ----------
    pixels : int
        At least 1; a pixel stays if it is further from what is not the cell.

    Returns
    -------
    Delta or None
        None when nothing would be left.
    """
    from scipy.ndimage import distance_transform_edt

    def shrunk(mask: Mask) -> Mask:
        # Beyond the edge of the image a cell goes on; elsewhere the box has room around it.
        padded = np.pad(mask, pixels, mode="edge")
        if padded.all():
            return mask
        inner = slice(pixels, -pixels)
        return largest_piece(np.asarray(distance_transform_edt(padded)[inner, inner] > pixels))

    return _reshaped(canvas, label, 1, shrunk, may_vanish=False)


def smooth(canvas: LabelCanvas, label: int) -> Delta | None:
    """Round the outline of a cell; of several pieces the largest stays.

    Returns
    -------
    Delta or None
        None when nothing changes, or nothing would be left.
    """
    from scipy.ndimage import gaussian_filter

    def smoothed(mask: Mask) -> Mask:
        return largest_piece(np.asarray(gaussian_filter(mask.astype(np.float32), SMOOTHING_PX) > 0.5))

    return _reshaped(canvas, label, round(4 * SMOOTHING_PX), smoothed, may_vanish=False)


def largest_piece(mask: Mask) -> Mask:
    """Give the largest part of a mask whose pixels touch, by an edge or a corner.

    Parameters
    ----------
    mask : ndarray of shape (M, N), bool

    Returns
    -------
    ndarray of shape (M, N), bool
    """
    from scipy.ndimage import label as pieces_of

    pieces, n_pieces = pieces_of(mask, np.ones((3, 3)))
    if n_pieces < 2:
        return mask
    return np.asarray(pieces == np.bincount(pieces[pieces > 0]).argmax())


def _reshaped(
    canvas: LabelCanvas,
    label: int,
    margin: int,
    change: Callable[[Mask], Mask],
    *,
    may_vanish: bool = True,
) -> Delta | None:
    around = canvas.box_of(label)
    if around is None:
        return None
    box = around.grown(margin, canvas.shape)
    before = canvas.labels[box.slices]
    wanted = change(before == label)
    if not may_vanish and not wanted.any():
        return None
    after = np.where((before == label) & ~wanted, 0, before)
    after = np.where(wanted & (after == 0), np.uint32(label), after)
    return delta_of(canvas.labels, box, after)
