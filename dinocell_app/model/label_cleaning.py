"""Tidy a label image: sizes, holes and consecutive ids, all in a few passes over the pixels."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage


def cell_sizes(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the pixels of each id.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids from 0 to K.

    Returns
    -------
    ndarray of shape (K + 1,), int64
        Pixels of id 0, 1, ..., K.
    """
    return np.bincount(labels.ravel(), minlength=1)


def keep_cells(labels: NDArray[np.int32], kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Erase cells.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids from 0 to K.
    kept : ndarray of shape (K + 1,), bool
        True for ids that stay; the entry of the background is ignored.

    Returns
    -------
    ndarray of shape (M, N), int32
        The cells that stay, with their ids; `labels` itself when all of them do.
    """
    if kept[1:].all():
        return labels
    ids = np.where(kept, np.arange(len(kept)), 0).astype(np.int32)
    ids[0] = 0
    return ids[labels]


def remove_small_cells(labels: NDArray[np.int32], min_size: int) -> NDArray[np.int32]:
    """Erase cells of fewer than `min_size` pixels.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids from 0 to K.
    min_size : int
        Smallest size that stays, in pixels.

    Returns
    -------
    ndarray of shape (M, N), int32
        Label image with the ids of `labels`.
    """
    return keep_cells(labels, cell_sizes(labels) >= min_size)


def remove_large_cells(labels: NDArray[np.int32], max_fraction: float) -> NDArray[np.int32]:
    """Erase cells that cover more than a fraction of the image.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids from 0 to K.
    max_fraction : float
        Largest fraction of the image that stays, 0 to 1.

    Returns
    -------
    ndarray of shape (M, N), int32
        Label image with the ids of `labels`.
    """
    return keep_cells(labels, cell_sizes(labels) <= max_fraction * labels.size)


def fill_holes(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give background that one cell encloses to that cell.

    A hole is a 4-connected piece of background that does not reach the edge of the image and whose
    neighbours all belong to one cell. Background between several cells stays, and so does a cell that
    lies inside another one.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image, 0 is background.

    Returns
    -------
    ndarray of shape (M, N), int32
        Label image without holes; `labels` is not changed.
    """
    if labels.size == 0:
        return labels
    pieces = np.empty(labels.shape, np.int32)
    n_pieces = int(ndimage.label(labels == 0, output=pieces))
    owners = _piece_owners(pieces, np.ascontiguousarray(labels), n_pieces)
    if not (owners > 0).any():
        return labels
    return np.where(pieces > 0, owners[pieces], labels)


@njit(cache=True)
def _piece_owners(pieces: NDArray[np.int32], labels: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Return the only cell next to each piece of background, or 0 for several or the image's edge."""
    unknown = np.int32(-1)
    owners = np.full(count + 1, unknown, np.int32)
    height, width = pieces.shape
    for y in range(height):
        for x in range(width):
            piece = pieces[y, x]
            if piece == 0:
                continue
            if y in (0, height - 1) or x in (0, width - 1):
                owners[piece] = 0
                continue
            for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                label = labels[y + dy, x + dx]
                if label == 0 or owners[piece] == label:
                    continue
                owners[piece] = label if owners[piece] == unknown else 0
    owners[0] = 0
    return np.maximum(owners, np.int32(0))


def renumber(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Give cells the ids 1 to K in reading order of their first pixels.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Label image, 0 is background; ids are not negative.

    Returns
    -------
    ndarray of shape (M, N), int32
        Label image with consecutive ids.
    """
    if labels.size == 0:
        return labels.astype(np.int32)
    return _renumber(np.ascontiguousarray(labels, np.int32), int(labels.max()))


@njit(cache=True)
def _renumber(labels: NDArray[np.int32], highest: int) -> NDArray[np.int32]:
    ids = np.zeros(highest + 1, np.int32)
    renumbered = np.zeros(labels.shape, np.int32)
    count = 0
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            label = labels[y, x]
            if label > 0:
                if ids[label] == 0:
                    count += 1
                    ids[label] = count
                renumbered[y, x] = ids[label]
    return renumbered
