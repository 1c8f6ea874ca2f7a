"""From channels of any depth to the colours of the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.project.records import ChannelDisplay

SAMPLED_PIXELS = 1 << 18
"""Enough to choose a contrast and draw a histogram."""

AUTO_PERCENTILES = (0.35, 99.65)
N_BINS = 256


@dataclass(frozen=True)
class Histogram:
    """How often values occur in a channel.

    Parameters
    ----------
    counts : ndarray of shape (B,)
    edges : ndarray of shape (B + 1,)
    """

    counts: NDArray[np.int64]
    edges: NDArray[np.float64]


@dataclass(frozen=True)
class ChannelStatistics:
    """What choosing a contrast needs to know of a channel.

    Parameters
    ----------
    low, high : float
        Range that shows the channel well.
    """

    low: float
    high: float
    minimum: float
    maximum: float
    histogram: Histogram


def channel_statistics(plane: NDArray[np.generic], *, is_rgb: bool = False) -> ChannelStatistics:
    """Look at a sample of a channel.

    Parameters
    ----------
    plane : ndarray of shape (M, N)
        Values that are not finite are left out.
    is_rgb : bool
        Colour pictures are shown as they are: 0 to the highest value of their type.
    """
    step = max(1, int(np.sqrt(plane.size / SAMPLED_PIXELS)))
    sample = plane[::step, ::step].astype(np.float64).ravel()
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        sample = np.zeros(1)
    minimum, maximum = float(sample.min()), float(sample.max())
    low, high = (float(value) for value in np.percentile(sample, AUTO_PERCENTILES))
    if is_rgb and plane.dtype.kind == "u":
        low, high = 0.0, float(2 ** (8 * plane.dtype.itemsize) - 1)
    if high <= low:
        low, high = minimum, maximum if maximum > minimum else minimum + 1
    edges = _bin_edges(minimum, maximum, whole=plane.dtype.kind in "iub")
    counts, _ = np.histogram(sample, edges)
    return ChannelStatistics(low, high, minimum, maximum, Histogram(counts.astype(np.int64), edges))


def displayed_range(display: ChannelDisplay, statistics: ChannelStatistics) -> tuple[float, float]:
    """Say which values are shown black and in full colour.

    Returns
    -------
    low, high : float
        `high` is above `low`.
    """
    low = statistics.low if display.low is None else display.low
    high = statistics.high if display.high is None else display.high
    return low, high if high > low else low + max(1e-9, abs(low) * 1e-6)


def composite(
    planes: Sequence[NDArray[np.generic]],
    displays: Sequence[ChannelDisplay],
    ranges: Sequence[tuple[float, float]],
) -> NDArray[np.uint8]:
    """Add up channels in their colours.

    Parameters
    ----------
    planes : sequence of ndarray of shape (M, N)
        One for each channel.
    ranges : sequence of (float, float)
        Values shown black and in full colour, for each channel.

    Returns
    -------
    ndarray of shape (M, N, 4), uint8
        Blue, green, red and 255, as Qt's RGB32 has it in memory.
    """
    height, width = planes[0].shape
    out = np.empty((height, width, 4), np.uint8)
    out[..., 3] = 255
    shown = [(p, d, r) for p, d, r in zip(planes, displays, ranges, strict=True) if d.visible]
    if len(shown) == 1 and shown[0][1].colour.lower() == "#ffffff":
        out[..., :3] = _stretched(shown[0][0], shown[0][2]).astype(np.uint8)[..., None]
        return out
    total = np.zeros((height, width, 3), np.float32)
    for plane, display, limits in shown:
        light = _stretched(plane, limits)
        for i, at in enumerate((5, 3, 1)):
            share = int(display.colour[at : at + 2], 16) / 255
            if share:
                total[..., i] += light * np.float32(share)
    out[..., :3] = np.minimum(total, 255, out=total)
    return out


def _bin_edges(minimum: float, maximum: float, *, whole: bool) -> NDArray[np.float64]:
    """Cut a range into bins; those of whole numbers hold equally many of them, else there were gaps."""
    if not whole:
        return np.linspace(minimum, maximum if maximum > minimum else minimum + 1, N_BINS + 1)
    step = math.ceil((maximum - minimum + 1) / N_BINS)
    return minimum - 0.5 + step * np.arange(math.ceil((maximum - minimum + 1) / step) + 1, dtype=np.float64)


def _stretched(plane: NDArray[np.generic], limits: tuple[float, float]) -> NDArray[np.float32]:
    """Bring a range of values to 0..255; what is not finite is black."""
    low, high = limits
    light = plane.astype(np.float32)
    light -= np.float32(low)
    light *= np.float32(255 / (high - low))
    np.nan_to_num(light, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    return np.clip(light, 0, 255, out=light)
