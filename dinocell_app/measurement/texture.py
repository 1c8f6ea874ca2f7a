"""Haralick texture of the cells from grey-level pairs that lie in one cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.cells import Cells
from dinocell_app.measurement.columns import TEXTURE
from dinocell_app.measurement.intensity import check_channel


@dataclass(frozen=True)
class TextureParameters:
    """How grey-level pairs are counted.

    Parameters
    ----------
    distance_px : int
        Step between the two pixels of a pair along each axis it goes along, 1 to 100.
    n_levels : int
        Grey levels between the smallest and the largest finite value in the cells of the image, 2 to 256.
    grey_range : tuple of float, optional
        These two values, for cells that are a part of those of the image.
    """

    distance_px: int = 1
    n_levels: int = 32
    grey_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not (1 <= self.distance_px <= 100 and 2 <= self.n_levels <= 256):
            raise InvalidParameterError(
                f"texture at {self.distance_px} px with {self.n_levels} grey levels cannot be measured",
                remedy="Choose a distance of 1 to 100 px and 2 to 256 levels",
            )


def measure_texture(
    cells: Cells, pixels: NDArray[np.generic], parameters: TextureParameters
) -> Mapping[str, NDArray[np.float64]]:
    """Haralick's 13 features of every cell in one channel.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.
    pixels : ndarray of shape (M, N), bool, int or float
        The channel; pixels that are not finite are in no pair.
    parameters : TextureParameters
        Distance and number of grey levels.

    Returns
    -------
    mapping of str to ndarray of shape (n,), float64
        By the stems of `columns.TEXTURE`: means over the directions right, down, and the two diagonals,
        pairs counted both ways (Haralick, Shanmugam and Dinstein 1973); directions without a pair are left
        out, NaN if there is none.

    Raises
    ------
    InvalidParameterError
        If the channel has another shape than the labels or is not of real numbers.
    """
    levels = _grey_levels(cells, check_channel(cells, pixels), parameters)
    features = _measure_texture(
        cells.numbers, levels, cells.boxes, parameters.distance_px, parameters.n_levels
    )
    return {measurement.stem: features[:, place] for place, measurement in enumerate(TEXTURE)}


def _grey_levels(
    cells: Cells, pixels: NDArray[np.generic], parameters: TextureParameters
) -> NDArray[np.int16]:
    n_levels = parameters.n_levels
    values = np.take(pixels, cells.pixels).astype(np.float64)
    finite = np.isfinite(values)
    lowest, highest = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 0.0)
    lowest, highest = parameters.grey_range or (lowest, highest)
    scale = n_levels / (highest - lowest) if highest > lowest else 0.0
    levels = np.full(cells.shape, -1, np.int16)
    scaled = ((values[finite] - lowest) * scale).astype(np.int16)
    levels.reshape(-1)[cells.pixels[finite]] = np.minimum(scaled, np.int16(n_levels - 1))
    return levels


@njit(cache=True, nogil=True)
def _measure_texture(
    numbers: NDArray[np.int32],
    levels: NDArray[np.int16],
    boxes: NDArray[np.int64],
    distance: int,
    n_levels: int,
) -> NDArray[np.float64]:
    features = np.full((len(boxes), 13), np.nan)
    pairs = np.empty((n_levels, n_levels))
    for cell in range(len(boxes)):
        total = np.zeros(13)
        n_directions = 0
        for direction in range(4):
            down = distance if direction else 0
            right = (distance, 0, distance, -distance)[direction]
            if _count_pairs(numbers, levels, boxes[cell], (cell, down, right), pairs):
                total += _features(pairs)
                n_directions += 1
        if n_directions:
            features[cell] = total / n_directions
    return features


@njit(cache=True, nogil=True)
def _count_pairs(
    numbers: NDArray[np.int32],
    levels: NDArray[np.int16],
    box: NDArray[np.int64],
    cell_and_step: tuple[int, int, int],
    pairs: NDArray[np.float64],
) -> bool:
    """Shares of the grey-level pairs of a cell one step apart; whether there is a pair."""
    cell, down, right = cell_and_step
    pairs[:] = 0
    n = 0
    for row in range(box[0], box[2] - down):
        for column in range(max(box[1], box[1] - right), min(box[3], box[3] - right)):
            if numbers[row + 1, column + 1] != cell or numbers[row + down + 1, column + right + 1] != cell:
                continue
            one, other = levels[row, column], levels[row + down, column + right]
            if one >= 0 and other >= 0:
                pairs[one, other] += 1
                pairs[other, one] += 1
                n += 2
    if n:
        pairs /= n
    return n > 0


@njit(cache=True, nogil=True)
def _features(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    n_levels = len(pairs)
    sums, differences = np.zeros(2 * n_levels - 1), np.zeros(n_levels)
    marginal = np.zeros(n_levels)
    energy = homogeneity = product = 0.0
    for i in range(n_levels):
        for j in range(n_levels):
            share = pairs[i, j]
            if share > 0:
                marginal[i] += share
                sums[i + j] += share
                differences[abs(i - j)] += share
                energy += share * share
                homogeneity += share / (1 + (i - j) ** 2)
                product += i * j * share
    mean, variance = _mean_and_variance(marginal)
    sum_mean, sum_variance = _mean_and_variance(sums)
    difference_mean, difference_variance = _mean_and_variance(differences)
    joint, single = _entropy(pairs.reshape(-1)), _entropy(marginal)
    correlation = (product - mean * mean) / variance if variance > 0 else np.nan
    # Rows and columns have the same marginal because pairs are counted both ways.
    first = (joint - 2 * single) / single if single > 0 else np.nan
    second = np.sqrt(max(1 - np.exp2(-2 * (2 * single - joint)), 0.0))
    contrast = difference_variance + difference_mean**2
    return np.array(
        [
            energy,
            contrast,
            correlation,
            variance,
            homogeneity,
            sum_mean,
            sum_variance,
            _entropy(sums),
            joint,
            difference_variance,
            _entropy(differences),
            first,
            second,
        ]
    )


@njit(cache=True, nogil=True)
def _mean_and_variance(shares: NDArray[np.float64]) -> tuple[float, float]:
    mean = square = 0.0
    for value in range(len(shares)):
        mean += value * shares[value]
    for value in range(len(shares)):
        square += (value - mean) ** 2 * shares[value]
    return mean, square


@njit(cache=True, nogil=True)
def _entropy(shares: NDArray[np.float64]) -> float:
    bits = 0.0
    for share in shares:
        if share > 0:
            bits -= share * np.log2(share)
    return bits
