"""Pieces of Zeiss CZI files unpacked: raw, LZW, JPEG, JPEG XR and both forms of Zstandard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_RAW, _JPEG, _LZW, _JPEG_XR, _ZSTD_0, _ZSTD_1 = 0, 1, 2, 4, 5, 6
_BYTES_APART = 1
"""Flag of the second form of Zstandard: low bytes of all samples come before the high ones."""


@dataclass(frozen=True)
class CziBlock:
    """A piece of one plane in full resolution.

    Parameters
    ----------
    entry : czifile.DirectoryEntryDV
    top, left : int
        In pixels of the whole file.
    height, width, n_samples : int
    dtype : dtype
        Of a sample.
    """

    entry: Any
    top: int
    left: int
    height: int
    width: int
    n_samples: int
    dtype: np.dtype[Any]

    @property
    def compression(self) -> int:
        """As the file numbers it; 0 for none."""
        return int(self.entry.compression)


def read_block(block: CziBlock, file: BinaryIO, size: int, rows: range | None = None) -> NDArray[Any]:
    """Unpack a piece, or some rows of one that is not packed.

    Parameters
    ----------
    block : CziBlock
    file : binary file
    size : int
        Of the file.
    rows : range, optional
        Of the piece, counted from its top; only for compression 0.

    Returns
    -------
    ndarray of shape (M, N, S)
        Colours are red, green, blue.

    Raises
    ------
    ValueError
        If it is packed in an unknown way, or ends too early.
    """
    segment = block.entry.data_segment()
    start, n_bytes = int(segment.data_offset), int(segment.data_size)
    if n_bytes < 0 or start + n_bytes > size:
        raise ValueError("a piece of the image lies beyond the end of the file")
    row_bytes = block.width * block.n_samples * block.dtype.itemsize
    rows = range(block.height) if rows is None else rows
    file.seek(start + rows.start * row_bytes if block.compression == _RAW else start)
    content = file.read(len(rows) * row_bytes if block.compression == _RAW else n_bytes)
    shape = (len(rows), block.width, block.n_samples)
    pixels = _unpacked(content, block, shape)
    if block.n_samples >= 3 and block.compression not in (_JPEG, _JPEG_XR):
        return pixels[..., [2, 1, 0]]  # stored as blue, green, red
    return pixels


def _unpacked(content: bytes, block: CziBlock, shape: tuple[int, int, int]) -> NDArray[Any]:
    import imagecodecs

    n_bytes = shape[0] * shape[1] * shape[2] * block.dtype.itemsize
    raw: bytes | bytearray
    if block.compression in (_JPEG, _JPEG_XR):
        # The place is made here, so that a damaged header cannot ask for another size.
        out = np.empty(shape if shape[2] > 1 else shape[:2], block.dtype)
        decode = imagecodecs.jpeg8_decode if block.compression == _JPEG else imagecodecs.jpegxr_decode
        return np.asarray(decode(content, out=out)).reshape(shape)
    if block.compression == _RAW:
        raw = content
    elif block.compression == _LZW:
        raw = imagecodecs.lzw_decode(content, out=n_bytes)
    elif block.compression == _ZSTD_0:
        raw = imagecodecs.zstd_decode(content, out=n_bytes)
    elif block.compression == _ZSTD_1:
        header, is_apart = _second_header(content)
        raw = imagecodecs.zstd_decode(content[header:], out=n_bytes)
        if is_apart:
            raw = np.frombuffer(raw, np.uint8).reshape(2, -1).T.tobytes()
    else:
        raise ValueError(f"a piece of the image is packed in an unknown way ({block.compression})")
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
