"""Exact percentiles of more pixels than fit into memory: histograms of 16 bits of the values at a time.

Every pixel type becomes an unsigned whole number of the same order. The first pass counts the leading 16
bits; each further pass counts the next 16 of those values alone that a wanted rank lies among. Pixels of 16
bits need one pass, those of 32 bits two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGIT_BITS = 16

Pieces = Callable[[], Iterable[NDArray[Any]]]
"""Gives all pixels anew, piece by piece."""


def order_statistics(
    pieces: Pieces, dtype: np.dtype[Any], ranks: Callable[[int], Sequence[int]]
) -> tuple[int, NDArray[Any]]:
    """Find the values at chosen places of the sorted pixels.

    Parameters
    ----------
    pieces : callable
        Gives the pixels, of any shapes; called once for each pass. NaN and infinities are left out.
    dtype : dtype
        Type of the pixels.
    ranks : callable
        Given the number of finite pixels, the wanted places, counted from 0.

    Returns
    -------
    count : int
        Number of finite pixels.
    values : ndarray of shape (n,), `dtype`
        In the order of the ranks; empty without pixels.
    """
    dtype = np.dtype(dtype).newbyteorder("=")
    digits = max(1, dtype.itemsize * 8 // DIGIT_BITS)
    counts = {0: _histogram(pieces, dtype, digits - 1, 0)}
    total = int(counts[0].sum())
    wanted = list(ranks(total)) if total else []
    prefixes, remaining = [0] * len(wanted), wanted
    for digit in reversed(range(digits)):
        if digit < digits - 1:
            counts = {prefix: _histogram(pieces, dtype, digit, prefix) for prefix in set(prefixes)}
        below = {prefix: np.cumsum(found) for prefix, found in counts.items()}
        bins = [
            int(np.searchsorted(below[prefix], rank, side="right"))
            for prefix, rank in zip(prefixes, remaining, strict=True)
        ]
        remaining = [
            rank - (int(below[prefix][place - 1]) if place else 0)
            for prefix, rank, place in zip(prefixes, remaining, bins, strict=True)
        ]
        prefixes = [(prefix << DIGIT_BITS) | place for prefix, place in zip(prefixes, bins, strict=True)]
    return total, _values(np.array(prefixes, np.uint64), dtype)


def percentile_ranks(count: int, percentiles: Sequence[float]) -> list[int]:
    """Name the places between which percentiles lie.

    Parameters
    ----------
    count : int
        Number of values.
    percentiles : sequence of float
        0 to 100.

    Returns
    -------
    list of int
        Two for each percentile.
    """
    places = [(count - 1) * (percentile / 100) for percentile in percentiles]
    return [min(int(place) + step, count - 1) for place in places for step in (0, 1)]


def interpolate(pair: NDArray[np.floating], count: int, percentile: float) -> float:
    """Give a percentile from the values at its two ranks, as `numpy.percentile` does.

    Parameters
    ----------
    pair : ndarray of shape (2,), float
        Values at `percentile_ranks`; their difference is taken in their own type.
    count : int
        Number of values.
    """
    place = (count - 1) * (percentile / 100)
    part = place - int(place)
    low, high, difference = float(pair[0]), float(pair[1]), float(pair[1] - pair[0])
    return high - difference * (1 - part) if part >= 0.5 else low + difference * part


def _histogram(pieces: Pieces, dtype: np.dtype[Any], digit: int, prefix: int) -> NDArray[np.int64]:
    """Count one digit of the values whose higher digits are `prefix`."""
    counts = np.zeros(1 << DIGIT_BITS, np.int64)
    shift = DIGIT_BITS * digit
    leading = digit == max(1, dtype.itemsize * 8 // DIGIT_BITS) - 1
    for piece in pieces():
        keys = _keys(piece.astype(dtype, copy=False))
        if not leading:
            keys = keys[(keys >> (shift + DIGIT_BITS)) == prefix]
        if shift:
            keys = (keys >> shift) & ((1 << DIGIT_BITS) - 1)
        elif keys.dtype.itemsize > DIGIT_BITS // 8:
            keys = keys & ((1 << DIGIT_BITS) - 1)
        found = np.bincount(keys.ravel().astype(np.intp, copy=False))
        counts[: len(found)] += found
    return counts


def _keys(pixels: NDArray[Any]) -> NDArray[Any]:
    """Map finite pixels to unsigned whole numbers of the same order."""
    unsigned = np.dtype(f"u{pixels.dtype.itemsize}")
    if pixels.dtype.kind == "f":
        finite = np.isfinite(pixels)
        values = (pixels.ravel() if finite.all() else pixels[finite]) + pixels.dtype.type(0)  # no -0
        bits = np.ascontiguousarray(values).view(unsigned)
        top = unsigned.type(1 << (unsigned.itemsize * 8 - 1))
        return np.where(bits & top, ~bits, bits | top)
    flat = np.ascontiguousarray(pixels).ravel()
    if pixels.dtype.kind == "i":
        return np.asarray(flat.view(unsigned) ^ unsigned.type(1 << (unsigned.itemsize * 8 - 1)))
    return flat.view(unsigned)


def _values(keys: NDArray[np.uint64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Undo `_keys`."""
    unsigned = np.dtype(f"u{dtype.itemsize}")
    bits = keys.astype(unsigned)
    if dtype.kind not in "fi":
        return bits.view(dtype)
    top = unsigned.type(1 << (unsigned.itemsize * 8 - 1))
    plain = bits ^ top if dtype.kind == "i" else np.where(bits & top, bits ^ top, ~bits)
    return np.asarray(plain.view(dtype))
