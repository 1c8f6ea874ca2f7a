"""Open any image file: the reader is chosen by what the file contains, not by its name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import cast

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.imaging.axes import StoredAxes
from dinocell_app.imaging.file_formats import (
    FORMAT_OF_SUFFIX,
    FileFormat,
    format_of_content,
    is_zarr_folder,
)
from dinocell_app.imaging.image_reader import ImageReader, reading_failures
from dinocell_app.imaging.metadata import ImageMetadata

__all__ = ["ImageReader", "open_image", "read_metadata", "stored_axes"]

_READERS = MappingProxyType(
    {
        FileFormat.TIFF: ("dinocell_app.imaging.tiff", "TiffReader"),
        FileFormat.PNG: ("dinocell_app.imaging.raster", "RasterReader"),
        FileFormat.JPEG: ("dinocell_app.imaging.raster", "RasterReader"),
        FileFormat.BMP: ("dinocell_app.imaging.raster", "RasterReader"),
        FileFormat.CZI: ("dinocell_app.imaging.vendor", "CziReader"),
        FileFormat.LIF: ("dinocell_app.imaging.vendor", "LifReader"),
        FileFormat.ND2: ("dinocell_app.imaging.vendor", "Nd2Reader"),
        FileFormat.OME_ZARR: ("dinocell_app.imaging.ome_zarr", "OmeZarrReader"),
    }
)
"""Where the reader of a format is: imported when the first such file is opened."""


def open_image(path: Path | str, axes: str = "") -> ImageReader:
    """Open an image file without decoding its pixels.

    Parameters
    ----------
    path : Path or str
        A file, or the folder of an OME-Zarr image.
    axes : str
        What the axes stored in a TIFF file are, where it says something else (`imaging.axes`), as in "YXC".

    Returns
    -------
    ImageReader
        To be used in a `with` statement.

    Raises
    ------
    UnreadableFileError
        If there is no such file or it is no image that can be read.
    MissingDependencyError
        If its format needs an optional package.
    InvalidParameterError
        If `axes` does not fit the file.
    """
    path = Path(path)
    with reading_failures(path):
        kind = _format_of(path)
        module, reader = _READERS[kind]
        opened = getattr(import_module(module), reader)
        if not axes:
            return cast("ImageReader", opened(path))
        if kind is not FileFormat.TIFF:
            raise InvalidParameterError(
                f"is a {kind.value} file, whose axes are fixed",
                path=path,
                remedy="Leave its axes as they are",
            )
        return cast("ImageReader", opened(path, axes))


def stored_axes(path: Path | str) -> StoredAxes | None:
    """Read which axes a file stores, whatever they mean.

    Returns
    -------
    StoredAxes or None
        None for formats whose axes cannot be misread.

    Raises
    ------
    UnreadableFileError
        If it is no image that can be read.
    """
    path = Path(path)
    with reading_failures(path):
        if _format_of(path) is not FileFormat.TIFF:
            return None
        from dinocell_app.imaging.tiff_opening import opened_tiff

        with opened_tiff(path) as tiff:
            if not tiff.series:
                raise UnreadableFileError("holds no image", path=path, remedy="Copy or export it again")
            series = tiff.series[0]
            return StoredAxes(series.axes, tuple(series.shape))


def read_metadata(path: Path | str, axes: str = "") -> ImageMetadata:
    """Read what a file says about itself and close it again.

    Parameters
    ----------
    path : Path or str
        A file, or the folder of an OME-Zarr image.
    axes : str
        As for `open_image`.

    Returns
    -------
    ImageMetadata
        Axes, depth, channel names and pixel size.

    Raises
    ------
    UnreadableFileError
        As `open_image`.
    """
    with open_image(path, axes) as reader:
        return reader.metadata


def _format_of(path: Path) -> FileFormat:
    if path.is_dir():
        if is_zarr_folder(path):
            return FileFormat.OME_ZARR
        raise UnreadableFileError(
            "is a folder, not an image", path=path, remedy="Name the image files inside it"
        )
    with path.open("rb") as file:
        first_bytes = file.read(16)
    if not first_bytes:
        raise UnreadableFileError("is empty (0 bytes)", path=path, remedy="Copy or export it again")
    found = format_of_content(first_bytes)
    if found is None:
        claimed = FORMAT_OF_SUFFIX.get(path.suffix.lower())
        what = f"is no {claimed.value} file" if claimed else "is no image of a known format"
        readable = ", ".join(kind.value for kind in FileFormat)
        raise UnreadableFileError(
            f"{what} (its first bytes are {first_bytes[:4].hex(' ')})",
            path=path,
            remedy=f"Copy or export it again; readable are {readable}",
        )
    return found
