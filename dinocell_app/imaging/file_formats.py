"""Formats by suffix and by first bytes: what is taken for an image, and what a file really is."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from types import MappingProxyType


class FileFormat(Enum):
    """A family of files that one reader reads; the value is its name for people."""

    TIFF = "TIFF"
    PNG = "PNG"
    JPEG = "JPEG"
    BMP = "BMP"
    CZI = "CZI"
    LIF = "LIF"
    ND2 = "ND2"
    OME_ZARR = "OME-Zarr"
    OTHER = "other"


FORMAT_OF_SUFFIX = MappingProxyType(
    {
        ".tif": FileFormat.TIFF,
        ".tiff": FileFormat.TIFF,
        ".btf": FileFormat.TIFF,
        ".tf2": FileFormat.TIFF,
        ".tf8": FileFormat.TIFF,
        ".bif": FileFormat.TIFF,
        ".flex": FileFormat.TIFF,
        ".lsm": FileFormat.TIFF,
        ".ndpi": FileFormat.TIFF,
        ".qptiff": FileFormat.TIFF,
        ".scn": FileFormat.TIFF,
        ".stk": FileFormat.TIFF,
        ".svs": FileFormat.TIFF,
        ".png": FileFormat.PNG,
        ".jpg": FileFormat.JPEG,
        ".jpe": FileFormat.JPEG,
        ".jpeg": FileFormat.JPEG,
        ".jfif": FileFormat.JPEG,
        ".bmp": FileFormat.BMP,
        ".dib": FileFormat.BMP,
        ".czi": FileFormat.CZI,
        ".lif": FileFormat.LIF,
        ".lof": FileFormat.LIF,
        ".nd2": FileFormat.ND2,
        ".zarr": FileFormat.OME_ZARR,
    }
)
"""Suffixes, in lower case, of what a folder scan takes for an image."""

_FIRST_BYTES = (
    (b"II*\x00", FileFormat.TIFF),
    (b"MM\x00*", FileFormat.TIFF),
    (b"II+\x00", FileFormat.TIFF),
    (b"MM\x00+", FileFormat.TIFF),
    (b"\x89PNG\r\n\x1a\n", FileFormat.PNG),
    (b"\xff\xd8\xff", FileFormat.JPEG),
    (b"BM", FileFormat.BMP),
    (b"ZISRAWFILE", FileFormat.CZI),
    (b"\x70\x00\x00\x00", FileFormat.LIF),
    (b"\xda\xce\xbe\x0a", FileFormat.ND2),
    (b"\x00\x00\x00\x0cjP  ", FileFormat.ND2),
)
_ZARR_FILES = (".zgroup", ".zarray", "zarr.json")


def format_of_content(first_bytes: bytes) -> FileFormat | None:
    """Tell a format by the first bytes of a file, whatever its name.

    Parameters
    ----------
    first_bytes : bytes
        At least 16 bytes from the beginning, fewer for a shorter file.

    Returns
    -------
    FileFormat or None
        None when no reader knows them.
    """
    return next((kind for magic, kind in _FIRST_BYTES if first_bytes.startswith(magic)), None)


def is_zarr_folder(path: Path) -> bool:
    """Whether a folder is Zarr data rather than a folder of images.

    Parameters
    ----------
    path : Path
        A folder.

    Returns
    -------
    bool
        By its suffix or by the file that marks a Zarr group or array.
    """
    return path.suffix.lower() == ".zarr" or any((path / name).is_file() for name in _ZARR_FILES)
