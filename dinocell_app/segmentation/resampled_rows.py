"""Rows of a resampled image without the rest of it, as `cv2.resize` gives them within the whole.

OpenCV resamples along the rows first and then down the columns. The first is left to it; the second needs to
know where in the whole image the rows are, which OpenCV cannot be told, so its weights are computed here.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

ReadRows = Callable[[int, int], NDArray[np.generic]]
"""Gives rows of an image, from a first one to before an end, columns last."""

_AT_ONCE = 64
"""Rows of the result that are made at once; the work on them is in double precision."""

_SHARPNESS = np.float32(-0.75)
"""OpenCV's parameter of cubic interpolation."""


def source_rows(source: int, target: int, first: int, end: int, interpolation: int) -> tuple[int, int]:
    """Say which rows of the source some rows of the result are made of.

    Parameters
    ----------
    source, target : int
        Heights of both.
    first, end : int
        Rows of the result.
    interpolation : int
        `cv2.INTER_LINEAR`, `INTER_CUBIC` or `INTER_AREA`.
    """
    if source == target:
        return first, end
    rows, _ = _weights(source, target, first, end, interpolation)
    return int(rows.min()), int(rows.max()) + 1


def resampled_rows(
    read: ReadRows,
    source: tuple[int, int],
    target: tuple[int, int],
    span: tuple[int, int],
    interpolation: int,
) -> NDArray[np.float32]:
    """Resample some rows of an image.

    Parameters
    ----------
    read : callable
        Gives rows of the source, of shape (..., m, N).
    source, target : tuple of int
        Height and width of both.
    span : tuple of int
        First row of the result, and the one after the last.
    interpolation : int
        `cv2.INTER_LINEAR`, `INTER_CUBIC` or `INTER_AREA`.

    Returns
    -------
    ndarray of shape (..., m', N'), float32
        What OpenCV gives for the whole image; the last bit may differ between its versions.
    """
    first, end = source_rows(source[0], target[0], *span, interpolation)
    values = np.asarray(read(first, end), np.float32)
    if source[1] != target[1]:
        planes = np.ascontiguousarray(values.reshape(-1, *values.shape[-2:]))
        size = (target[1], values.shape[-2])
        wide = np.stack([cv2.resize(plane, size, interpolation=interpolation) for plane in planes])
        values = wide.reshape(*values.shape[:-1], target[1])
    if source[0] == target[0]:
        return values
    rows, weights = _weights(source[0], target[0], *span, interpolation)
    result = np.empty((*values.shape[:-2], len(rows), target[1]), np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        result[..., part, :] = _combined(values, rows[part] - first, weights[part, :, None], interpolation)
    return result


def _combined(
    values: NDArray[np.float32], rows: NDArray[np.int64], weights: NDArray[np.float32], interpolation: int
) -> NDArray[np.floating]:
    """Weigh rows as OpenCV does: rounded once between two rows, after each of several."""
    if interpolation == cv2.INTER_LINEAR:
        above, below = values[..., rows[:, 0], :], values[..., rows[:, 1], :]
        return np.asarray(above + (below - above).astype(np.float64) * weights[:, 1])
    result = values[..., rows[:, 0], :] * weights[:, 0]
    for tap in range(1, rows.shape[1]):
        if weights[:, tap].any():
            result += values[..., rows[:, tap], :] * weights[:, tap]
    return result


def _weights(
    source: int, target: int, first: int, end: int, interpolation: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows of the source that each row of the result is made of, and by how much."""
    scale = 1 / (target / source)
    places = np.arange(first, end)
    if interpolation == cv2.INTER_AREA:
        return _area_weights(places, source, scale)
    centres = (places + 0.5) * scale - 0.5
    below = np.floor(centres).astype(np.int64)
    part = (centres - below).astype(np.float32)
    one = np.float32(1)
    taps: tuple[int, ...]
    if interpolation == cv2.INTER_LINEAR:
        taps, weights = (0, 1), [one - part, part]
    else:
        a, x, y = _SHARPNESS, part + one, one - part
        taps = (-1, 0, 1, 2)
        outer = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        inner = ((a + 2) * part - (a + 3)) * part * part + 1
        beyond = ((a + 2) * y - (a + 3)) * y * y + 1
        weights = [outer, inner, beyond, one - outer - inner - beyond]
    rows = np.stack([np.clip(below + tap, 0, source - 1) for tap in taps], axis=1)
    return rows, np.stack(weights, axis=1).astype(np.float32)


def _area_weights(
    places: NDArray[np.int64], source: int, scale: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Share of each source row that a row of the result covers."""
    starts = places * scale
    ends = starts + scale
    covered = np.minimum(scale, source - starts)
    first = np.ceil(starts - 1e-12).astype(np.int64)
    last = np.minimum(np.floor(ends + 1e-12).astype(np.int64), source - 1)
    first = np.minimum(first, last)
    n_taps = int((last - first).max()) + 2
    rows = np.clip(first[:, None] - 1 + np.arange(n_taps), 0, source - 1)
    weights = np.zeros((len(places), n_taps))
    above = first - starts
    weights[:, 0] = np.where(above > 1e-3, above / covered, 0)
    numbers = first[:, None] + np.arange(n_taps - 1)
    weights[:, 1:] = np.where(numbers < last[:, None], 1 / covered[:, None], 0)
    below = ends - last
    rest = np.where(below > 1e-3, np.minimum(np.minimum(below, 1), covered) / covered, 0)
    np.put_along_axis(weights, (last - first + 1)[:, None], rest[:, None], axis=1)
    return rows, weights.astype(np.float32)
