"""Which planes of an image are looked at: slices and times one by one or projected, and which channel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress, plane_suffix
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.metadata import ImageMetadata, what_is_missing
from dinocell_app.imaging.projections import (
    COLOUR,
    EACH,
    GREY,
    MAXIMUM,
    MEAN,
    AxisChoice,
    PlaneMaking,
    grey_of_rgb,
    is_there,
    read_projected,
    read_rows,
)

__all__ = [
    "COLOUR",
    "EACH",
    "GREY",
    "MAXIMUM",
    "MEAN",
    "AxisChoice",
    "ChannelChoice",
    "Plane",
    "PlaneChoice",
    "channel_at",
    "count_planes",
    "grey_of_rgb",
    "resolve_channel",
    "select_planes",
]


_FORMER_NAME = re.compile(r"channel_([0-9]{1,4})")
"""How channels without a name were called by versions whose jobs may still be read."""


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

    def at(self, address: PlaneAddress) -> PlaneChoice:
        """Choose one plane, put together as here along the axes that it was put together along."""
        return PlaneChoice(
            z=self.z if address.z is None else address.z, t=self.t if address.t is None else address.t
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            A choice for the slices (`max`), or choices by axis (`z=max,t=3`); an axis that is not
            named is taken plane by plane.

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
        `colour` (red, green and blue of RGB; as `grey` where there are no colours), `grey` (the luminance of
        RGB, or the only channel), `mean` (of all channels), an index counted from 0, or a channel's name.
    """

    channel: str | int = GREY

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            `colour`, `grey`, `mean`, an index or a name.

        Raises
        ------
        InvalidParameterError
            If the text is empty.
        """
        text = text.strip()
        if not text:
            raise InvalidParameterError(
                "no channel is named", remedy="Say colour, grey, mean, a number from 0 or a name"
            )
        if text.lower() in (COLOUR, GREY, MEAN):
            return cls(text.lower())
        return cls(int(text)) if text.isdecimal() else cls(text)

    def shown_to(self, input_colour: str) -> Self:
        """Choose what a network is shown.

        Parameters
        ----------
        input_colour : {"grey", "rgb"}
            Of the model's manifest.

        Returns
        -------
        ChannelChoice
            Grey in place of colours for a network that takes none.
        """
        return type(self)() if self.channel == COLOUR and input_colour != "rgb" else self

    def __str__(self) -> str:
        return str(self.channel)


@dataclass(frozen=True)
class Plane:
    """One picture to be segmented; decoded when its pixels are asked for.

    Parameters
    ----------
    read : callable
        Decodes the pixels.
    read_rows : callable
        Decodes the rows from a first one to before an end.
    """

    read: Callable[[], NDArray[Any]]
    read_rows: Callable[[int, int], NDArray[Any]]
    address: PlaneAddress

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """Pixels of shape (M, N), or (M, N, 3) for `colour`, in the file's dtype; float32 where averaged."""
        return self.read()


def select_planes(
    reader: ImageReader, plane: PlaneChoice | None = None, channel: ChannelChoice | None = None
) -> Iterator[Plane]:
    """Go through the chosen planes; a projection holds two planes at a time while it is read.

    Planes that the file announces and does not hold are left out, and not counted in projections
    (`metadata.what_is_missing` names them).

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
    UnreadableFileError
        If the file announces the chosen planes and holds none of them.

    Notes
    -----
    Asking a plane for its pixels raises UnreadableFileError if it cannot be decoded.
    """
    plane = plane or PlaneChoice()
    chosen = resolve_channel(reader.metadata, channel or ChannelChoice())
    metadata = reader.metadata
    if not any(True for _ in _places(metadata, plane, chosen)):
        raise UnreadableFileError(
            f"none of the chosen planes is there: {what_is_missing(metadata)}",
            path=metadata.path,
            remedy="Choose other planes or another channel",
        )
    for t_group, z_group in _places(metadata, plane, chosen):
        making = PlaneMaking(chosen, plane.t, plane.z, t_group, z_group)
        t = t_group[0] if len(t_group) == 1 else None
        z = z_group[0] if len(z_group) == 1 else None
        suffix = plane_suffix(
            t if plane.t == EACH and metadata.n_times > 1 else None,
            z if plane.z == EACH and metadata.n_slices > 1 else None,
        )
        address = PlaneAddress(t, z, metadata.scene, suffix)
        yield Plane(partial(read_projected, reader, making), partial(read_rows, reader, making), address)


def count_planes(metadata: ImageMetadata, plane: PlaneChoice, channel: ChannelChoice) -> int:
    """Count the planes that `select_planes` gives; errors are the same."""
    return sum(1 for _ in _places(metadata, plane, resolve_channel(metadata, channel)))


def channel_at(reader: ImageReader, where: PlaneChoice, index: int) -> Plane:
    """Give one channel of the first plane that a choice gives.

    Parameters
    ----------
    reader : ImageReader
    where : PlaneChoice
    index : int
        Of the channel.

    Returns
    -------
    Plane
        NaN where the file announces this channel and does not hold it.
    """
    if any(True for _ in _places(reader.metadata, where, index)):
        return next(select_planes(reader, where, ChannelChoice(index)))
    height, width = reader.metadata.height, reader.metadata.width

    def unknown(first: int = 0, end: int = height) -> NDArray[Any]:
        return np.full((end - first, width), np.nan, np.float32)

    return Plane(unknown, unknown, ONLY_PLANE)


def _places(metadata: ImageMetadata, plane: PlaneChoice, channel: str | int) -> Iterator[tuple[range, range]]:
    """Give the times and slices of each plane of which the file holds something."""
    for t_group in _groups(metadata, plane.t, metadata.n_times, "time point"):
        for z_group in _groups(metadata, plane.z, metadata.n_slices, "slice"):
            if any(is_there(metadata, channel, t, z) for t, z in product(t_group, z_group)):
                yield t_group, z_group


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
        `colour` and `grey` (for RGB only), `mean` or an existing index.

    Raises
    ------
    InvalidParameterError
        If there is no such channel, or `grey` or `colour` is asked of several channels that are no colours.
    """
    asked = choice.channel
    if metadata.n_channels == 1 and asked in (COLOUR, GREY, MEAN):
        return 0
    if asked == MEAN or (asked in (COLOUR, GREY) and metadata.is_rgb):
        return asked
    names = ", ".join(f"{index} ({name})" for index, name in enumerate(metadata.channel_names))
    if asked in (COLOUR, GREY):
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
    if (former := _FORMER_NAME.fullmatch(str(asked))) and int(former[1]) < metadata.n_channels:
        return int(former[1])
    raise InvalidParameterError(
        f"has no channel {asked}", path=metadata.path, remedy=f"Choose colour, grey, mean or one of {names}"
    )


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
