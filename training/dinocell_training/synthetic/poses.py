"""Centres and directions of single cells: scattered, in clumps and colonies, along streams."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.textures import smooth_noise


def choose_poses(
    parameters: SceneParameters,
    canvas: tuple[int, int],
    sizes: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose centres and directions of single cells.

    Parameters
    ----------
    parameters : SceneParameters
        The scene; its arrangement and shape decide.
    canvas : tuple of int
        (M, N).
    sizes : ndarray of shape (K,), float64
        Diameters of the cells in pixels.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    centres : ndarray of shape (K, 2), float64
        Row and column in pixels.
    angles : ndarray of shape (K,), float64
        Directions in radians.
    """
    count = len(sizes)
    if parameters.arrangement == "clumped":
        per_clump = float(np.exp(rng.uniform(np.log(3), np.log(60))))
        clumps = max(1, round(count / per_clump))
        pack = (0.72, 1.02) if parameters.shape != "rod" else (0.5, 1.0)
        centres, angles = _grow_clumps(np.array(canvas, np.float64), sizes, clumps, rng.uniform(*pack), rng)
        if parameters.shape != "rod":
            angles = rng.uniform(0, 2 * np.pi, count)
    else:
        spacing = rng.uniform(0.3, 0.95) * float(np.median(sizes))
        centres = throw_darts(np.array(canvas, np.float64), count, spacing, rng)
        angles = rng.uniform(0, 2 * np.pi, count)
    if parameters.shape in ("spindle", "spread") and rng.random() < 0.5:
        field = smooth_noise(rng, canvas, rng.uniform(2, 8) * parameters.diameter_px)
        rows = np.clip(centres[:, 0], 0, canvas[0] - 1).astype(int)
        columns = np.clip(centres[:, 1], 0, canvas[1] - 1).astype(int)
        stream = rng.uniform(0, np.pi) + 0.7 * field[rows, columns]
        angles = stream + rng.normal(0, rng.uniform(0.1, 0.5), count)
    return centres, angles


@njit(cache=True)
def throw_darts(
    canvas: NDArray[np.float64], count: int, spacing: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Throw centres at random with a least distance, given up for a cell that finds no room in 12 throws.

    Parameters
    ----------
    canvas : ndarray of shape (2,), float64
        Height and width in pixels.
    count : int
        Number of centres.
    spacing : float
        Least distance in pixels.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of shape (count, 2), float64
        Row and column in pixels.
    """
    centres = np.empty((count, 2))
    for k in range(count):
        for _ in range(12):
            row, column = rng.random() * canvas[0], rng.random() * canvas[1]
            free = True
            for other in range(k):
                if (centres[other, 0] - row) ** 2 + (centres[other, 1] - column) ** 2 < spacing**2:
                    free = False
                    break
            centres[k] = row, column
            if free:
                break
    return centres


@njit(cache=True)
def _grow_clumps(
    canvas: NDArray[np.float64],
    sizes: NDArray[np.float64],
    clumps: int,
    pack: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Grow clumps: every further cell is put beside an earlier one, roughly parallel to it."""
    count = len(sizes)
    centres, angles = np.empty((count, 2)), np.empty(count)
    for k in range(count):
        angles[k] = rng.random() * 2 * np.pi
        centres[k] = rng.random() * canvas[0], rng.random() * canvas[1]
        if k < clumps:
            continue
        for _ in range(15):
            host = rng.integers(0, k)
            step = 0.5 * (sizes[host] + sizes[k]) * pack
            heading = rng.random() * 2 * np.pi
            row = centres[host, 0] + step * np.sin(heading)
            column = centres[host, 1] + step * np.cos(heading)
            free = 0 <= row < canvas[0] and 0 <= column < canvas[1]
            for other in range(k):
                least = 0.45 * (sizes[other] + sizes[k]) * pack
                if (centres[other, 0] - row) ** 2 + (centres[other, 1] - column) ** 2 < least**2:
                    free = False
                    break
            centres[k] = row, column
            angles[k] = angles[host] + rng.normal(0.0, 1.0) * 0.25
            if free:
                break
    return centres, angles
