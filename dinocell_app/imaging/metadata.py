"""What is known about one image of a file before its pixels are decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

RGB_CHANNEL_NAMES = ("red", "green", "blue")


@dataclass(frozen=True, order=True)
class Well:
    """Where on a plate an image was taken.

    Parameters
    ----------
    row, column : str
        As the plate names them, such as "B" and "3".
    """

    row: str
    column: str

    def __str__(self) -> str:
        return f"{self.row}{self.column}"


@dataclass(frozen=True)
class ImageMetadata:
    """Axes, depth, channel names and scale of one image.

    Parameters
    ----------
    path : Path
        The image file, or the folder of an OME-Zarr image.
    n_times, n_slices, n_channels : int
        Lengths of T, Z and C, at least 1. The three colours of an RGB image are channels; alpha
        is not counted.
    height, width : int
        Rows and columns of a plane, in pixels.
    dtype : dtype
        Pixel type of the planes in native byte order.
    channel_names : tuple of str
        One name a channel: the file's own, or `ch1`, `ch2` and so on.
    pixel_size_um : float or None
        Side of a pixel in um; None when the file does not say.
    is_rgb : bool
        Whether the channels are the red, green and blue light of one image.
    scene : int
        Which image of its file this is, counted from 0.
    n_scenes : int
        Images in the file.
    scene_name : str
        The file's own name for this image; "" when it has none.
    z_step_um : float or None
        Distance of two slices in um.
    times_s : tuple of float
        Seconds from the first time point to each one; empty when the file does not say.
    missing : frozenset of (int, int, int)
        Planes (t, z, c) that the file announces and that were never written, or lie in a missing file.
    missing_files : tuple of str
        Names of the files of a set that are not there.
    left_out : tuple of str
        What the file holds beside its images, such as "label" and "macro" of a slide.
    well : Well or None
        For a field of a plate.
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
    scene: int = 0
    n_scenes: int = 1
    scene_name: str = ""
    z_step_um: float | None = None
    times_s: tuple[float, ...] = ()
    missing: frozenset[tuple[int, int, int]] = field(default=frozenset(), repr=False)
    missing_files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    well: Well | None = None

    def time_s(self, t: int | None) -> float | None:
        """Seconds of a time point since the first one; None where it is unknown or projected."""
        return self.times_s[t] if t is not None and t < len(self.times_s) else None

    def depth_um(self, z: int | None) -> float | None:
        """Distance of a slice from the first one in um; None where it is unknown or projected."""
        return None if z is None or self.z_step_um is None else z * self.z_step_um


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
        name = name or default_channel_name(index)
        unique, count = name, 2
        while unique in names:
            unique, count = f"{name} ({count})", count + 1
        names[unique] = None
    return tuple(names)


def default_channel_name(index: int) -> str:
    """Name of a channel, counted from 0, for which the file has none."""
    return f"ch{index + 1}"


def what_is_missing(metadata: ImageMetadata) -> str:
    """Say which planes were announced and are not there, without a full stop; "" if all are.

    Times and slices are counted from 0, as in the names of results.
    """
    files, absent = metadata.missing_files, len(metadata.missing)
    if files and not absent:
        return f"its description is in {_listed(files)}, which is missing: names, times and scale are unknown"
    if not absent:
        return ""
    times = [t for t in range(metadata.n_times) if _is_absent(metadata, t)]
    if metadata.n_times > 1 and len(times) * metadata.n_slices * metadata.n_channels == absent:
        what = f"time {times[0]}" if len(times) == 1 else f"times {_listed(times)}"
    else:
        total = metadata.n_times * metadata.n_slices * metadata.n_channels
        t, z, c = min(metadata.missing)
        first = f"time {t}, slice {z}, channel {metadata.channel_names[c]}"
        what = f"{absent} of {total} planes (the first is {first})"
    if files:
        return f"{what} cannot be read: missing of its set of files {_listed(files)}"
    return f"{what} {'was' if len(times) == 1 else 'were'} announced and never written"


def _is_absent(metadata: ImageMetadata, t: int) -> bool:
    places = product(range(metadata.n_slices), range(metadata.n_channels))
    return all((t, z, c) in metadata.missing for z, c in places)


_MOST_LISTED = 6


def _listed(items: Sequence[object]) -> str:
    shown = [str(item) for item in items[:_MOST_LISTED]]
    if len(items) > _MOST_LISTED:
        return f"{', '.join(shown)} and {len(items) - _MOST_LISTED} more"
    return " and ".join([*([", ".join(shown[:-1])] if len(shown) > 1 else []), shown[-1]])
