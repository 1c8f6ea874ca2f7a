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
from dinocell_app.imaging.image_file import ImageFile, Scene
from dinocell_app.imaging.image_reader import ImageReader, reading_failures
from dinocell_app.imaging.metadata import ImageMetadata
from dinocell_app.imaging.other_formats import is_installed

__all__ = [
    "ImageFile",
    "ImageReader",
    "Scene",
    "list_scenes",
    "open_file",
    "open_image",
    "read_metadata",
    "stored_axes",
]

_FILES = MappingProxyType(
    {
        FileFormat.TIFF: ("dinocell_app.imaging.tiff", "TiffImageFile"),
        FileFormat.PNG: ("dinocell_app.imaging.raster", "RasterImageFile"),
        FileFormat.JPEG: ("dinocell_app.imaging.raster", "RasterImageFile"),
        FileFormat.BMP: ("dinocell_app.imaging.raster", "RasterImageFile"),
        FileFormat.CZI: ("dinocell_app.imaging.czi", "CziImageFile"),
        FileFormat.LIF: ("dinocell_app.imaging.lif", "LifImageFile"),
        FileFormat.ND2: ("dinocell_app.imaging.nd2", "Nd2ImageFile"),
        FileFormat.OME_ZARR: ("dinocell_app.imaging.ome_zarr", "OmeZarrImageFile"),
        FileFormat.OTHER: ("dinocell_app.imaging.other_formats", "OtherImageFile"),
    }
)
"""Where the reader of a format is: imported when the first such file is opened."""


def open_file(path: Path | str, axes: str = "") -> ImageFile:
    """Open a file as a container of images, without decoding any pixels.

    Parameters
    ----------
    path : Path or str
        A file, or the folder of an OME-Zarr image. Any member of a set of OME-TIFF files stands for the set.
    axes : str
        What the axes stored in a TIFF file are, where it says something else (`imaging.axes`), as in "YXC".

    Returns
    -------
    ImageFile
        To be used in a `with` statement.

    Raises
    ------
    UnreadableFileError
        If there is no such file or it is no image that can be read.
    MissingDependencyError
        If its format needs an optional package.
    InvalidParameterError
        If the format has no axes that could be misread.
    """
    path = Path(path)
    with reading_failures(path):
        kind = _format_of(path)
        module, name = _FILES[kind]
        if axes and kind is not FileFormat.TIFF:
            raise InvalidParameterError(
                f"is a {kind.value} file, whose axes are fixed",
                path=path,
                remedy="Leave its axes as they are",
            )
        opened = getattr(import_module(module), name)
        return cast("ImageFile", opened(path, axes) if axes else opened(path))


def list_scenes(path: Path | str, axes: str = "") -> tuple[Scene, ...]:
    """List the images of a file; arguments and errors are those of `open_file`."""
    with open_file(path, axes) as file:
        return file.scenes


def open_image(path: Path | str, axes: str = "", scene: int = 0) -> ImageReader:
    """Open one image of a file without decoding its pixels.

    Parameters
    ----------
    path, axes : Path and str
        As for `open_file`.
    scene : int
        Which image of the file, counted from 0.

    Returns
    -------
    ImageReader
        To be used in a `with` statement, which closes the file too.

    Raises
    ------
    UnreadableFileError
        If there is no such file or it is no image that can be read.
    MissingDependencyError
        If its format needs an optional package.
    InvalidParameterError
        If `axes` does not fit the file, or it holds no such image.
    """
    file = open_file(path, axes)
    try:
        reader = file.image(scene)
    except BaseException:
        file.close()
        raise
    reader.close_with(file.close)
    return reader


def stored_axes(path: Path | str, scene: int = 0) -> StoredAxes | None:
    """Read which axes an image is stored with, whatever they mean.

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
        from dinocell_app.imaging.tiff import TiffImageFile

        with TiffImageFile(path) as file:
            if scene >= len(file.scenes):
                raise UnreadableFileError("holds no image", path=path, remedy="Copy or export it again")
            return file.stored_axes(scene)


def read_metadata(path: Path | str, axes: str = "", scene: int = 0) -> ImageMetadata:
    """Read what a file says about one of its images and close it again.

    Arguments and errors are those of `open_image`.
    """
    with open_image(path, axes, scene) as reader:
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
    if found is None and path.suffix.lower() not in FORMAT_OF_SUFFIX and is_installed():
        return FileFormat.OTHER
    if found is None:
        claimed = FORMAT_OF_SUFFIX.get(path.suffix.lower())
        what = f"is no {claimed.value} file" if claimed else "is no image of a known format"
        readable = ", ".join(kind.value for kind in FileFormat if kind is not FileFormat.OTHER)
        raise UnreadableFileError(
            f"{what} (its first bytes are {first_bytes[:4].hex(' ')})",
            path=path,
            remedy=f"Copy or export it again; readable are {readable}",
        )
    return found
