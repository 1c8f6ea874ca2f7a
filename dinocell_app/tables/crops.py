"""Pictures of single cells, cut out of their images; for a worker thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MARGIN = 0.3
"""Share of the cell's longer side that is shown around it."""

_LEAST_MARGIN_PX = 4
_N_IMAGES_KEPT = 3
_CONTRAST_PERCENTILES = (0.5, 99.8)
_MOST_FOR_CONTRAST = 250_000
_OUTLINE = (255, 210, 0)
_DARK = (0, 0, 0)


@dataclass(frozen=True)
class CropChannel:
    """How a channel is shown.

    Parameters
    ----------
    index : int
        Counted from 0.
    colour : str
        Such as "#00ff00".
    low, high : float or None
        Values shown black and in full colour; None takes percentiles of the image.
    """

    index: int
    colour: str = "#ffffff"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CropImage:
    """The image that crops are cut from.

    Parameters
    ----------
    path : Path
        Of the image.
    labels : Path or None
        Of the label image; None draws no outline.
    t, z : int
        Time point and slice, counted from 0.
    channels : tuple of CropChannel
        Those that are shown.
    is_rgb : bool
        Whether the channels are a colour picture shown as it is.
    axes : str
        As for `imaging.reading.open_image`.
    """

    path: Path
    labels: Path | None
    t: int = 0
    z: int = 0
    channels: tuple[CropChannel, ...] = (CropChannel(0),)
    is_rgb: bool = False
    axes: str = ""


@dataclass(frozen=True)
class CropRequest:
    """One cell to show.

    Parameters
    ----------
    row : int
        Row of the store, to know the answer by.
    label : int
        Id of the cell.
    box : (int, int, int, int) or None
        First row, first column, row after, column after; None looks for the label.
    """

    row: int
    image: CropImage
    label: int
    box: tuple[int, int, int, int] | None


@dataclass(frozen=True)
class Crop:
    """The picture of a cell.

    Parameters
    ----------
    row : int
        Of the request.
    pixels : ndarray of shape (M, N, 3), uint8, or None
        None when the image cannot be read.
    problem : str
        Why it cannot; empty otherwise.
    """

    row: int
    pixels: NDArray[np.uint8] | None
    problem: str = ""


class CropReader:
    """Cut cells out of images, keeping the last few images; used by one worker at a time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[CropImage, tuple[NDArray[np.uint8], NDArray[Any] | None]] = OrderedDict()

    def read(self, requests: Sequence[CropRequest]) -> list[Crop]:
        """Cut out cells.

        Parameters
        ----------
        requests : sequence of CropRequest
            Those of one image are best together.

        Returns
        -------
        list of Crop
            In the same order; what cannot be read has the reason instead of a picture.
        """
        crops = []
        for request in requests:
            try:
                shown, labels = self._image(request.image)
                crops.append(Crop(request.row, _cut(shown, labels, request)))
            except Exception as error:  # noqa: BLE001 - one unreadable image must not cost the other crops
                crops.append(Crop(request.row, None, str(error)))
        return crops

    def _image(self, image: CropImage) -> tuple[NDArray[np.uint8], NDArray[Any] | None]:
        if image in self._kept:
            self._kept.move_to_end(image)
            return self._kept[image]
        from dinocell_app.export.label_files import read_labels

        shown = _rendered(image)
        labels = read_labels(image.labels) if image.labels is not None else None
        self._kept[image] = (
            shown,
            labels if labels is not None and labels.shape == shown.shape[:2] else None,
        )
        if len(self._kept) > _N_IMAGES_KEPT:
            self._kept.popitem(last=False)
        return self._kept[image]


def _rendered(image: CropImage) -> NDArray[np.uint8]:
    """Read the channels and mix their colours."""
    from dinocell_app.imaging.reading import open_image

    with open_image(image.path, image.axes) as reader:
        if image.is_rgb and reader.metadata.dtype == np.uint8:
            planes = [reader.read_plane(image.t, image.z, channel) for channel in range(3)]
            return np.stack(planes, axis=-1).astype(np.uint8)
        mixed: NDArray[np.float32] | None = None
        for channel in image.channels:
            scaled = _scaled(reader.read_plane(image.t, image.z, channel.index), channel)
            coloured = scaled[..., None] * np.array(_rgb(channel.colour), np.float32)
            mixed = coloured if mixed is None else mixed + coloured
    if mixed is None:
        raise ValueError("no channel of the image is shown")
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _scaled(plane: NDArray[Any], channel: CropChannel) -> NDArray[np.float32]:
    step = max(1, int((plane.size / _MOST_FOR_CONTRAST) ** 0.5))
    sample = plane[::step, ::step].astype(np.float32)
    sample = sample[np.isfinite(sample)]
    low, high = channel.low, channel.high
    if (low is None or high is None) and len(sample):
        found = np.percentile(sample, _CONTRAST_PERCENTILES)
        low = float(found[0]) if low is None else low
        high = float(found[1]) if high is None else high
    low, high = low or 0.0, high or 0.0
    scaled = (plane.astype(np.float32) - low) / max(high - low, 1e-6)
    within: NDArray[np.float32] = np.clip(np.nan_to_num(scaled), 0, 1).astype(np.float32)
    return within


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _cut(shown: NDArray[np.uint8], labels: NDArray[Any] | None, request: CropRequest) -> NDArray[np.uint8]:
    box = request.box or _found_box(labels, request.label)
    if box is None:
        raise ValueError(f"the label image has no cell {request.label}")
    top, left, bottom, right = box
    side = max(bottom - top, right - left)
    half = side / 2 + max(_LEAST_MARGIN_PX, MARGIN * side)
    middle_row, middle_column = (top + bottom) / 2, (left + right) / 2
    first_row, first_column = max(0, int(middle_row - half)), max(0, int(middle_column - half))
    rows = slice(first_row, max(first_row + 1, int(middle_row + half)))
    columns = slice(first_column, max(first_column + 1, int(middle_column + half)))
    crop = shown[rows, columns].copy()
    if labels is not None:
        _draw_outline(crop, labels[rows, columns] == request.label)
    return np.ascontiguousarray(crop)


def _draw_outline(crop: NDArray[np.uint8], inside: NDArray[np.bool_]) -> None:
    """Draw a bright line around the cell, outside of it, with a dark one beyond to be seen on any ground."""
    from scipy.ndimage import binary_dilation

    near = binary_dilation(inside)
    crop[binary_dilation(near) & ~near] = _DARK
    crop[near & ~inside] = _OUTLINE


def _found_box(labels: NDArray[Any] | None, label: int) -> tuple[int, int, int, int] | None:
    if labels is None:
        return None
    rows, columns = np.nonzero(labels == label)
    if not len(rows):
        return None
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1
