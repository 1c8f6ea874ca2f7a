"""What the viewer shows, read off the window's thread: planes of all channels, labels with their places."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError, UserFacingError
from dinocell_app.display.channels import ChannelStatistics, channel_statistics
from dinocell_app.display.neighbour_colours import neighbour_colours
from dinocell_app.display.pyramid import label_pyramid, mean_pyramid
from dinocell_app.export.palette import PALETTE

STRIP_ROWS = 256
LARGEST_LABEL = 1 << 26
"""What is known of a cell stands in lists as long as the largest label."""


@dataclass(frozen=True)
class LoadedImage:
    """One plane of an image with all its channels.

    Parameters
    ----------
    channels : tuple of list of ndarray
        Pyramid of each channel.
    """

    channels: tuple[list[NDArray[np.generic]], ...]
    names: tuple[str, ...]
    statistics: tuple[ChannelStatistics, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.channels[0][0].shape
        return height, width


@dataclass(frozen=True)
class LoadedLabels:
    """A label image with what selecting and hovering need.

    Parameters
    ----------
    levels : list of ndarray
        Pyramid.
    areas : ndarray of shape (K + 1,), int64
        Pixels of each label.
    boxes : list of (slice, slice) or None
        Bounding box of label k at index k - 1.
    colours : ndarray of shape (K + 1,), uint8
        Place of each label in the palette, counted from 1; 0 for background.
    """

    levels: list[NDArray[np.integer]]
    areas: NDArray[np.int64]
    boxes: list[tuple[slice, slice] | None]
    colours: NDArray[np.uint8]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.levels[0].shape
        return height, width

    def box(self, label: int) -> tuple[slice, slice] | None:
        """Give the place of a cell.

        Returns
        -------
        tuple of slice or None
            Rows and columns; None when there is no such cell.
        """
        return self.boxes[label - 1] if 0 < label <= len(self.boxes) else None

    def area(self, label: int) -> int:
        """Count the pixels of a cell."""
        return int(self.areas[label]) if 0 < label < len(self.areas) else 0


def load_image(path: Path, t: int, z: int, axes: str = "") -> LoadedImage:
    """Read all channels of a plane.

    Parameters
    ----------
    t, z : int
        Counted from 0.
    axes : str
        As for `imaging.reading.open_image`.

    Raises
    ------
    UserFacingError
        If the file cannot be read.
    """
    from dinocell_app.imaging.reading import open_image

    with open_image(path, axes) as reader:
        metadata = reader.metadata
        planes = [reader.read_plane(t, z, c) for c in range(metadata.n_channels)]
    return LoadedImage(
        tuple(mean_pyramid(plane) for plane in planes),
        tuple(metadata.channel_names),
        tuple(channel_statistics(plane, is_rgb=metadata.is_rgb) for plane in planes),
    )


def load_labels(path: Path) -> LoadedLabels:
    """Read a label image.

    Parameters
    ----------
    path : Path
        TIFF file.

    Raises
    ------
    UnreadableFileError
        If it is no label image.
    """
    from dinocell_app.export.label_files import read_tiff

    try:
        labels = read_tiff(path)
    except UserFacingError:
        raise
    except Exception as error:  # the codecs of TIFF fail in as many ways as there are
        raise UnreadableFileError(
            f"the masks cannot be read ({str(error)[:160]})", path=path, remedy="Segment the image again"
        ) from error
    labels = np.squeeze(labels)
    if labels.size and int(labels.max()) > LARGEST_LABEL:
        raise UnreadableFileError(
            f"numbers its cells up to {int(labels.max()):,}, too high to be shown",
            path=path,
            remedy="Number the cells from 1 and import the labels again",
        )
    if labels.ndim != 2 or labels.dtype.kind not in "iu":
        raise UnreadableFileError("holds no masks", path=path, remedy="Segment the image again")
    return index_labels(labels)


def index_labels(labels: NDArray[np.integer]) -> LoadedLabels:
    """Find the place and the size of every cell.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    """
    from scipy import ndimage

    if labels.dtype not in (np.uint8, np.uint16, np.int32):
        labels = labels.astype(np.int32)
    levels, areas = label_pyramid(labels), _areas(labels)
    colours = neighbour_colours(levels, len(areas) - 1, len(PALETTE))
    return LoadedLabels(levels, areas, ndimage.find_objects(labels), colours)


def _areas(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count in strips: bincount makes a copy of 8 bytes a pixel."""
    areas = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    for top in range(0, labels.shape[0], STRIP_ROWS):
        areas += np.bincount(labels[top : top + STRIP_ROWS].ravel(), minlength=len(areas))
    return areas
