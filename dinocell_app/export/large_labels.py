"""Labels of a large picture as a file: an OME-TIFF of tiles and of smaller levels, written tile by tile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tifffile
from numpy.typing import NDArray

from dinocell_app.export.writing import whole_file

TILE_PX = 512
"""Rows and columns of a tile, and the size at which no further level is made."""

_COMPRESSION_LEVEL = 3  # labels shrink by a factor of some hundreds already


class LabelSource(Protocol):
    """Labels that are read by parts."""

    shape: tuple[int, int]

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """Type of the ids."""

    def read(self, rows: tuple[int, int], columns: tuple[int, int]) -> NDArray[np.unsignedinteger]:
        """Give a part: from a first row and column to before an end."""


def write_large_labels(path: Path, labels: LabelSource, pixel_size_um: float | None) -> None:
    """Write labels as a pyramidal OME-TIFF.

    The first level has every pixel. Each further one takes every second pixel of the one before, so that ids
    stay, and lies in a sub-image (SubIFD), where QuPath, napari, Fiji and OMERO look for it.

    Parameters
    ----------
    path : Path
        The file to create or replace.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    height, width = labels.shape
    metadata: dict[str, Any] = {"axes": "YX"}
    for axis in "XY" if pixel_size_um is not None else "":
        metadata[f"PhysicalSize{axis}"] = pixel_size_um
        metadata[f"PhysicalSize{axis}Unit"] = "µm"
    how: dict[str, Any] = {
        "tile": (TILE_PX, TILE_PX),
        "compression": "zlib",
        "compressionargs": {"level": _COMPRESSION_LEVEL},
        "photometric": "minisblack",
    }
    half = np.zeros((-(-height // 2), -(-width // 2)), labels.dtype)
    levels = _levels(half) if max(height, width) > TILE_PX else []
    bigtiff = height * width * labels.dtype.itemsize >= 2**31
    with whole_file(path) as beside, tifffile.TiffWriter(beside, ome=True, bigtiff=bigtiff) as file:
        file.write(
            _tiles(labels, half),
            shape=labels.shape,
            dtype=labels.dtype,
            subifds=len(levels),
            metadata=metadata,
            **how,
        )
        for level in levels:
            file.write(np.ascontiguousarray(level), subfiletype=1, **how)


def reduced_labels(labels: LabelSource, step: int) -> NDArray[np.unsignedinteger]:
    """Take every n-th row and column.

    Returns
    -------
    ndarray of shape (ceil(M / step), ceil(N / step))
    """
    height, width = labels.shape
    at_once = TILE_PX // step * step or step
    bands = (labels.read((row, min(row + at_once, height)), (0, width)) for row in range(0, height, at_once))
    return np.concatenate([band[::step, ::step] for band in bands])


def _tiles(labels: LabelSource, half: NDArray[np.unsignedinteger]) -> Iterator[NDArray[np.unsignedinteger]]:
    """Give the tiles of the first level row by row, and fill in the second level on the way."""
    height, width = labels.shape
    for top in range(0, height, TILE_PX):
        band = labels.read((top, min(top + TILE_PX, height)), (0, width))
        half[top // 2 : top // 2 + -(-len(band) // 2)] = band[::2, ::2]
        for left in range(0, width, TILE_PX):
            part = band[:, left : left + TILE_PX]
            missing = [(0, TILE_PX - length) for length in part.shape]
            yield np.pad(part, missing) if any(after for _, after in missing) else part


def _levels(half: NDArray[np.unsignedinteger]) -> list[NDArray[np.unsignedinteger]]:
    """Halve the second level again and again; views, which take no memory."""
    levels = [half]
    while max(levels[-1].shape) > TILE_PX:
        levels.append(levels[-1][::2, ::2])
    return levels
