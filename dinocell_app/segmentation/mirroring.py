"""Images shown in a mirror as well: what a network finds in both is averaged, for twice the time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MIRRORED_FLOW = "flow_x"
"""The map whose sign a mirror that swaps left and right turns round."""


def mirrored_tile(tile: NDArray[np.float32]) -> NDArray[np.float32]:
    """Swap left and right.

    Parameters
    ----------
    tile : ndarray of shape (3, H, W), float32
    """
    return np.ascontiguousarray(tile[..., ::-1])


def mirrored_maps(maps: NDArray[np.float32], channel_names: Sequence[str]) -> NDArray[np.float32]:
    """Bring maps of a mirrored tile back into the frame of the tile; the inverse of itself.

    Parameters
    ----------
    maps : ndarray of shape (C, H, W), float32
    channel_names : sequence of str
        As the objective names them.
    """
    signs = np.array([-1 if name == MIRRORED_FLOW else 1 for name in channel_names], np.float32)
    return np.asarray(maps[..., ::-1] * signs[:, None, None])
