"""Small pictures of images, made and kept by worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.project.displays import default_displays
from dinocell_app.project.records import ImageRecord

if TYPE_CHECKING:
    from dinocell_app.imaging.image_reader import ImageReader

SIZE = 96
"""Longer side in pixels, unless another one is asked for."""


_LARGEST_KEPT = 4096
"""Pixels each way of a file that is taken for a thumbnail."""


def thumbnail_path(folder: Path, image: ImageRecord) -> Path:
    """Say where the thumbnail of an image is kept.

    Parameters
    ----------
    folder : Path
        Of the thumbnails (`disk_cache.DiskCache`).

    Returns
    -------
    Path
        A PNG file that need not exist; numbers of images are never used again.
    """
    # Other axes make another picture.
    return folder / f"{image.id:06d}{image.axes and '-'}{image.axes}.png"


def make_thumbnail(path: Path, size: int = SIZE, axes: str = "") -> NDArray[np.uint8]:
    """Draw an image small: its middle slice at the first time, with its channels in their colours.

    Parameters
    ----------
    path : Path
        The image file.
    size : int
        Longer side in pixels; smaller images stay as they are.
    axes : str
        As for `imaging.reading.open_image`.

    Returns
    -------
    ndarray of shape (M, N, 3), uint8

    Raises
    ------
    UserFacingError
        If it cannot be read.
    """
    from dinocell_app.export.overlay import stretch_for_display
    from dinocell_app.imaging.reading import open_image

    with open_image(path, axes) as reader:
        metadata = reader.metadata
        small = [_small_channel(reader, channel, size) for channel in range(metadata.n_channels)]
    shape = small[0].shape
    if metadata.is_rgb:
        return stretch_for_display(np.dstack(small), shape)
    mixed = np.zeros((*shape, 3), np.float32)
    displays = default_displays(metadata.n_channels, metadata.channel_names)
    for display, plane in zip(displays, small, strict=True):
        colour = np.array([int(display.colour[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / 255
        mixed += stretch_for_display(plane, shape) * colour
    return np.clip(mixed, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class ChannelPictures:
    """An image with certain axes, seen small channel by channel.

    Parameters
    ----------
    height, width : int
        In pixels.
    names : tuple of str
        Of the channels.
    pictures : tuple of ndarray of shape (M, N), uint8
        Of the first channels.
    """

    n_times: int
    n_slices: int
    n_channels: int
    height: int
    width: int
    names: tuple[str, ...]
    pictures: tuple[NDArray[np.uint8], ...]


def channel_pictures(path: Path, axes: str, size: int, most: int) -> ChannelPictures:
    """Draw the channels of an image small, each by itself.

    Parameters
    ----------
    axes : str
        As for `imaging.reading.open_image`.
    size : int
        Longer side in pixels.
    most : int
        Channels that are drawn at most.

    Raises
    ------
    UserFacingError
        If the image cannot be read so.
    """
    from dinocell_app.export.overlay import stretch_for_display
    from dinocell_app.imaging.reading import open_image

    with open_image(path, axes) as reader:
        metadata = reader.metadata
        small = [_small_channel(reader, channel, size) for channel in range(min(metadata.n_channels, most))]
    return ChannelPictures(
        metadata.n_times,
        metadata.n_slices,
        metadata.n_channels,
        metadata.height,
        metadata.width,
        metadata.channel_names,
        tuple(stretch_for_display(plane, plane.shape)[..., 0] for plane in small),
    )


def write_thumbnail(path: Path, thumbnail: NDArray[np.uint8]) -> None:
    """Keep a thumbnail as PNG, whole or absent.

    Parameters
    ----------
    path : Path
        From `thumbnail_path`.
    thumbnail : ndarray of shape (M, N, 3), uint8
    """
    import cv2

    from dinocell_app.export.writing import write_bytes

    encoded = cv2.imencode(".png", np.ascontiguousarray(thumbnail[..., ::-1]))[1]
    write_bytes(path, encoded.tobytes())


def read_thumbnail(path: Path) -> NDArray[np.uint8] | None:
    """Read a thumbnail that was kept; the inverse of `write_thumbnail`.

    Parameters
    ----------
    path : Path
        From `thumbnail_path`.

    Returns
    -------
    ndarray of shape (M, N, 3), uint8, or None
        None when there is none that can be read.
    """
    import cv2

    try:
        content = np.fromfile(path, np.uint8)
        if not _is_small_png(content[:24].tobytes()):
            return None
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    return None if picture is None else np.ascontiguousarray(picture[..., ::-1], dtype=np.uint8)


def _is_small_png(header: bytes) -> bool:
    edges = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    return len(header) == 24 and header.startswith(b"\x89PNG\r\n\x1a\n") and max(edges) <= _LARGEST_KEPT


def _small_channel(reader: ImageReader, channel: int, size: int) -> NDArray[Any]:
    import cv2

    metadata = reader.metadata
    pixels = reader.read_plane(0, metadata.n_slices // 2, channel)
    factor = size / max(pixels.shape)
    if factor >= 1:
        return pixels
    height, width = (max(1, round(length * factor)) for length in pixels.shape)
    if pixels.dtype not in (np.uint8, np.uint16):
        # A mean would spread NaN over its neighbours.
        step = max(1, int(1 / factor / 4))
        pixels = np.nan_to_num(pixels[::step, ::step].astype(np.float32), posinf=0.0, neginf=0.0)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
