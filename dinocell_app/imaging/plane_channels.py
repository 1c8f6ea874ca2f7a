"""Everything a file holds of one plane: its channels by name, and the pixels that overlays are drawn on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.metadata import ImageMetadata
from dinocell_app.imaging.planes import (
    ChannelChoice,
    Plane,
    PlaneChoice,
    channel_at,
    count_planes,
    select_planes,
)


def only_plane(
    reader: ImageReader, choice: PlaneChoice, remedy: str, channel: ChannelChoice | None = None
) -> Plane:
    """Give the one plane that labels can be for.

    Parameters
    ----------
    remedy : str
        How to say which plane, where there are several.
    channel : ChannelChoice, optional
        The first when not given.

    Raises
    ------
    InvalidParameterError
        If the choice gives several planes.
    UnreadableFileError
        If the file holds none of them.
    """
    channel = channel or ChannelChoice(0)
    n_planes = count_planes(reader.metadata, choice, channel)
    if n_planes > 1:
        raise InvalidParameterError(
            f"the image has {n_planes} planes and the labels are for one",
            path=reader.metadata.path,
            remedy=remedy,
        )
    return next(select_planes(reader, choice, channel))


def read_channels(reader: ImageReader, choice: PlaneChoice, plane: Plane) -> dict[str, NDArray[Any]]:
    """Read every channel where a plane is, projected in the same way.

    Parameters
    ----------
    choice : PlaneChoice
        That gave the plane.

    Returns
    -------
    dict of str to ndarray of shape (M, N)
        By channel name, in the order of the file.
    """
    names = reader.metadata.channel_names
    if len(names) == 1:
        return {names[0]: plane.pixels}
    where = choice.at(plane.address)
    return {name: channel_at(reader, where, index).pixels for index, name in enumerate(names)}


def shown_pixels(metadata: ImageMetadata, plane: Plane, channels: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Choose what overlays are drawn on.

    Parameters
    ----------
    channels : mapping of str to ndarray of shape (M, N)

    Returns
    -------
    ndarray of shape (M, N) or (M, N, 3)
        Colours where the image has them, else the plane.
    """
    return np.dstack(list(channels.values())) if metadata.is_rgb else plane.pixels
