"""What is drawn around a reference cell, and what is cut out of its picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dinocell_app.references.types import CROP_PX

MARGIN = 0.3
"""Share of the cell's longer side that is shown around it."""


def ellipse_in(
    shape: tuple[int, int], origin: tuple[int, int], box: tuple[int, int, int, int]
) -> NDArray[np.bool_]:
    """Fill a box with an ellipse, the likely outline of a cell in it.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the mask.
    origin : tuple of int
        Row and column of the picture where the mask begins.
    box : tuple of int
        First row, first column, height and width in the picture.

    Returns
    -------
    ndarray of shape (M, N), bool
        Without a pixel where the box lies outside.
    """
    row, column, height, width = box
    rows = (np.arange(shape[0]) + origin[0] + 0.5 - row - height / 2) / (height / 2)
    columns = (np.arange(shape[1]) + origin[1] + 0.5 - column - width / 2) / (width / 2)
    inside: NDArray[np.bool_] = rows[:, None] ** 2 + columns[None, :] ** 2 <= 1
    return inside


def with_cell(
    labels: NDArray[np.integer], drawn: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], int, NDArray[np.bool_]]:
    """Put a cell that was drawn among labels, where no cell is.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    drawn : ndarray of shape (M, N), bool

    Returns
    -------
    ndarray of shape (M, N), int32
    int
        The new label.
    ndarray of shape (M, N), bool
        Its pixels; none where other cells fill the drawing.
    """
    made = labels.astype(np.int32)
    free = drawn & (made == 0)
    label = int(made.max(initial=0)) + 1
    made[free] = label
    return made, label, free


def box_of(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Give the rows and columns that a cell reaches over.

    Parameters
    ----------
    mask : ndarray of shape (M, N), bool
        With at least one pixel.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def crop_of(planes: Sequence[NDArray[np.generic]], box: tuple[slice, slice]) -> NDArray[np.uint8]:
    """Cut a cell out of a picture as a small grey one.

    Parameters
    ----------
    planes : sequence of ndarray of shape (M, N)
        Channels, of which the mean is shown.
    box : tuple of slice
        Rows and columns of the cell.

    Returns
    -------
    ndarray of shape (m, n), uint8
        At most `reference_types.CROP_PX` each way.
    """
    rows, columns = box
    margin = max(4, round(MARGIN * max(rows.stop - rows.start, columns.stop - columns.start)))
    part = (
        slice(max(0, rows.start - margin), rows.stop + margin),
        slice(max(0, columns.start - margin), columns.stop + margin),
    )
    grey = np.nan_to_num(np.mean([np.asarray(plane[part], np.float32) for plane in planes], axis=0))
    step = -(-max(grey.shape) // CROP_PX)
    grey = grey[::step, ::step]
    low, high = np.percentile(grey, [0.5, 99.5])
    crop: NDArray[np.uint8] = np.clip((grey - low) * (255 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)
    return crop
