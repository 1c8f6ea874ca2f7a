"""TIFF, OME-TIFF, ImageJ TIFF, BigTIFF and what microscopes and slide scanners make of it, page by page."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.axes import StoredAxes, check_axes
from dinocell_app.imaging.image_file import ImageFile
from dinocell_app.imaging.image_reader import (
    ImageReader,
    check_declared_size,
    check_plane_count,
    missing_planes,
)
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.ome_xml import ome_images
from dinocell_app.imaging.plane_axes import PlaneAxes
from dinocell_app.imaging.tiff_channels import (
    channel_names_of,
    colour_making,
    is_colour,
    n_visible_samples,
)
from dinocell_app.imaging.tiff_opening import DescribedTiff, check_pieces, open_described
from dinocell_app.imaging.tiff_rows import decode_rows, mapped_rows, rows_together
from dinocell_app.imaging.tiff_scale import scale_of
from dinocell_app.imaging.tiff_scenes import TiffScene, scenes_of

# What tifffile logs goes where the application's log goes, and to no terminal of its own accord.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_TRUNCATED_REMEDY = "Copy or export it again"
_MAY_MISS_PLANES = ("ome", "mmstack", "ndtiff")
"""Kinds of series whose planes are announced elsewhere than in the pages themselves."""


class TiffImageFile(ImageFile):
    """The images of a TIFF file, or of the set of files that it belongs to.

    Parameters
    ----------
    path : Path
    axes : str
        What the stored axes are, in place of what the file says (`imaging.axes`); "" to believe the file.
    """

    def __init__(self, path: Path, axes: str = "") -> None:
        self._described = described = open_described(path)
        self._word = axes
        try:
            images = ome_images(described.ome_xml, path) if described.ome_xml else ()
            self._found, left_out = scenes_of(described.tiff, images)
        except BaseException:
            described.tiff.close()
            raise
        if axes:  # which axes run over images is said by the word alone
            whole = {id(scene.series): scene for scene in self._found}
            self._found = [TiffScene(one.series, (), one.name, one.ome) for one in whole.values()]
        super().__init__(path, [scene.name for scene in self._found], left_out)

    def stored_axes(self, scene: int = 0) -> StoredAxes:
        """Give the axes of the series in which an image is stored."""
        series = self._found[scene].series
        return StoredAxes(series.axes, tuple(series.shape))

    def _open(self, scene: int) -> ImageReader:
        return TiffReader(self, self._described, self._found[scene], (scene, self._word))

    def close(self) -> None:
        """Close the files of the set."""
        self._described.tiff.close()


class TiffReader(ImageReader):
    """Planes of one image of a TIFF file.

    A series that names no axes is a stack of slices (Z). Axes other than T, Z, C, Y and X (angles, unnamed
    ones) are unrolled into slices, the file's Z running fastest. Alpha is dropped. Palettes become RGB,
    except in ImageJ files, whose look-up tables only colour the display; so do L*a*b* and CMYK. Other values
    are as stored, also where 0 is white.

    Parameters
    ----------
    file : ImageFile
    described : DescribedTiff
    scene : TiffScene
    asked : tuple of int and str
        Index of the scene, and what its axes are; "" to believe the file.
    """

    def __init__(
        self, file: ImageFile, described: DescribedTiff, scene: TiffScene, asked: tuple[int, str]
    ) -> None:
        self._tiff = described.tiff
        self._series = series = scene.series
        path, (index, word) = file.path, asked
        if word:
            check_axes(word, StoredAxes(series.axes, tuple(series.shape)), path)
        self._axes = axes = PlaneAxes(word or series.axes, series.shape, scene.fixed)
        if axes.rows is None or axes.columns is None:
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
        check_declared_size(path, (axes.height, axes.width), series.dtype)
        check_pieces(path, page, series.shape[self._n_leading :])
        self._mapped = self._map_pixels()
        self._last_page: tuple[int, NDArray[Any]] | None = None
        self._last_rows: tuple[tuple[int, int, int], NDArray[Any]] | None = None
        self._last_colours: tuple[tuple[int, ...], NDArray[Any]] | None = None
        self._colours = colour_making(page, axes.n_samples, is_imagej=self._tiff.is_imagej)
        self._n_samples = n_visible_samples(page, axes.n_samples) if self._colours is None else 3
        n_channels = axes.n_channels * self._n_samples
        check_plane_count(path, axes.n_times * axes.n_slices, n_channels)
        is_rgb = (self._colours is not None or is_colour(page)) and self._n_samples == n_channels == 3
        dtype = series.dtype.newbyteorder("=") if self._colours is None else self._colours.dtype
        scale = scale_of(self._tiff, page, scene.ome, axes.n_times)
        names = channel_names_of(self._tiff, series, n_channels, scene.ome)
        super().__init__(
            ImageMetadata(
                path=path,
                n_times=axes.n_times,
                n_slices=axes.n_slices,
                n_channels=n_channels,
                height=axes.height,
                width=axes.width,
                dtype=dtype,
                channel_names=name_channels(n_channels, names, is_rgb=is_rgb),
                pixel_size_um=scale.pixel_size_um,
                is_rgb=is_rgb,
                scene=index,
                n_scenes=len(file.scenes),
                scene_name=scene.name,
                z_step_um=scale.z_step_um if axes.has_only_slices and axes.n_slices > 1 else None,
                times_s=scale.times_s,
                missing=self._missing_planes(path, n_channels),
                missing_files=described.missing_files,
                left_out=file.left_out,
            )
        )

    def _missing_planes(self, path: Path, n_channels: int) -> frozenset[tuple[int, int, int]]:
        """Find the planes that are announced and have no page."""
        series = self._series
        if self._mapped is not None or series.kind not in _MAY_MISS_PLANES:
            return frozenset()
        n_pages = math.prod(series.shape[: self._n_leading])
        absent = {number for number in range(n_pages) if number >= len(series) or _is_absent(series[number])}
        if not absent:
            return frozenset()
        lengths = (self._axes.n_times, self._axes.n_slices, n_channels)
        return missing_planes(
            path, lengths, lambda t, z, c: absent.isdisjoint(self._page_numbers(self._place(t, z, c)))
        )

    def _place(self, t: int, z: int, c: int, sample: int = 0) -> tuple[int | slice, ...]:
        if self._colours is not None:
            return self._axes.selection(t, z, c // self._n_samples, sample)
        return self._axes.selection(t, z, *divmod(c, self._n_samples))

    def _page_numbers(self, selection: tuple[int | slice, ...]) -> list[int]:
        """Give the numbers of the pages of the series that hold a plane."""
        shape = self._series.shape[: self._n_leading]
        runs = [
            range(length) if isinstance(chosen, slice) else range(chosen, chosen + 1)
            for chosen, length in zip(selection, shape, strict=False)
        ]
        return [
            int(np.ravel_multi_index(position, shape)) if position else 0
            for position in itertools.product(*runs)
        ]

    def _map_pixels(self) -> NDArray[Any] | None:
        """Memory-map a series that lies uncompressed in one piece; only so huge ImageJ stacks open."""
        series = self._series
        offset = None if series.is_multifile else series.dataoffset
        if offset is None:
            return None
        holder = series.keyframe.parent  # another file than the one that describes the set, perhaps
        path = Path(holder.filehandle.path)
        stored = series.dtype.newbyteorder(holder.byteorder)
        if offset + math.prod(series.shape) * stored.itemsize > path.stat().st_size:
            raise UnreadableFileError("ends before its last pixel", path=path, remedy=_TRUNCATED_REMEDY)
        mapped: NDArray[Any] = np.memmap(path, dtype=stored, mode="r", offset=offset, shape=series.shape)
        return mapped

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        if self._colours is None:
            return self._read(self._place(t, z, c))
        return self._coloured((t, z, c, -1, -1))

    def _coloured(self, wanted: tuple[int, int, int, int, int]) -> NDArray[Any]:
        """Make colours of what is stored; those of the last place are kept for the next channel."""
        t, z, c, first, end = wanted
        key = (t, z, c // 3, first, end)
        if self._colours is None or self._last_colours is None or self._last_colours[0] != key:
            self._last_colours = None
            making = self._colours
            places = [self._place(t, z, c, sample) for sample in range(making.n_stored if making else 0)]
            stored = [
                self._read(place) if end < 0 else self._read_rows(place, first, end) for place in places
            ]
            made = making.make(stored) if making else np.stack(stored)
            self._last_colours = key, made
        return np.asarray(self._last_colours[1][c % 3])

    def _read(self, selection: tuple[int | slice, ...]) -> NDArray[Any]:
        """Cut one plane out of the series, rows before columns."""
        if self._mapped is not None:
            plane: NDArray[Any] = np.array(self._mapped[selection])
        else:
            shape = self._series.shape
            n_leading = self._n_leading or 0
            pieces = [
                self._page(number).reshape(shape[n_leading:])[selection[n_leading:]]
                for number in self._page_numbers(selection)
            ]
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
        if self._colours is not None:
            return self._coloured((*place, first, end))
        return self._read_rows(self._place(*place), first, end)

    def _read_rows(self, selection: tuple[int | slice, ...], first: int, end: int) -> NDArray[Any]:
        """Cut rows out of one plane of the series."""
        if self._mapped is not None:
            chosen = list(selection)
            chosen[self._axes.rows or 0] = slice(first, end)
            return mapped_rows(self._mapped, tuple(chosen))
        n_leading = self._n_leading or 0
        (number,) = self._page_numbers(selection)
        key = number, first, end
        if self._last_rows is None or self._last_rows[0] != key:
            self._last_rows = None
            with self._whole_page(number) as page:
                self._last_rows = key, decode_rows(page, first, end)
        within = list(selection[n_leading:])
        within[(self._axes.rows or 0) - n_leading] = slice(None)
        wanted = list(self._series.shape[n_leading:])
        wanted[(self._axes.rows or 0) - n_leading] = end - first
        return np.asarray(self._last_rows[1].reshape(wanted)[tuple(within)])

    def _page(self, number: int) -> NDArray[Any]:
        """Decode one page; the last one is kept because its channels are asked for one by one."""
        if self._last_page is not None and self._last_page[0] == number:
            return self._last_page[1]
        with self._whole_page(number) as page:
            pixels = np.asarray(page.asarray())
        self._last_page = (number, pixels)
        return pixels

    @contextmanager
    def _whole_page(self, number: int) -> Iterator[Any]:
        """Find a page whose pixels are all in its file, which is open meanwhile; a set may have thousands."""
        page = self._series[number]
        file = page.parent.filehandle
        ends = (start + length for start, length in zip(page.dataoffsets, page.databytecounts, strict=True))
        if any(end > file.size for end in ends):
            raise UnreadableFileError(
                "ends before its last pixel", path=Path(file.path), remedy=_TRUNCATED_REMEDY
            )
        was_closed = file.closed
        if was_closed:
            file.open()
        try:
            yield page
        finally:
            if was_closed:
                file.close()

    def close(self) -> None:
        """Let go of the pages and colours that are kept."""
        self._mapped = None
        self._last_page = None
        self._last_rows = None
        self._last_colours = None
        super().close()


def _leading_axes(shape: tuple[int, ...], page_size: int) -> int | None:
    """How many axes run over pages: the rest multiplies to one page."""
    for n_leading in range(len(shape) + 1):
        if math.prod(shape[n_leading:]) == page_size:
            return n_leading
    return None


def _is_absent(page: Any) -> bool:  # noqa: ANN401
    """Whether a page was announced and is nowhere; tifffile marks those of cut files by an offset of 0."""
    return page is None or (len(page.dataoffsets) > 0 and not any(page.dataoffsets) and not page.is_tiled)
