"""Counts, quartiles and densities: what histograms, boxes, violins and clouds of points are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_BINS = 60
MOST_FOR_DENSITY = 5000
"""Values a kernel density is worked out from; of more, an even choice is taken."""

_WHISKER = 1.5
_N_HEIGHTS = 96
_LARGEST_SHARE_OUTSIDE = 400


@dataclass(frozen=True)
class Histogram:
    """How many cells have values between which edges.

    Parameters
    ----------
    edges : ndarray of shape (n + 1,), float
    counts : ndarray of shape (n,), int
    n_missing : int
        Cells without a value.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    n_missing: int = 0


@dataclass(frozen=True)
class BoxValues:
    """What a box plot shows of a group (Tukey 1977).

    Parameters
    ----------
    name : str
        Of the group.
    n : int
        Cells with a value.
    quartiles : (float, float, float)
        Lower quartile, median, upper quartile.
    whiskers : (float, float)
        Smallest and largest value within 1.5 box lengths of the box.
    outside : ndarray of shape (m,), float
        Values beyond the whiskers; of very many an even choice.
    heights, widths : ndarray of shape (k,), float
        Values and the density there, its largest being 1; empty without a violin.
    """

    name: str
    n: int
    quartiles: tuple[float, float, float]
    whiskers: tuple[float, float]
    outside: NDArray[np.float64]
    heights: NDArray[np.float64]
    widths: NDArray[np.float64]


@dataclass(frozen=True)
class Density:
    """How many points lie in each cell of a grid.

    Parameters
    ----------
    counts : ndarray of shape (n_x, n_y), int
    x, y : (float, float)
        Smallest and largest value along each axis.
    """

    counts: NDArray[np.int64]
    x: tuple[float, float]
    y: tuple[float, float]


def histogram(values: NDArray[np.generic], n_bins: int = N_BINS) -> Histogram:
    """Count values between evenly spaced edges.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Missing and infinite values are counted apart.
    n_bins : int, optional
        Whole numbers with a small range get one bin a number instead.
    """
    whole = np.issubdtype(values.dtype, np.integer)
    known = finite(values)
    if not len(known):
        return Histogram(np.array([0.0, 1.0]), np.zeros(1, np.int64), len(values))
    low, high = float(known.min()), float(known.max())
    if whole and high - low < n_bins:
        edges = np.arange(low - 0.5, high + 1.0)
    elif low == high:
        edges = np.array([low - 0.5, high + 0.5])
    else:
        edges = np.linspace(low, high, n_bins + 1)
    counts, _ = np.histogram(known, edges)
    return Histogram(edges, counts.astype(np.int64), len(values) - len(known))


def box_values(name: str, values: NDArray[np.generic], *, violin: bool) -> BoxValues | None:
    """Summarise a group.

    Parameters
    ----------
    name : str
        Of the group.
    values : ndarray of shape (n,)
    violin : bool
        Whether the density is worked out too.

    Returns
    -------
    BoxValues or None
        None when no cell has a value.
    """
    known = np.sort(finite(values))
    if not len(known):
        return None
    low, middle, high = (float(value) for value in np.quantile(known, (0.25, 0.5, 0.75)))
    reach = _WHISKER * (high - low)
    within = known[(known >= low - reach) & (known <= high + reach)]
    outside = known[(known < low - reach) | (known > high + reach)]
    heights, widths = kernel_density(known) if violin else (known[:0], known[:0])
    return BoxValues(
        name,
        len(known),
        (low, middle, high),
        (float(within[0]), float(within[-1])),
        evenly_chosen(outside, _LARGEST_SHARE_OUTSIDE),
        heights,
        widths,
    )


def kernel_density(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smooth density with a Gaussian kernel of Scott's width.

    Parameters
    ----------
    values : ndarray of shape (n,), float
        In ascending order, without missing ones.

    Returns
    -------
    heights, widths : ndarray of shape (k,), float
        From the smallest to the largest value; the largest width is 1. Empty where fewer than three values
        or no spread leave nothing to smooth.
    """
    from scipy.stats import gaussian_kde

    chosen = evenly_chosen(values, MOST_FOR_DENSITY)
    nothing = np.zeros(0)
    if len(chosen) < 3 or np.ptp(chosen) <= 1e-12 * max(1.0, abs(float(chosen[0]))):
        return nothing, nothing
    heights = np.linspace(float(chosen[0]), float(chosen[-1]), _N_HEIGHTS)
    try:
        widths = np.asarray(gaussian_kde(chosen)(heights), np.float64)
    except np.linalg.LinAlgError:  # values so alike that their spread is lost in rounding
        return nothing, nothing
    return heights, widths / widths.max()


def point_density(x: NDArray[np.float64], y: NDArray[np.float64], bins: int = 160) -> Density:
    """Count points in a grid.

    Parameters
    ----------
    x, y : ndarray of shape (n,), float
        Without missing values.
    bins : int, optional
        Along each axis.
    """
    limits_x, limits_y = _limits(x), _limits(y)
    counts, _, _ = np.histogram2d(x, y, bins=bins, range=(limits_x, limits_y))
    return Density(counts.astype(np.int64), limits_x, limits_y)


def evenly_chosen(values: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Choose values at even steps where there are too many.

    Parameters
    ----------
    values : ndarray of shape (n,), float
        In ascending order.

    Returns
    -------
    ndarray of shape (m,), float
        All of them when there are at most `most`; else the first, the last and between them at even steps.
    """
    if len(values) <= most:
        return values
    return values[np.linspace(0, len(values) - 1, most).round().astype(np.intp)]


def finite(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Leave out missing and infinite values.

    Parameters
    ----------
    values : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (m,), float
    """
    numbers = values.astype(np.float64)
    return numbers[np.isfinite(numbers)]


def box_texts(boxes: Sequence[BoxValues]) -> list[str]:
    """Name each box with the number of its cells.

    Returns
    -------
    list of str
        Long names keep their end, which is where they differ.
    """
    longest = 22
    names = [box.name if len(box.name) <= longest else f"…{box.name[-longest + 1 :]}" for box in boxes]
    return [f"{name}\nn = {box.n:,}" for name, box in zip(names, boxes, strict=True)]


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else (low - 0.5, high + 0.5)
