"""What is known about an image file before its pixels are decoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

RGB_CHANNEL_NAMES = ("red", "green", "blue")


@dataclass(frozen=True)
class ImageMetadata:
    """Axes, depth, channel names and pixel size of an image file.

    Parameters
    ----------
    path : Path
        The image file, or the folder of an OME-Zarr image.
    n_times, n_slices, n_channels : int
        Lengths of T, Z and C, at least 1. The three colours of an RGB picture are channels; alpha
        is not counted.
    height, width : int
        Rows and columns of a plane, in pixels.
    dtype : dtype
        Pixel type of the planes in native byte order.
    channel_names : tuple of str
        One name a channel: the file's own, or `channel_0`, `channel_1` and so on.
    pixel_size_um : float or None
        Side of a pixel in um; None when the file does not say.
    is_rgb : bool
        Whether the channels are red, green and blue light of one picture.
    """

    path: Path
    n_times: int
    n_slices: int
    n_channels: int
    height: int
    width: int
    dtype: np.dtype[Any]
    channel_names: tuple[str, ...]
    pixel_size_um: float | None
    is_rgb: bool


def name_channels(n_channels: int, found: tuple[str, ...] = (), *, is_rgb: bool = False) -> tuple[str, ...]:
    """Give every channel a name of its own.

    Parameters
    ----------
    n_channels : int
        How many names are needed.
    found : tuple of str
        Names read from the file; used only when there is one for every channel. Empty ones are
        filled in, repeated ones numbered.
    is_rgb : bool
        Whether the channels are red, green and blue.

    Returns
    -------
    tuple of str of length `n_channels`
        All different.
    """
    if is_rgb and n_channels == len(RGB_CHANNEL_NAMES):
        return RGB_CHANNEL_NAMES
    names: dict[str, None] = {}
    for index in range(n_channels):
        name = found[index].strip() if len(found) == n_channels else ""
        name = name or f"channel_{index}"
        unique, count = name, 2
        while unique in names:
            unique, count = f"{name} ({count})", count + 1
        names[unique] = None
    return tuple(names)
