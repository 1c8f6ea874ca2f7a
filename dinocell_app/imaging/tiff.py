"""TIFF, OME-TIFF, ImageJ TIFF and BigTIFF, page by page."""

from __future__ import annotations

import itertools
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.axes import StoredAxes, check_axes
from dinocell_app.imaging.image_reader import ImageReader, check_declared_size, check_plane_count
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.tiff_metadata import (
    TiffAxes,
    channel_names_of,
    is_colour,
    n_visible_samples,
    pixel_size_of,
)
from dinocell_app.imaging.tiff_opening import check_pieces, open_tiff
from dinocell_app.imaging.tiff_rows import decode_rows, mapped_rows, rows_together

_logger = logging.getLogger(__name__)
# What tifffile logs goes where the application's log goes, and to no terminal of its own accord.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_PALETTE = 3
_TRUNCATED_REMEDY = "Copy or export it again"


class TiffReader(ImageReader):
    """Planes of the first image series of a TIFF file.

    Parameters
    ----------
    path : Path
        The file. A series that names no axes is a stack of slices (Z). Axes other than T, Z, C, Y
        and X (positions, angles, unnamed ones) are unrolled into slices, the file's Z running fastest.
        Alpha is dropped. Palettes become RGB, except in ImageJ files, whose look-up tables only
        colour the display. Values are as stored, also where 0 is white.
    axes : str
        What the stored axes are, in place of what the file says (`imaging.axes`); "" to believe the file.
    """

    def __init__(self, path: Path, axes: str = "") -> None:
        self._tiff = open_tiff(path)
        try:
            metadata = self._describe(path, axes)
        except BaseException:
            self._tiff.close()
            raise
        super().__init__(metadata)

    def _describe(self, path: Path, word: str) -> ImageMetadata:
        tiff = self._tiff
        if len(tiff.series) == 0:
            raise UnreadableFileError("holds no image", path=path, remedy=_TRUNCATED_REMEDY)
        if len(tiff.series) > 1:
            _logger.warning("%s holds %d image series; the first is read", path, len(tiff.series))
        self._series = series = tiff.series[0]
        if word:
            check_axes(word, StoredAxes(series.axes, tuple(series.shape)), path)
        self._axes = TiffAxes(word or series.axes, series.shape)
        if self._axes.rows is None or self._axes.columns is None:
            raise UnreadableFileError(
                f"has the axes {series.axes} instead of rows and columns",
                path=path,
                remedy="Export it as OME-TIFF",
            )
        page = series.keyframe
        self._n_leading = _leading_axes(series.shape, page.size)
        if self._n_leading is None:
            raise UnreadableFileError(
                "has pages that do not add up to its axes", path=path, remedy="Export it as OME-TIFF"
            )
        check_declared_size(path, series.shape[self._n_leading :], series.dtype)
        check_declared_size(path, (self._axes.height, self._axes.width), series.dtype)
        check_pieces(path, page, series.shape[self._n_leading :])
        self._mapped = self._map_pixels(path)
        self._last_page: tuple[int, NDArray[Any]] | None = None
        self._last_rows: tuple[tuple[int, int, int], NDArray[Any]] | None = None

        self._palette = page.colormap if page.photometric == _PALETTE and not tiff.is_imagej else None
        self._n_samples = n_visible_samples(page, self._axes.n_samples)
        n_channels = self._axes.n_channels * self._n_samples
        check_plane_count(path, self._axes.n_times * self._axes.n_slices, n_channels)
        is_rgb = is_colour(page) and self._n_samples == 3 and n_channels == 3
        dtype = series.dtype.newbyteorder("=")
        if self._palette is not None:
            n_channels, is_rgb, dtype = 3, True, np.dtype(np.uint8)
        return ImageMetadata(
            path=path,
            n_times=self._axes.n_times,
            n_slices=self._axes.n_slices,
            n_channels=n_channels,
            height=self._axes.height,
            width=self._axes.width,
            dtype=dtype,
            channel_names=name_channels(n_channels, channel_names_of(tiff, n_channels), is_rgb=is_rgb),
            pixel_size_um=pixel_size_of(tiff, page),
            is_rgb=is_rgb,
        )

    def _map_pixels(self, path: Path) -> NDArray[Any] | None:
        """Memory-map a series that lies uncompressed in one piece; only so huge ImageJ stacks open."""
        series = self._series
        offset = None if series.is_multifile else series.dataoffset
        if offset is None:
            return None
        stored = series.dtype.newbyteorder(self._tiff.byteorder)
        if offset + math.prod(series.shape) * stored.itemsize > path.stat().st_size:
            raise UnreadableFileError("ends before its last pixel", path=path, remedy=_TRUNCATED_REMEDY)
        mapped: NDArray[Any] = np.memmap(path, dtype=stored, mode="r", offset=offset, shape=series.shape)
        return mapped

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        if self._palette is not None:
            colours = np.asarray(self._palette[c] >> 8, np.uint8)
            return np.asarray(colours[self._read(self._axes.selection(t, z, 0, 0))])
        return self._read(self._axes.selection(t, z, *divmod(c, self._n_samples)))

    def _read(self, selection: tuple[int | slice, ...]) -> NDArray[Any]:
        """Cut one plane out of the series, rows before columns."""
        if self._mapped is not None:
            plane: NDArray[Any] = np.array(self._mapped[selection])
        else:
            shape = self._series.shape
            n_leading = self._n_leading or 0
            runs = [
                range(length) if isinstance(chosen, slice) else range(chosen, chosen + 1)
                for chosen, length in zip(selection[:n_leading], shape, strict=False)
            ]
            pieces = []
            for position in itertools.product(*runs):
                number = int(np.ravel_multi_index(position, shape[:n_leading])) if position else 0
                pieces.append(self._page(number).reshape(shape[n_leading:])[selection[n_leading:]])
            kept = [
                length
                for chosen, length in zip(selection[:n_leading], shape, strict=False)
                if isinstance(chosen, slice)
            ]
            plane = np.stack(pieces).reshape(*kept, *pieces[0].shape)
        return plane.T if self._axes.columns_come_first else plane

    @property
    def rows_together(self) -> int:
        """Rows of a strip or tile; 1 where pixels lie as they are; the height where pages are one piece."""
        if self._axes.columns_come_first:
            return self.metadata.height
        if self._mapped is not None:
            return 1
        n_leading = self._n_leading or 0
        rows_in_page = self._axes.rows is not None and self._axes.rows >= n_leading
        together = rows_together(self._series.keyframe) if rows_in_page else None
        return together or self.metadata.height

    def _decode_rows(self, first: int, end: int, place: tuple[int, int, int]) -> NDArray[Any]:
        if self.rows_together >= self.metadata.height:
            return super()._decode_rows(first, end, place)
        t, z, c = place
        if self._palette is not None:
            colours = np.asarray(self._palette[c] >> 8, np.uint8)
            return np.asarray(colours[self._read_rows(self._axes.selection(t, z, 0, 0), first, end)])
        return self._read_rows(self._axes.selection(t, z, *divmod(c, self._n_samples)), first, end)

    def _read_rows(self, selection: tuple[int | slice, ...], first: int, end: int) -> NDArray[Any]:
        """Cut rows out of one plane of the series."""
        if self._mapped is not None:
            chosen = list(selection)
            chosen[self._axes.rows or 0] = slice(first, end)
            return mapped_rows(self._mapped, tuple(chosen))
        n_leading = self._n_leading or 0
        position = tuple(int(index) for index in selection[:n_leading] if isinstance(index, int))
        shape = self._series.shape[:n_leading]
        number = int(np.ravel_multi_index(position, shape)) if position else 0
        key = number, first, end
        if self._last_rows is None or self._last_rows[0] != key:
            self._last_rows = None
            self._last_rows = key, decode_rows(self._whole_page(number), first, end)
        within = list(selection[n_leading:])
        within[(self._axes.rows or 0) - n_leading] = slice(None)
        wanted = list(self._series.shape[n_leading:])
        wanted[(self._axes.rows or 0) - n_leading] = end - first
        return np.asarray(self._last_rows[1].reshape(wanted)[tuple(within)])

    def _page(self, number: int) -> NDArray[Any]:
        """Decode one page; the last one is kept because its channels are asked for one by one."""
        if self._last_page is not None and self._last_page[0] == number:
            return self._last_page[1]
        pixels = np.asarray(self._whole_page(number).asarray())
        self._last_page = (number, pixels)
        return pixels

    def _whole_page(self, number: int) -> Any:  # noqa: ANN401 - tifffile has no types
        """Find a page whose pixels are all in the file."""
        page = self._series[number]
        path = Path(self._tiff.filehandle.path)
        if page is None:
            raise UnreadableFileError(
                "belongs to a set of files of which one is missing",
                path=path,
                remedy="Put all files of the set into one folder",
            )
        size = page.parent.filehandle.size
        ends = (start + length for start, length in zip(page.dataoffsets, page.databytecounts, strict=True))
        if any(end > size for end in ends):
            raise UnreadableFileError("ends before its last pixel", path=path, remedy=_TRUNCATED_REMEDY)
        return page

    def close(self) -> None:
        """Close the file; planes read before stay valid."""
        self._mapped = None
        self._last_page = None
        self._last_rows = None
        self._tiff.close()


def _leading_axes(shape: tuple[int, ...], page_size: int) -> int | None:
    """How many axes run over pages: the rest multiplies to one page."""
    for n_leading in range(len(shape) + 1):
        if math.prod(shape[n_leading:]) == page_size:
            return n_leading
    return None
