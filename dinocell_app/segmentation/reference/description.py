"""One vector that describes a cell, and how alike two cells are by it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dinocell_app.segmentation.reference.embedding import embed_cells
from dinocell_app.segmentation.reference.feature_grid import FeatureGrid
from dinocell_app.segmentation.reference.look import N_LOOKS, looks_of_cells

MOST_NUMBERS = 1 << 22
"""Pairs of cells that are compared at once; more are compared in parts."""


def describe_cells(
    labels: NDArray[np.integer],
    ids: NDArray[np.integer],
    grid: FeatureGrid,
    pixels: NDArray[np.generic],
) -> NDArray[np.float32]:
    """Describe cells by what the network sees of them, and by size, brightness and elongation.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.
    ids : ndarray of shape (K,), int
        Cells to describe, ascending.
    grid : FeatureGrid
        Features of the picture.
    pixels : ndarray of shape (M, N) or (M, N, 3)
        The picture.

    Returns
    -------
    ndarray of shape (K, D + N_LOOKS), float32
        An embedding of unit length, then the looks.
    """
    scale = math.sqrt(math.prod(grid.network_shape) / labels.size)
    looks = looks_of_cells(labels, ids, pixels, scale)
    return np.concatenate([embed_cells(labels, ids, grid), looks], axis=1)


def likeness(cells: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compare cells: the cosine similarity of their embeddings, less the distance of their looks.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
    others : ndarray of shape (P, D + N_LOOKS), float32

    Returns
    -------
    ndarray of shape (K, P), float64
        1 for cells that are the same, less for others.
    """
    alike = np.empty((len(cells), len(others)))
    at_once = max(1, MOST_NUMBERS // max(1, len(others)))
    second = np.asarray(others, np.float64)
    for start in range(0, len(cells), at_once):
        first = np.asarray(cells[start : start + at_once], np.float64)
        apart = first[:, None, -N_LOOKS:] - second[None, :, -N_LOOKS:]
        alike[start : start + at_once] = first[:, :-N_LOOKS] @ second[:, :-N_LOOKS].T
        alike[start : start + at_once] -= np.sqrt((apart**2).sum(axis=2))
    return alike


def likeness_to_all(cells: NDArray[np.float32], crowd: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compare cells with many at once: the mean cosine similarity, less the distance from the median look.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
    crowd : ndarray of shape (P, D + N_LOOKS), float32
        At least one.

    Returns
    -------
    ndarray of shape (K,), float64
        In time that grows with K + P, unlike the mean of `likeness`.
    """
    middle = crowd[:, :-N_LOOKS].mean(axis=0, dtype=np.float64)
    apart = cells[:, -N_LOOKS:] - np.median(crowd[:, -N_LOOKS:], axis=0)
    return np.asarray(cells[:, :-N_LOOKS] @ middle - np.sqrt((apart**2).sum(axis=1)), np.float64)
