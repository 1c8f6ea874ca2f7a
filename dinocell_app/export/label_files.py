"""Label images as files: written as TIFF with the pixel size, read from what other programs write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError, UserFacingError
from dinocell_app.export.cellpose_files import read_cellpose_seg
from dinocell_app.export.label_arrays import labels_from_array
from dinocell_app.export.labelled_image import LabelledImage, compact_labels
from dinocell_app.export.writing import whole_file
from dinocell_app.imaging.file_formats import FileFormat, format_of_content
from dinocell_app.imaging.image_reader import check_declared_size
from dinocell_app.imaging.reading import open_image
from dinocell_app.imaging.tiff_opening import check_pieces, opened_tiff

_CLASSIC_TIFF_LIMIT = 2**32 - 2**25  # bytes; ImageJ's variant has no BigTIFF
_TIFF_SUFFIXES = {".tif", ".tiff", ".btf", ".tf8"}
_PICTURES = (FileFormat.PNG, FileFormat.JPEG, FileFormat.BMP)
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_GREY, _PNG_PALETTE = b"\x00", b"\x03"  # colour types in the header
_SPREADS = {2: 85, 4: 17}


def write_labels(path: Path, image: LabelledImage) -> None:
    """Write labels as a TIFF that carries the pixel size.

    Up to label 65,535 the file is an uint16 ImageJ TIFF (resolution in pixels per um, unit um), above an
    uint32 OME-TIFF (PhysicalSizeX and PhysicalSizeY in µm). Both are compressed with deflate. A picture
    without cells gives an image of zeros.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    image : LabelledImage
        Labels and pixel size are used.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    labels = compact_labels(image.labels)
    imagej = labels.dtype == np.uint16 and labels.nbytes < _CLASSIC_TIFF_LIMIT and labels.size > 0
    metadata: dict[str, Any] = {"axes": "YX"}
    if image.pixel_size_um is not None:
        if imagej:
            metadata["unit"] = "um"
        else:
            for axis in "XY":
                metadata[f"PhysicalSize{axis}"] = image.pixel_size_um
                metadata[f"PhysicalSize{axis}Unit"] = "µm"
    per_um = None if image.pixel_size_um is None else (1 / image.pixel_size_um, 1 / image.pixel_size_um)
    with whole_file(path) as beside:
        tifffile.imwrite(
            beside,
            labels,
            imagej=imagej,
            ome=not imagej,
            bigtiff=labels.nbytes >= _CLASSIC_TIFF_LIMIT,
            photometric="minisblack",
            compression="zlib",
            resolution=per_um if imagej else None,
            metadata=metadata,
        )


def read_labels(path: Path) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Read a label image made here or elsewhere.

    TIFF, PNG and other pictures, `.npy` arrays and Cellpose's `_seg.npy`. Floating-point masks are taken
    when every value is a whole number, colour pictures when the channels are equal, palette pictures by
    their indices.

    Parameters
    ----------
    path : Path
        The file to read.

    Returns
    -------
    ndarray of shape (M, N), uint16 or uint32
        0 is background; ids as in the file.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read, is a stack or a coloured picture, or has values that cannot be ids.
    """
    path = Path(path)
    if path.name.endswith("_seg.npy"):
        return read_cellpose_seg(path).labels
    return labels_from_array(_read_values(path), path)


def _read_values(path: Path) -> NDArray[Any]:
    try:
        return _read_array(path)
    except UserFacingError:
        raise
    # The image libraries raise anything for damaged files.
    except Exception as error:
        detail = " ".join(str(error).split())[:160]
        raise UnreadableFileError(
            f"the label image cannot be read ({detail})", path=path, remedy="Check that it opens elsewhere"
        ) from error


def read_label_stack(path: Path, n_planes: int) -> list[NDArray[np.uint16] | NDArray[np.uint32]] | None:
    """Read a file with labels of several planes.

    Parameters
    ----------
    n_planes : int
        So many planes the image has.

    Returns
    -------
    list of ndarray of shape (M, N), or None
        In the order of the file; None where it holds another number of planes than the image.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read or its values cannot be labels.
    """
    if path.suffix.lower() not in (*_TIFF_SUFFIXES, ".npy") or path.name.endswith("_seg.npy"):
        return None
    values = _read_values(path)
    if values.ndim < 3 or int(np.prod(values.shape[:-2])) != n_planes:
        return None
    return [labels_from_array(plane, path) for plane in values.reshape(n_planes, *values.shape[-2:])]


def read_tiff(path: Path) -> NDArray[Any]:
    """Read the first series of a TIFF file whole, after what it claims was looked at.

    Returns
    -------
    ndarray
        As stored.

    Raises
    ------
    UnreadableFileError
        If it claims more than it can hold. Other damage raises whatever the codecs raise.
    """
    with opened_tiff(path) as tiff:
        if not tiff.series:
            raise ValueError("it holds no image")
        series = tiff.series[0]
        check_declared_size(path, series.shape, series.dtype)
        check_pieces(path, series.keyframe, series.keyframe.shape)
        return np.asarray(series.asarray())


def _read_array(path: Path) -> NDArray[Any]:
    if path.suffix.lower() == ".npy":
        # Mapped first: a file that is shorter than its header says is found before memory is taken.
        return np.array(npy_format.open_memmap(path, mode="r"))
    with path.open("rb") as file:
        kind = format_of_content(file.read(16))
    if path.suffix.lower() in _TIFF_SUFFIXES or kind is FileFormat.TIFF:
        return read_tiff(path)
    if kind not in _PICTURES:
        raise ValueError("it is damaged or no picture")
    with open_image(path):
        content = np.fromfile(path, np.uint8)  # what it declares was found to be possible
    if content[:8].tobytes() == _PNG_MAGIC and content[25:26].tobytes() == _PNG_PALETTE:
        import imageio.v3 as iio

        # Such pictures hold the label as the index; converted to colours it would be lost.
        return np.asarray(iio.imread(path, plugin="pillow", mode="P"))
    picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ValueError("it is damaged or no picture")
    return np.asarray(picture) // _spread(content)


def _spread(content: NDArray[np.uint8]) -> int:
    """Give the factor by which grey values of a PNG of 2 or 4 bits were spread over 8; 1 for others."""
    header = content[:26].tobytes()
    is_grey = header[:8] == _PNG_MAGIC and header[25:26] == _PNG_GREY
    return _SPREADS.get(header[24], 1) if is_grey else 1
