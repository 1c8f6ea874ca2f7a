"""Directory and description of a Zeiss CZI file: where its pieces lie, read with care for what it claims.

The layout is that of the ZISRAW file format, as libCZI and czifile read it. czifile is not used: where Python
is 3.11, it knows no Zstandard; where Python is newer, its interface is another.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from dinocell_app.base.errors import UnreadableFileError

_SEGMENT = struct.Struct("<16sqq")
_HEADER = struct.Struct("<iiii16s16siqqiq")
_ENTRY = struct.Struct("<2siqii6xi")
_DIMENSION = struct.Struct("<4siifi")
_PIECE = struct.Struct("<iiq")
_DIRECTORY_BYTES, _LEAST_PIECE_BYTES = 128, 256
_ATTACHMENT = struct.Struct("<2s10xqi16s8s80s")
_ATTACHMENT_DIRECTORY_BYTES, _ATTACHMENT_BYTES = 256, 128

PIXEL_TYPES = MappingProxyType(
    {
        0: (1, "<u1"),
        1: (1, "<u2"),
        2: (1, "<f4"),
        3: (3, "<u1"),
        4: (3, "<u2"),
        8: (3, "<f4"),
        9: (4, "<u1"),
        12: (1, "<i4"),
        13: (1, "<i8"),
    }
)
"""Samples and dtype by number; 10 and 11 are complex numbers."""


@dataclass(frozen=True)
class CziEntry:
    """A piece of an image.

    Parameters
    ----------
    pixel_type, compression : int
        As the file numbers them.
    position : int
        Of its segment in the file.
    part : int
        Which file of several; 0 for this one.
    start, size, stored : dict of str to int
        By axis: where it begins, how many pixels of the image it covers and how many it has.
    """

    pixel_type: int
    compression: int
    position: int
    part: int
    start: dict[str, int]
    size: dict[str, int]
    stored: dict[str, int]


class CziDirectory:
    """What a file holds.

    Parameters
    ----------
    path : Path
        Opened until it is closed.

    Raises
    ------
    UnreadableFileError
        From here and from the methods: if the file is not laid out as it says.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._size = path, path.stat().st_size
        self._file = path.open("rb")
        try:
            self._read_header()
        except BaseException:
            self._file.close()
            raise

    def _read_header(self) -> None:
        name, data = self._segment(0)
        if name != "ZISRAWFILE":
            raise _damaged(self._path, "is no CZI file")
        header = _HEADER.unpack(self._read(data, _HEADER.size))
        self.part = int(header[6])
        self._directory, self._metadata, self._attachments = int(header[7]), int(header[8]), int(header[10])

    def entries(self) -> Iterator[CziEntry]:
        """Go through all pieces, those of lower resolution included."""
        name, data = self._segment(self._directory)
        if name != "ZISRAWDIRECTORY":
            raise _damaged(self._path, "has no directory of its pieces, as when writing was interrupted")
        (count,) = struct.unpack("<i", self._read(data, 4))
        at = data + _DIRECTORY_BYTES
        for _ in range(count):
            kind, pixel_type, position, part, compression, n_axes = _ENTRY.unpack(self._read(at, _ENTRY.size))
            if kind != b"DV" or not 0 <= n_axes <= 64:
                raise _damaged(self._path, "has a damaged directory")
            at += _ENTRY.size
            axes = list(_DIMENSION.iter_unpack(self._read(at, n_axes * _DIMENSION.size)))
            at += n_axes * _DIMENSION.size
            names = [axis[0].rstrip(b"\0").decode("latin-1") for axis in axes]
            yield CziEntry(
                pixel_type,
                compression,
                position,
                part,
                {name: axis[1] for name, axis in zip(names, axes, strict=True)},
                {name: axis[2] for name, axis in zip(names, axes, strict=True)},
                {name: axis[4] or axis[2] for name, axis in zip(names, axes, strict=True)},
            )

    def description(self) -> str:
        """Give the XML; "" where there is none."""
        if not self._metadata:
            return ""
        name, data = self._segment(self._metadata)
        if name != "ZISRAWMETADATA":
            return ""
        (length,) = struct.unpack("<i", self._read(data, 4))
        return self._read(data + 256, max(0, length)).decode("utf-8", "replace")

    def timestamps(self) -> list[float]:
        """Give the recorded times in seconds; none where there are none."""
        if not self._attachments:
            return []
        name, data = self._segment(self._attachments)
        if name != "ZISRAWATTDIR":
            return []
        (count,) = struct.unpack("<i", self._read(data, 4))
        for number in range(count):
            at = data + _ATTACHMENT_DIRECTORY_BYTES + number * _ATTACHMENT_BYTES
            found = _ATTACHMENT.unpack(self._read(at, _ATTACHMENT.size))
            if found[5].split(b"\0")[0] == b"TimeStamps":
                _, content = self._segment(found[1])
                _, n_stamps = struct.unpack("<ii", self._read(content + 256, 8))
                return [
                    float(t) for t in np.frombuffer(self._read(content + 264, 8 * max(0, n_stamps)), "<f8")
                ]
        return []

    def pixels_at(self, entry: CziEntry) -> tuple[int, int]:
        """Give the offset of a piece's pixels in the file, and their bytes as they are stored."""
        name, data = self._segment(entry.position)
        if name != "ZISRAWSUBBLOCK":
            raise _damaged(self._path, "has a piece that lies elsewhere than it says")
        n_description, _, n_pixels = _PIECE.unpack(self._read(data, _PIECE.size))
        n_entry = _ENTRY.size + _DIMENSION.size * len(entry.start)
        start = data + max(_LEAST_PIECE_BYTES, _PIECE.size + n_entry) + n_description
        if n_description < 0 or n_pixels < 0 or start + n_pixels > self._size:
            raise _damaged(self._path, "ends before its last pixel")
        return start, n_pixels

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes that are all in the file."""
        return self._read(offset, length)

    def _segment(self, position: int) -> tuple[str, int]:
        """Give the name of a segment and where its content begins."""
        name, _, _ = _SEGMENT.unpack(self._read(position, _SEGMENT.size))
        return name.rstrip(b"\0").decode("latin-1"), position + _SEGMENT.size

    def _read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self._size:
            raise _damaged(self._path, "ends before what it announces")
        self._file.seek(offset)
        content = self._file.read(length)
        if len(content) != length:
            raise _damaged(self._path, "ends before what it announces")
        return content


def _damaged(path: Path, what: str) -> UnreadableFileError:
    return UnreadableFileError(what, path=path, remedy="Copy or export it again")
