"""Pieces of Zeiss CZI files unpacked: raw, LZW, JPEG, JPEG XR and both forms of Zstandard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.czi_directory import CziDirectory, CziEntry

_RAW, _JPEG, _LZW, _JPEG_XR, _ZSTD_0, _ZSTD_1 = 0, 1, 2, 4, 5, 6
_BYTES_APART = 1
"""Flag of the second form of Zstandard: low bytes of all samples come before the high ones."""


@dataclass(frozen=True)
class CziBlock:
    """A piece of one plane in full resolution.

    Parameters
    ----------
    entry : CziEntry
    top, left : int
        In pixels of the whole file.
    height, width, n_samples : int
    dtype : dtype
        Of a sample.
    """

    entry: CziEntry
    top: int
    left: int
    height: int
    width: int
    n_samples: int
    dtype: np.dtype[Any]

    @property
    def is_packed(self) -> bool:
        """Whether it can only be read as a whole."""
        return self.entry.compression != _RAW


def read_block(block: CziBlock, directory: CziDirectory, rows: range | None = None) -> NDArray[Any]:
    """Unpack a piece, or some rows of one that is not packed.

    Parameters
    ----------
    block : CziBlock
    directory : CziDirectory
        Of its file.
    rows : range, optional
        Of the piece, counted from its top.

    Returns
    -------
    ndarray of shape (M, N, S)
        Colours are red, green, blue.

    Raises
    ------
    UnreadableFileError, ValueError
        If it is packed in an unknown way, or ends too early.
    """
    start, n_bytes = directory.pixels_at(block.entry)
    row_bytes = block.width * block.n_samples * block.dtype.itemsize
    if not block.is_packed:
        rows = range(block.height) if rows is None else rows
        if n_bytes < block.height * row_bytes:
            raise ValueError("a piece of the image has fewer pixels than it declares")
        start, n_bytes = start + rows.start * row_bytes, len(rows) * row_bytes
    height = len(rows) if rows is not None else block.height
    content = directory.read(start, n_bytes)
    pixels = _unpacked(content, block, (height, block.width, block.n_samples))
    if block.n_samples >= 3 and block.entry.compression not in (_JPEG, _JPEG_XR):
        return pixels[..., [2, 1, 0]]  # stored as blue, green, red
    return pixels


def _unpacked(content: bytes, block: CziBlock, shape: tuple[int, int, int]) -> NDArray[Any]:
    import imagecodecs

    n_bytes = shape[0] * shape[1] * shape[2] * block.dtype.itemsize
    raw: bytes | bytearray
    if block.entry.compression in (_JPEG, _JPEG_XR):
        # The place is made here, so that a damaged header cannot ask for another size.
        out = np.empty(shape if shape[2] > 1 else shape[:2], block.dtype)
        decode = imagecodecs.jpeg8_decode if block.entry.compression == _JPEG else imagecodecs.jpegxr_decode
        return np.asarray(decode(content, out=out)).reshape(shape)
    if block.entry.compression == _RAW:
        raw = content
    elif block.entry.compression == _LZW:
        raw = imagecodecs.lzw_decode(content, out=n_bytes)
    elif block.entry.compression == _ZSTD_0:
        raw = imagecodecs.zstd_decode(content, out=n_bytes)
    elif block.entry.compression == _ZSTD_1:
        header, is_apart = _second_header(content)
        raw = imagecodecs.zstd_decode(content[header:], out=n_bytes)
        if is_apart:
            raw = np.frombuffer(raw, np.uint8).reshape(2, -1).T.tobytes()
    else:
        raise ValueError(f"a piece of the image is packed in an unknown way ({block.entry.compression})")
    if len(raw) != n_bytes:
        raise ValueError("a piece of the image has fewer pixels than it declares")
    return np.frombuffer(raw, block.dtype).reshape(shape)


def _second_header(content: bytes) -> tuple[int, bool]:
    """Length of what stands before the packed bytes, and whether low and high bytes are apart."""
    length = content[0] if content else 0
    if length == 1:
        return 1, False
    if length == 3 and len(content) > 3 and content[1] == 1:
        return 3, bool(content[2] & _BYTES_APART)
    raise ValueError("a piece of the image is packed in an unknown way (header of Zstandard)")
