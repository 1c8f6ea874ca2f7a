"""Pixels of a plane put together from those in the file: grey of colours, means and maxima over planes.

Everything works pixel by pixel, so rows of a plane are made from the same rows of the planes in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.metadata import ImageMetadata

EACH, MAXIMUM, MEAN = "each", "max", "mean"
GREY, COLOUR = "grey", "colour"

AxisChoice = Literal["each", "max", "mean"] | int
"""What to do with an axis: every index, a projection, or one index counted from 0."""

LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601), as in OpenCV's conversion to grey."""


class PlaneSource(Protocol):
    """What planes are decoded from: an open image, or some rows of one."""

    @property
    def metadata(self) -> ImageMetadata:
        """What the file says."""

    def read_plane(self, t: int = 0, z: int = 0, c: int = 0) -> NDArray[Any]:
        """Decode one plane."""


@dataclass(frozen=True)
class RowsOfImage:
    """Some rows of every plane of an open image."""

    reader: ImageReader
    first: int
    end: int

    @property
    def metadata(self) -> ImageMetadata:
        """What the file says, its height included."""
        return self.reader.metadata

    def read_plane(self, t: int = 0, z: int = 0, c: int = 0) -> NDArray[Any]:
        """Decode the rows of one plane.

        Parameters
        ----------
        t, z, c : int
            Counted from 0.

        Returns
        -------
        ndarray of shape (end - first, N)
        """
        return self.reader.read_rows(self.first, self.end, t, z, c)


@dataclass(frozen=True)
class PlaneMaking:
    """How a plane is made from those in the file.

    Parameters
    ----------
    channel : str or int
        `colour`, `grey`, `mean` or an index.
    time_choice, slice_choice : "each", "max", "mean" or int
        How times and slices are brought to one.
    times, slices : sequence of int
        Those that are.
    """

    channel: str | int
    time_choice: AxisChoice
    slice_choice: AxisChoice
    times: Sequence[int]
    slices: Sequence[int]


def read_rows(reader: ImageReader, making: PlaneMaking, first: int, end: int) -> NDArray[Any]:
    """Make some rows of a plane.

    Parameters
    ----------
    reader : ImageReader
        An open image.
    first, end : int
        Rows from the first one to before the end.

    Returns
    -------
    ndarray of shape (end - first, N) or (end - first, N, 3)
    """
    return read_projected(RowsOfImage(reader, first, end), making)


def read_projected(reader: PlaneSource, making: PlaneMaking) -> NDArray[Any]:
    """Decode the slices and times of a plane that are there and bring them to one picture.

    Returns
    -------
    ndarray of shape (M, N), or (M, N, 3) for `colour`
    """
    there = {
        t: [z for z in making.slices if is_there(reader.metadata, making.channel, t, z)] for t in making.times
    }
    return _project(
        making.time_choice,
        (
            _project(making.slice_choice, (_read_channel(reader, t, z, making.channel) for z in slices))
            for t, slices in there.items()
            if slices
        ),
    )


def is_there(metadata: ImageMetadata, channel: str | int, t: int, z: int) -> bool:
    """Whether the file holds what a channel needs at a place; `grey` and `mean` need all channels."""
    if not metadata.missing:
        return True
    needed = (channel,) if isinstance(channel, int) else range(metadata.n_channels)
    return not any((t, z, c) in metadata.missing for c in needed)


def grey_of_rgb(red: NDArray[Any], green: NDArray[Any], blue: NDArray[Any]) -> NDArray[Any]:
    """Luminance of a colour picture.

    Parameters
    ----------
    red, green, blue : ndarray of shape (M, N)
        Of one dtype.

    Returns
    -------
    ndarray of shape (M, N)
        Of the same dtype, integers rounded; 8 and 16 bit are OpenCV's `COLOR_RGB2GRAY` to the last bit.
    """
    if red.dtype in (np.uint8, np.uint16):
        import cv2

        return np.asarray(cv2.cvtColor(np.dstack((red, green, blue)), cv2.COLOR_RGB2GRAY))
    colours = np.stack((red, green, blue)).astype(np.float64)
    grey: NDArray[np.float64] = np.einsum("c,cij->ij", LUMINANCE, colours)
    if red.dtype.kind == "f":
        return np.asarray(grey, red.dtype)
    return np.asarray(np.rint(grey), red.dtype)


def _read_channel(reader: PlaneSource, t: int, z: int, channel: str | int) -> NDArray[Any]:
    if isinstance(channel, int):
        return reader.read_plane(t, z, channel)
    planes = (reader.read_plane(t, z, c) for c in range(reader.metadata.n_channels))
    if channel == COLOUR:
        return np.dstack(list(planes))
    return grey_of_rgb(*planes) if channel == GREY else _mean(planes)


def _project(how: AxisChoice, planes: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Reduce planes to one; NaN counts only where there is nothing else."""
    if how == MEAN:
        return _mean(planes)
    remaining = iter(planes)
    largest = next(remaining)
    for plane in remaining:
        largest = np.fmax(largest, plane)
    return largest


def _mean(planes: Iterable[NDArray[Any]]) -> NDArray[np.float32]:
    total: NDArray[np.float64] | None = None
    count: NDArray[np.int32] | None = None
    for plane in planes:
        if total is None or count is None:
            total, count = np.zeros(plane.shape), np.zeros(plane.shape, np.int32)
        known = ~np.isnan(plane)
        np.add(total, plane, out=total, where=known)
        count += known
    if total is None or count is None:
        raise ValueError("a mean needs at least one plane")
    mean = np.full(total.shape, np.nan, np.float32)
    np.divide(total, count, out=mean, where=count > 0, casting="unsafe")
    return mean
