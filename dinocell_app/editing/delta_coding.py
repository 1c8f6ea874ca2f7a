"""Deltas as short text for a journal: runs of equal changes, compressed."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

import numpy as np

from dinocell_app.editing.deltas import Delta

MOST_PIXELS = 1 << 26
"""Of one delta; tools make smaller ones, and larger ones are none of ours."""


def encode(delta: Delta) -> dict[str, Any]:
    """Write a delta as JSON types."""
    pairs = np.stack([delta.before.reshape(-1), delta.after.reshape(-1)])
    starts = np.flatnonzero(np.any(pairs[:, 1:] != pairs[:, :-1], axis=0)) + 1
    starts = np.concatenate([[0], starts])
    lengths = np.diff(np.append(starts, pairs.shape[1]))
    runs = np.stack([lengths.astype(np.uint32), *pairs[:, starts]]).astype("<u4")
    return {
        "box": [delta.top, delta.left, *delta.before.shape],
        "runs": base64.b85encode(zlib.compress(runs.tobytes(), 6)).decode("ascii"),
    }


def decode(content: dict[str, Any]) -> Delta:
    """Read a delta.

    Parameters
    ----------
    content : dict
        From `encode`.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        top, left, height, width = (int(number) for number in content["box"])
        if min(top, left) < 0 or min(height, width) < 1 or height * width > MOST_PIXELS:
            raise ValueError("a box that cannot be")
        unpacked = zlib.decompressobj()
        packed = base64.b85decode(content["runs"])
        raw = unpacked.decompress(packed, 12 * height * width)
        runs = np.frombuffer(raw, "<u4").reshape(3, -1)
        lengths = runs[0].astype(np.int64)
        if unpacked.unconsumed_tail or lengths.sum() != height * width:
            raise ValueError("runs that do not fill the box")
    except (KeyError, TypeError, zlib.error, binascii.Error) as error:
        raise ValueError(f"no change of labels ({error})") from error
    before, after = (np.repeat(each.astype(np.uint32), lengths).reshape(height, width) for each in runs[1:])
    return Delta(top, left, before, after)
