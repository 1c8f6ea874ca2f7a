"""Rows of a TIFF page without the rest of it: only the strips or tiles that hold them are decoded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_ROWS_TOGETHER = 4096
"""Pages in taller strips are decoded as a whole: going through them by rows would decode each many times."""


def rows_together(page: Any) -> int | None:  # noqa: ANN401 - a tifffile page has no types
    """Say how many rows are decoded together.

    Parameters
    ----------
    page : tifffile.TiffPage
        Key frame of the series.

    Returns
    -------
    int or None
        Height of a strip or tile; None for a page that can only be decoded as a whole.
    """
    shaped = page.shaped
    height = int(page.tilelength if page.is_tiled else page.rowsperstrip)
    height = min(height, int(page.imagelength))
    whole_only = len(shaped) != 5 or shaped[1] != 1 or page.is_subsampled or page.jpegheader is not None
    if whole_only or height > MOST_ROWS_TOGETHER:
        return None
    return height


def decode_rows(page: Any, first: int, end: int) -> NDArray[Any]:  # noqa: ANN401
    """Decode some rows of a page.

    Parameters
    ----------
    page : tifffile.TiffPage or tifffile.TiffFrame
        For whose key frame `rows_together` gives a number.

    Returns
    -------
    ndarray
        Of the shape of the page with that many rows.
    """
    frame = page.keyframe
    planes, _, height, width, samples = frame.shaped
    together = int(frame.tilelength if frame.is_tiled else frame.rowsperstrip)
    across = math.ceil(width / frame.tilewidth) if frame.is_tiled else 1
    down = math.ceil(height / together)
    rows = np.zeros((planes, end - first, width, samples), frame.dtype)
    file = page.parent.filehandle
    if hasattr(frame, "init_decode"):  # since tifffile 2025
        frame.init_decode()
    tables = {"jpegtables": page.jpegtables} if int(frame.compression) in _JPEG else {}
    for plane in range(planes):
        for row in range(first // together, math.ceil(end / together)):
            for number in range((plane * down + row) * across, (plane * down + row + 1) * across):
                data = _segment(file, page.dataoffsets[number], page.databytecounts[number])
                segment, (s, _, top, left, _), shape = frame.decode(data, number, **tables)
                from_row, to_row = max(first, top), min(end, top + shape[1])
                n_columns = min(shape[2], width - left)
                place = np.s_[s, from_row - first : to_row - first, left : left + n_columns]
                rows[place] = (
                    frame.nodata if segment is None else segment[0, from_row - top : to_row - top, :n_columns]
                )
    axes = frame.axes
    if len(axes) == 2:
        return np.asarray(rows[0, :, :, 0])
    return np.asarray(rows[0] if axes.endswith("S") else rows[..., 0])


def mapped_rows(mapped: NDArray[Any], selection: tuple[int | slice, ...]) -> NDArray[Any]:
    """Copy a part of a memory-mapped series through a map of its own, which is given back at once.

    Pages of a map that stays open count as memory of the process.

    Parameters
    ----------
    mapped : memmap
        The whole series.
    selection : tuple of int or slice
        Of the part.
    """
    if not isinstance(mapped, np.memmap) or mapped.filename is None:
        return np.array(mapped[selection])
    anew = np.memmap(mapped.filename, mapped.dtype, mode="r", offset=mapped.offset, shape=mapped.shape)
    part = np.array(anew[selection])
    del anew
    return part


_JPEG = {6, 7, 33007, 34892}
"""Compressions whose strips and tiles share tables."""


def _segment(file: Any, offset: int, length: int) -> bytes | None:  # noqa: ANN401
    """Read the bytes of a strip or tile; one of no bytes holds no data."""
    if length == 0:
        return None
    file.seek(offset)
    content: bytes = file.read(length)
    return content
