"""COCO's run-length masks: lengths of runs in column-major order, plain or as compact text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LARGEST_SHIFT = 55
"""Bits before the last letter of a number that 64 bits can hold."""


def encode_runs(
    mask: NDArray[np.bool_], offset: tuple[int, int] = (0, 0), shape: tuple[int, int] | None = None
) -> list[int]:
    """Lengths of alternating runs of background and cell, down each column in turn.

    Parameters
    ----------
    mask : ndarray of shape (m, n), bool
        A cell, or the part of the image that holds it.
    offset : tuple of int
        Row and column of the part in the image.
    shape : tuple of int, optional
        Rows and columns of the image; that of `mask` by default.

    Returns
    -------
    list of int
        The first counts background, so it may be 0. They add up to the number of pixels.
    """
    height, width = mask.shape if shape is None else shape
    columns, rows = np.nonzero(mask.T)
    positions = (columns + offset[1]).astype(np.int64) * height + rows + offset[0]
    if positions.size == 0:
        return [height * width]
    breaks = np.flatnonzero(np.diff(positions) > 1)
    starts = positions[np.concatenate([[0], breaks + 1])]
    ends = positions[np.concatenate([breaks, [positions.size - 1]])] + 1
    bounds = np.concatenate([[0], np.column_stack([starts, ends]).ravel(), [height * width]])
    counts: list[int] = np.diff(bounds).tolist()
    return counts[:-1] if counts[-1] == 0 else counts


def decode_runs(counts: Sequence[int] | str | bytes, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Positions of a cell's pixels from run lengths; the inverse of `encode_runs`.

    Parameters
    ----------
    counts : sequence of int, str or bytes
        Run lengths, or COCO's compact text of them.
    shape : tuple of int
        Rows and columns of the image.

    Returns
    -------
    ndarray of shape (n,), int64
        row * columns of the image + column, in the order of the runs.

    Raises
    ------
    ValueError
        If the lengths do not add up to the size of the image.
    """
    if isinstance(counts, bytes):
        counts = counts.decode("ascii")
    lengths = np.asarray(_expand(counts) if isinstance(counts, str) else counts, np.int64)
    size = shape[0] * shape[1]
    # Each by itself too: the sum of enormous ones runs over.
    if lengths.sum() != size or (lengths < 0).any() or (lengths > size).any():
        raise ValueError(f"run lengths cover {lengths.sum()} pixels of {shape[0] * shape[1]}")
    ends = np.cumsum(lengths)[1::2]
    inside = lengths[1::2]
    # Numbers within all runs: count up through their total and go back to the start at each new run.
    jumps = np.repeat(ends - np.cumsum(inside), inside)
    columns, rows = np.divmod(np.arange(inside.sum()) + jumps, max(shape[0], 1))
    return rows * shape[1] + columns


def _expand(text: str) -> list[int]:
    """Numbers in COCO's text: six bits a letter from '0' on, five of them value and the sixth 'more'.

    The last letter's bit 4 is the sign, and from the fourth number on each is the difference to the one
    two before.
    """
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64:
            raise ValueError(f"{letter!r} cannot occur in compact run lengths")
        if shift > _LARGEST_SHIFT:
            raise ValueError("a number without end in compact run lengths")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts
