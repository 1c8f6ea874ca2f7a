"""Label images put in order: one connected piece a cell, areas, diameters."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Labels = NDArray[np.int32]


@njit(cache=True)
def keep_largest_components(labels: NDArray[np.int32], smallest: int) -> None:
    """Keep the largest 4-connected piece of every label, in place, and drop pieces below a size.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image; ids are kept.
    smallest : int
        Least number of pixels of a piece.
    """
    height, width = labels.shape
    pieces = np.zeros((height, width), np.int32)
    stack = np.empty(height * width, np.int32)
    best_piece = np.zeros(labels.max() + 1, np.int32)
    best_size = np.zeros(labels.max() + 1, np.int32)
    piece = 0
    for i in range(height):
        for j in range(width):
            label = labels[i, j]
            if label == 0 or pieces[i, j]:
                continue
            piece += 1
            size = _fill_piece(labels, pieces, stack, i * width + j, piece)
            if size > best_size[label]:
                best_size[label] = size
                best_piece[label] = piece
    for i in range(height):
        for j in range(width):
            label = labels[i, j]
            if label and (pieces[i, j] != best_piece[label] or best_size[label] < smallest):
                labels[i, j] = 0


@njit(cache=True)
def _fill_piece(
    labels: NDArray[np.int32], pieces: NDArray[np.int32], stack: NDArray[np.int32], start: int, piece: int
) -> int:
    """Flood the piece that contains a pixel (given by its flat index) and count its pixels."""
    height, width = labels.shape
    label = labels[start // width, start % width]
    pieces[start // width, start % width] = piece
    stack[0] = start
    top, size = 1, 0
    while top:
        top -= 1
        y, x = stack[top] // width, stack[top] % width
        size += 1
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            u, v = y + dy, x + dx
            if 0 <= u < height and 0 <= v < width and labels[u, v] == label and pieces[u, v] == 0:
                pieces[u, v] = piece
                stack[top] = u * width + v
                top += 1
    return size


def cell_areas(labels: Labels, count: int) -> NDArray[np.int64]:
    """Count the pixels of labels 1 to `count`.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image.
    count : int
        Highest id asked for.

    Returns
    -------
    ndarray of shape (count,), int64
        Pixels of each label.
    """
    return np.bincount(labels.ravel(), minlength=count + 1)[1 : count + 1]


def equivalent_diameters(labels: Labels, count: int) -> NDArray[np.float64]:
    """Compute the diameters of the circles that have the areas of labels 1 to `count`.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image.
    count : int
        Highest id asked for.

    Returns
    -------
    ndarray of shape (count,), float64
        Diameters in pixels.
    """
    return np.asarray(np.sqrt(cell_areas(labels, count) * (4 / np.pi)), np.float64)


def narrow_to_median(diameters: NDArray[np.float64], wanted: float, tolerance: float) -> NDArray[np.bool_]:
    """Choose which cells to keep so that the median diameter comes near a wanted one.

    The most extreme cells on the wrong side go first.

    Parameters
    ----------
    diameters : ndarray of shape (K,), float64
        Diameters in pixels.
    wanted : float
        Wanted median in pixels.
    tolerance : float
        Accepted relative deviation.

    Returns
    -------
    ndarray of shape (K,), bool
        True for the cells to keep.
    """
    order = np.argsort(diameters)
    low, high = 0, len(order)
    while low < high:
        ratio = float(np.median(diameters[order[low:high]])) / wanted
        if abs(ratio - 1) <= tolerance:
            break
        if ratio > 1:
            high -= 1
        else:
            low += 1
    keep = np.zeros(len(order), bool)
    keep[order[low:high]] = True
    return keep
