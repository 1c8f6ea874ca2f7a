"""Random fields and soft spots: the material of organelles, debris, dust and uneven light."""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

Image = NDArray[np.float32]


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Image:
    """Draw a smooth random field.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    shape : tuple of int
        (M, N).
    scale : float
        Size of the field's features in pixels.

    Returns
    -------
    ndarray of shape (M, N), float32
        Mean about 0 and standard deviation about 1.
    """
    if scale < 1.5:
        return rng.standard_normal(shape, dtype=np.float32)
    over_rows, over_columns = (_spread_matrix(rng, length, scale) for length in shape)
    grid = rng.standard_normal((over_rows.shape[1], over_columns.shape[1]), dtype=np.float32)
    return np.asarray(over_rows @ grid @ over_columns.T, np.float32)


def _spread_matrix(rng: np.random.Generator, length: int, scale: float) -> Image:
    """Weights of coarse grid points, `scale` apart, at each pixel of a line; shape (length, points)."""
    position = np.arange(length, dtype=np.float32) / np.float32(scale) + np.float32(1 + rng.random())
    points = np.arange(int(position[-1]) + 3, dtype=np.float32)
    weights = np.exp(-2 * (position[:, None] - points[None, :]) ** 2)
    # Rows of length 1 make a field of variance 1 at every pixel.
    return np.asarray(weights / np.sqrt((weights**2).sum(axis=1, keepdims=True)), np.float32)


def fractal_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float, octaves: int = 3) -> Image:
    """Sum `smooth_noise` over octaves, each half as large and 0.6 as strong as the one before.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    shape : tuple of int
        (M, N).
    scale : float
        Size of the largest features in pixels.
    octaves : int, default 3
        Number of fields.

    Returns
    -------
    ndarray of shape (M, N), float32
        Mean about 0 and standard deviation about 1.
    """
    total = np.zeros(shape, np.float32)
    weight, power = 1.0, 0.0
    for octave in range(octaves):
        total += np.float32(weight) * smooth_noise(rng, shape, scale / 2**octave)
        power += weight**2
        weight *= 0.6
    return total / np.float32(np.sqrt(power))


def blur(image: Image, sigma: float) -> Image:
    """Blur by a Gaussian; a wide one is computed on a coarser grid.

    Parameters
    ----------
    image : ndarray of shape (M, N), float32
        Image.
    sigma : float
        Standard deviation in pixels.

    Returns
    -------
    ndarray of shape (M, N), float32
        The blurred image.
    """
    if sigma < 0.2:
        return image
    if sigma <= 4 or min(image.shape) < 16:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
    reduction = int(min(sigma / 2, min(image.shape) / 8))
    size = (max(1, image.shape[1] // reduction), max(1, image.shape[0] // reduction))
    coarse = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(coarse, (0, 0), sigma / reduction)
    return np.asarray(cv2.resize(coarse, image.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


@njit(cache=True)
def add_spots(
    image: NDArray[np.float32],
    spots: NDArray[np.float64],
    labels: NDArray[np.int32],
    inside: NDArray[np.int32],
) -> None:
    """Add soft ellipses to an image, in place.

    Parameters
    ----------
    image : ndarray of shape (M, N), float32
        Receives the spots.
    spots : ndarray of shape (K, 7), float64
        Row, column, semi-axis across, semi-axis along, angle in radians, amplitude, softness of the edge
        (0 is hard, 1 is a paraboloid).
    labels : ndarray of shape (M, N), int32
        Label image.
    inside : ndarray of shape (K,), int32
        A spot is drawn on this label only; -1 draws it everywhere.
    """
    height, width = image.shape
    for k in range(spots.shape[0]):
        row, column, across, along, angle, amplitude, softness = spots[k]
        reach = max(across, along) + 1.0
        cosine, sine = np.cos(angle), np.sin(angle)
        for i in range(max(0, int(row - reach)), min(height, int(row + reach) + 2)):
            for j in range(max(0, int(column - reach)), min(width, int(column + reach) + 2)):
                if inside[k] >= 0 and labels[i, j] != inside[k]:
                    continue
                x = (cosine * (j - column) + sine * (i - row)) / along
                y = (-sine * (j - column) + cosine * (i - row)) / across
                level = 1.0 - x * x - y * y
                if level > 0:
                    image[i, j] += amplitude * min(1.0, level / max(softness, 1e-3))
