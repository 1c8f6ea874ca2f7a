"""Grey values of the cells in one channel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.boundary import Contours
from dinocell_app.measurement.cells import Cells

_STEMS = (
    "intensity_mean",
    "intensity_median",
    "intensity_std",
    "intensity_min",
    "intensity_max",
    "intensity_q25",
    "intensity_q75",
    "intensity_mad",
    "intensity_integrated",
    "mass_displacement",
)
"""What `_measure_cells` returns, in its order."""


def measure_intensity(
    cells: Cells, contours: Contours, pixels: NDArray[np.generic]
) -> Mapping[str, NDArray[np.float64]]:
    """Grey values of every cell in one channel.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.
    contours : Contours
        From `trace_contours` on the same cells.
    pixels : ndarray of shape (M, N), bool, int or float
        The channel; sums are made in float64. NaN pixels are left out everywhere, infinite ones are not.

    Returns
    -------
    mapping of str to ndarray of shape (n,), float64
        By the stems of `columns.CHANNEL`; NaN for a cell without any other pixel.

    Raises
    ------
    InvalidParameterError
        If the channel has another shape than the labels or is not of real numbers.
    """
    pixels = check_channel(cells, pixels)
    measures = _measure_cells(
        _values_at(pixels, cells.pixels), cells.pixels, cells.starts, cells.shape[1], len(_STEMS)
    )
    result = dict(zip(_STEMS, measures.T, strict=True))
    result["intensity_edge_mean"] = _means(_values_at(pixels, contours.pixels), contours.starts)
    result["intensity_mean_background_corrected"] = result["intensity_mean"] - background_level(cells, pixels)
    return result


def background_level(cells: Cells, pixels: NDArray[np.generic]) -> float:
    """Grey value of the image outside its cells.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.
    pixels : ndarray of shape (M, N), bool, int or float
        The channel.

    Returns
    -------
    float
        Median of the pixels outside all cells, NaN pixels left out; NaN if there are none.
    """
    outside = pixels[cells.numbers[1:-1, 1:-1] < 0]
    if outside.dtype.kind == "f":
        outside = outside[~np.isnan(outside)]
    if len(outside) == 0:
        return float("nan")
    middle = (len(outside) - 1) // 2, len(outside) // 2
    # In the image's own type, which is quicker than float64, but averaged in float64.
    lower, upper = np.partition(outside, middle)[list(middle)].astype(np.float64)
    return float(lower + (upper - lower) / 2)


def check_channel(cells: Cells, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Refuse a channel that does not fit the labels.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.
    pixels : ndarray
        The channel.

    Returns
    -------
    ndarray of shape (M, N)
        The channel.

    Raises
    ------
    InvalidParameterError
        If it has another shape than the labels or is not of real numbers.
    """
    pixels = np.asarray(pixels)
    if pixels.shape != cells.shape:
        raise InvalidParameterError(
            f"the image has shape {pixels.shape} and its labels have shape {cells.shape}",
            remedy="Measure labels on the image they were made from",
        )
    if pixels.dtype.kind not in "buif":
        raise InvalidParameterError(
            f"the image holds {pixels.dtype} values", remedy="Give whole or decimal numbers"
        )
    return pixels


def _values_at(pixels: NDArray[np.generic], positions: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.take(pixels, positions).astype(np.float64)


@njit(cache=True, nogil=True)
def _measure_cells(
    values: NDArray[np.float64],
    pixels: NDArray[np.int64],
    starts: NDArray[np.int64],
    width: int,
    n_measures: int,
) -> NDArray[np.float64]:
    n = len(starts) - 1
    measures = np.full((n, n_measures), np.nan)
    scratch = np.empty(np.diff(starts).max() if n else 0)
    for cell in range(n):
        size = 0
        total = row_sum = column_sum = weighted_row = weighted_column = 0.0
        # Coordinates from the first pixel on keep the sums small.
        first_row, first_column = pixels[starts[cell]] // width, pixels[starts[cell]] % width
        for place in range(starts[cell], starts[cell + 1]):
            value = values[place]
            if np.isnan(value):
                continue
            row, column = pixels[place] // width - first_row, pixels[place] % width - first_column
            scratch[size] = value
            size += 1
            total += value
            row_sum += row
            column_sum += column
            weighted_row += row * value
            weighted_column += column * value
        if size == 0:
            continue
        kept = scratch[:size]
        kept.sort()
        mean, median = total / size, _quantile(kept, 0.5)
        measures[cell, 0] = mean
        measures[cell, 1] = median
        measures[cell, 3] = kept[0]
        measures[cell, 4] = kept[-1]
        measures[cell, 5] = _quantile(kept, 0.25)
        measures[cell, 6] = _quantile(kept, 0.75)
        measures[cell, 8] = total
        if total != 0:
            measures[cell, 9] = np.hypot(
                weighted_row / total - row_sum / size, weighted_column / total - column_sum / size
            )
        squares = 0.0
        for place in range(size):
            squares += (kept[place] - mean) ** 2
        measures[cell, 2] = np.sqrt(squares / size)
        measures[cell, 7] = _median_distance(kept, median)
    return measures


@njit(cache=True, nogil=True)
def _quantile(ordered: NDArray[np.float64], share: float) -> float:
    position = share * (len(ordered) - 1)
    below = int(position)
    part = position - below
    if part == 0:
        return float(ordered[below])
    return float(ordered[below] * (1 - part) + ordered[below + 1] * part)


@njit(cache=True, nogil=True)
def _median_distance(ordered: NDArray[np.float64], centre: float) -> float:
    """Median distance of ordered values from their median, walking outwards from it."""
    size = len(ordered)
    above = size // 2
    below = above - 1
    last = before = 0.0
    for _ in range(size // 2 + 1):
        before = last
        if below < 0 or (above < size and ordered[above] - centre <= centre - ordered[below]):
            last = ordered[above] - centre
            above += 1
        else:
            last = centre - ordered[below]
            below -= 1
    return last if size % 2 else (before + last) / 2


@njit(cache=True, nogil=True)
def _means(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    means = np.full(len(starts) - 1, np.nan)
    for cell in range(len(means)):
        total, size = 0.0, 0
        for place in range(starts[cell], starts[cell + 1]):
            if not np.isnan(values[place]):
                total += values[place]
                size += 1
        if size:
            means[cell] = total / size
    return means
