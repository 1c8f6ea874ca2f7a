"""Layers without gaps: a warped lattice of centres, each pixel belonging to the nearest of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_training.synthetic.label_cleaning import keep_largest_components
from dinocell_training.synthetic.textures import smooth_noise

Labels = NDArray[np.int32]

_SEARCH = 2  # rings of bins around a pixel's own in which its cell is looked for


@dataclass(frozen=True)
class MosaicShape:
    """How the cells of a mosaic look.

    Parameters
    ----------
    diameter_px : float
        Of a cell of usual size, as that of the circle of its area.
    stretch : float, default 1
        Length over width of the cells.
    jitter : float, default 0.25
        Standard deviation of the centres from their lattice, as a share of its pitch.
    size_variation : float, default 0.1
        Standard deviation of the logarithm of the cells' weights: how far a large one pushes its neighbours.
    missing : float, default 0
        Share of the centres left out; neighbours grow into the gaps.
    waviness : float, default 0.1
        How far borders are bent, in diameters.
    bend : float, default 0
        How far the direction of stretched cells turns, in radians.
    """

    diameter_px: float
    stretch: float = 1.0
    jitter: float = 0.25
    size_variation: float = 0.1
    missing: float = 0.0
    waviness: float = 0.1
    bend: float = 0.0


def lay_mosaic(rng: np.random.Generator, canvas: tuple[int, int], shape: MosaicShape) -> Labels:
    """Cover a canvas with cells.

    Parameters
    ----------
    canvas : tuple of int
        (M, N).

    Returns
    -------
    ndarray of shape (M, N), int32
        Ids from 1; not all are in use.
    """
    rows, columns = _lattice_coordinates(rng, canvas, shape)
    pitch = shape.diameter_px * 0.95
    low = np.array([rows.min(), columns.min()]) - 2 * pitch
    steps = np.ceil((np.array([rows.max(), columns.max()]) + 2 * pitch - low) / pitch).astype(int) + 1
    i, j = np.meshgrid(np.arange(steps[0]), np.arange(steps[1]), indexing="ij")
    # Every second row is shifted by half a pitch, as in a honeycomb.
    lattice = np.stack([i.ravel(), j.ravel() + 0.5 * (i.ravel() % 2)], axis=1) * pitch
    centres = lattice + rng.normal(0, shape.jitter * pitch, lattice.shape)
    centres = centres[rng.random(len(centres)) >= shape.missing]
    weights = np.exp(rng.normal(0, shape.size_variation, len(centres)))
    bin_size = pitch * 1.1
    return nearest_centres(
        (rows - np.float32(low[0])).astype(np.float32),
        (columns - np.float32(low[1])).astype(np.float32),
        centres.astype(np.float32),
        weights.astype(np.float32),
        float(bin_size),
    )


def _lattice_coordinates(
    rng: np.random.Generator, canvas: tuple[int, int], shape: MosaicShape
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Say where each pixel lies on the plane of the lattice, where cells are round."""
    diameter = shape.diameter_px
    rows, columns = np.meshgrid(*(np.arange(n, dtype=np.float32) - n / 2 for n in canvas), indexing="ij")
    if shape.bend > 0:
        # Shifting rows by a wide smooth field turns directions without changing areas.
        reach = max(canvas) * float(rng.uniform(0.4, 1.0))
        columns = (
            columns + np.float32(shape.bend * reach * 0.35) * _one_way_wave(rng, canvas[0], reach)[:, None]
        )
        rows = rows + np.float32(shape.bend * reach * 0.35) * _one_way_wave(rng, canvas[1], reach)[None, :]
    angle = rng.uniform(0, np.pi)
    cosine, sine, root = np.cos(angle), np.sin(angle), np.sqrt(shape.stretch)
    along = (np.float32(cosine) * rows - np.float32(sine) * columns) / np.float32(root)
    across = (np.float32(sine) * rows + np.float32(cosine) * columns) * np.float32(root)
    wave = np.float32(shape.waviness * diameter)
    along += wave * smooth_noise(rng, canvas, max(3.0, diameter * 0.6))
    across += wave * smooth_noise(rng, canvas, max(3.0, diameter * 0.6))
    return along.astype(np.float32), across.astype(np.float32)


