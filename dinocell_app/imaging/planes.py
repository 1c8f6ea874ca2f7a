"""Which planes of an image are looked at: slices and times one by one or projected, and which channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from dinocell_app.errors import InvalidParameterError
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.metadata import ImageMetadata

EACH, MAXIMUM, MEAN = "each", "max", "mean"
GREY = "grey"

AxisChoice = Literal["each", "max", "mean"] | int
"""What to do with an axis: every index, a projection, or one index counted from 0."""

LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601), as in OpenCV's conversion to grey."""


@dataclass(frozen=True)
class PlaneChoice:
    """What to do with the slices and the times of an image.

    Parameters
    ----------
    z : "each", "max", "mean" or int
        Slices: each by itself, maximum or mean projection, or one, counted from 0.
    t : "each", "max", "mean" or int
        Times, in the same way.
    """

    z: AxisChoice = "each"
    t: AxisChoice = "each"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            A choice for the slices (`max`), or choices by axis (`z=max,t=3`); an axis that is not
            named is taken plane by plane.

        Returns
        -------
        PlaneChoice

        Raises
        ------
        InvalidParameterError
            If the text is no choice.
        """
        chosen: dict[str, AxisChoice] = {}
        for part in text.split(","):
            axis, equals, value = part.partition("=")
            axis, value = (axis.strip().lower(), value) if equals else ("z", axis)
            parsed = _parse_axis_choice(value.strip().lower())
            if axis not in ("z", "t") or axis in chosen or parsed is None:
                raise InvalidParameterError(
                    f"'{text}' is no choice of planes",
                    remedy="Say each, max, mean or a number from 0, or one for each axis as in z=max,t=each",
                )
            chosen[axis] = parsed
        return cls(**chosen)

    def __str__(self) -> str:
        return f"{self.z}" if self.t == EACH else f"z={self.z},t={self.t}"


@dataclass(frozen=True)
class ChannelChoice:
    """Which channel is looked at.

    Parameters
    ----------
    channel : str or int
        `grey` (the luminance of RGB, or the only channel), `mean` (of all channels), an index
        counted from 0, or a channel's name.
    """

    channel: str | int = GREY

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            `grey`, `mean`, an index or a name.

        Returns
        -------
        ChannelChoice

        Raises
        ------
        InvalidParameterError
            If the text is empty.
        """
        text = text.strip()
        if not text:
            raise InvalidParameterError(
                "no channel is named", remedy="Say grey, mean, a number from 0 or a name"
            )
        if text.lower() in (GREY, MEAN):
            return cls(text.lower())
        return cls(int(text)) if text.isdecimal() else cls(text)

    def __str__(self) -> str:
        return str(self.channel)


@dataclass(frozen=True)
class Plane:
    """One picture to be segmented; decoded when its pixels are asked for.

    Parameters
    ----------
    read : callable
        Decodes the pixels.
    suffix : str
        Tells apart the planes of one file in the names of results: `_t0003_z001`, or empty.
    t, z : int or None
        Where it is from, counted from 0; None when the axis was projected.
    """

    read: Callable[[], NDArray[Any]]
    suffix: str
    t: int | None
    z: int | None

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """Pixels of shape (M, N) in the file's dtype; float32 where channels or planes were averaged."""
        return self.read()


def select_planes(
    reader: ImageReader, plane: PlaneChoice | None = None, channel: ChannelChoice | None = None
) -> Iterator[Plane]:
    """Go through the chosen planes; a projection holds two planes at a time while it is read.

    Parameters
    ----------
    reader : ImageReader
        An open image.
    plane : PlaneChoice, optional
        Every slice at every time when not given.
    channel : ChannelChoice, optional
        Grey when not given.

    Yields
    ------
    Plane
        Times outermost.

    Raises
    ------
    InvalidParameterError
        If the image has no such slice, time or channel, or several channels and none was chosen.

    Notes
    -----
    Asking a plane for its pixels raises UnreadableFileError if it cannot be decoded.
    """
    plane = plane or PlaneChoice()
    chosen = resolve_channel(reader.metadata, channel or ChannelChoice())
    metadata = reader.metadata
    for t_group in _groups(metadata, plane.t, metadata.n_times, "time point"):
        for z_group in _groups(metadata, plane.z, metadata.n_slices, "slice"):
            read = partial(_read_projected, reader, plane, chosen, (t_group, z_group))
            t = t_group[0] if len(t_group) == 1 else None
            z = z_group[0] if len(z_group) == 1 else None
            suffix = f"_t{t:04d}" if plane.t == EACH and metadata.n_times > 1 else ""
            suffix += f"_z{z:03d}" if plane.z == EACH and metadata.n_slices > 1 else ""
            yield Plane(read, suffix, t, z)


def resolve_channel(metadata: ImageMetadata, choice: ChannelChoice) -> str | int:
    """Find the channel in an image.

    Parameters
    ----------
    metadata : ImageMetadata
        The image.
    choice : ChannelChoice
        What was asked for.

    Returns
    -------
    str or int
        `grey` (for RGB only), `mean` or an existing index.

    Raises
    ------
    InvalidParameterError
        If there is no such channel, or `grey` is asked of several channels that are no colours.
    """
    asked = choice.channel
    if metadata.n_channels == 1 and asked in (GREY, MEAN):
        return 0
    if asked == MEAN or (asked == GREY and metadata.is_rgb):
        return asked
    names = ", ".join(f"{index} ({name})" for index, name in enumerate(metadata.channel_names))
    if asked == GREY:
        raise InvalidParameterError(
            f"has {metadata.n_channels} channels and none was chosen",
            path=metadata.path,
            remedy=f"Choose mean or one of {names}",
        )
    if isinstance(asked, int) and 0 <= asked < metadata.n_channels:
        return asked
    folded = [name.casefold() for name in metadata.channel_names]
    if str(asked).casefold() in folded:
        return folded.index(str(asked).casefold())
    raise InvalidParameterError(
        f"has no channel {asked}", path=metadata.path, remedy=f"Choose grey, mean or one of {names}"
    )


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


def _read_channel(reader: ImageReader, t: int, z: int, channel: str | int) -> NDArray[Any]:
    if isinstance(channel, int):
        return reader.read_plane(t, z, channel)
    planes = (reader.read_plane(t, z, c) for c in range(reader.metadata.n_channels))
    return grey_of_rgb(*planes) if channel == GREY else _mean(planes)


def _read_projected(
    reader: ImageReader, plane: PlaneChoice, channel: str | int, groups: tuple[Sequence[int], Sequence[int]]
) -> NDArray[Any]:
    """Decode the slices and times of a plane and bring them to one picture."""
    times, slices = groups
    return _project(
        plane.t, (_project(plane.z, (_read_channel(reader, t, z, channel) for z in slices)) for t in times)
    )


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


def _parse_axis_choice(text: str) -> AxisChoice | None:
    if text.isdecimal():
        return int(text)
    words: dict[str, AxisChoice] = {"each": "each", "max": "max", "mean": "mean"}
    return words.get(text)


def _groups(metadata: ImageMetadata, choice: AxisChoice, length: int, axis: str) -> list[range]:
    if choice == EACH:
        return [range(index, index + 1) for index in range(length)]
    if not isinstance(choice, int):
        return [range(length)]
    if choice >= length:
        raise InvalidParameterError(
            f"there is no {axis} {choice}",
            path=metadata.path,
            remedy=f"The last one is {length - 1}, counted from 0",
        )
    return [range(choice, choice + 1)]