def _one_way_wave(rng: np.random.Generator, length: int, scale: float) -> NDArray[np.float32]:
    return smooth_noise(rng, (length, 1), max(2.0, scale))[:, 0]


@njit(cache=True)
def nearest_centres(
    rows: NDArray[np.float32],
    columns: NDArray[np.float32],
    centres: NDArray[np.float32],
    weights: NDArray[np.float32],
    bin_size: float,
) -> NDArray[np.int32]:
    """Give each pixel to the centre whose distance, divided by its weight, is the least.

    Parameters
    ----------
    rows, columns : ndarray of shape (M, N), float32
        Position of each pixel, from 0 up.
    centres : ndarray of shape (K, 2), float32
    weights : ndarray of shape (K,), float32
    bin_size : float
        Edge of the squares in which centres are looked up; centres more than two squares away do not count.

    Returns
    -------
    ndarray of shape (M, N), int32
        Number of the centre, counted from 1; 0 where none is near.
    """
    height, width = int(rows.max() / bin_size) + 2, int(columns.max() / bin_size) + 2
    bins = np.empty(len(centres), np.int64)
    for k in range(len(centres)):
        i, j = int(centres[k, 0] // bin_size), int(centres[k, 1] // bin_size)
        bins[k] = i * width + j if 0 <= i < height and 0 <= j < width else height * width
    members = np.argsort(bins)
    starts = np.searchsorted(bins[members], np.arange(height * width + 1))
    labels = np.zeros(rows.shape, np.int32)
    for y in range(rows.shape[0]):
        for x in range(rows.shape[1]):
            row, column = rows[y, x], columns[y, x]
            i, j = int(row // bin_size), int(column // bin_size)
            left, right = max(0, j - _SEARCH), min(width, j + _SEARCH + 1)
            best = np.float32(1e30)
            for u in range(max(0, i - _SEARCH), min(height, i + _SEARCH + 1)):
                # The bins of one row lie one after the other, and so do their members.
                for at in range(starts[u * width + left], starts[u * width + right]):
                    k = members[at]
                    dy, dx = row - centres[k, 0], column - centres[k, 1]
                    distance = (dy * dy + dx * dx) / (weights[k] * weights[k])
                    if distance < best:
                        best = distance
                        labels[y, x] = k + 1
    return labels


def open_mosaic(rng: np.random.Generator, labels: Labels, diameter: float, cover: float) -> Labels:
    """Leave colonies: a share of the canvas stays covered, with a ragged or a smooth outer edge.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
    cover : float
        Share of the canvas that stays covered, 0 to 1.

    Returns
    -------
    ndarray of shape (M, N), int32
    """
    canvas = (labels.shape[0], labels.shape[1])
    field = smooth_noise(rng, canvas, diameter * rng.uniform(2, 6))
    field += np.float32(0.35) * smooth_noise(rng, canvas, max(2.0, diameter * 0.8))
    if rng.random() < 0.5:
        # Ridges of noise stand out of the edge like the processes of spreading cells.
        ridges = np.abs(smooth_noise(rng, canvas, max(2.0, diameter * rng.uniform(0.25, 0.6))))
        field -= np.float32(rng.uniform(0.1, 0.5)) * ridges
    else:
        field += np.float32(0.12) * smooth_noise(rng, canvas, max(2.0, diameter * 0.3))
    if rng.random() < 0.4:
        # Whole cells go or stay.
        count = int(labels.max()) + 1
        areas = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
        mean = np.bincount(labels.ravel(), weights=field.ravel(), minlength=count) / areas
        field = mean.astype(np.float32)[labels] + np.float32(0.25) * field
    return np.where(field > np.quantile(field[::2, ::2], 1 - cover), labels, 0).astype(np.int32)


def tidy_labels(labels: Labels, smallest: float) -> Labels:
    """Keep the largest piece of each cell if it has enough pixels, and number the cells from 1.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
    smallest : float
        Pixels.

    Returns
    -------
    ndarray of shape (M, N), int32
    """
    tidied = np.ascontiguousarray(labels, np.int32).copy()
    keep_largest_components(tidied, max(4, int(smallest)))
    table = np.zeros(int(tidied.max()) + 1, np.int32)
    present = np.unique(tidied)
    present = present[present > 0]
    table[present] = np.arange(1, len(present) + 1)
    return table[tidied]
