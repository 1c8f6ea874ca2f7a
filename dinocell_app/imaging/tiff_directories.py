"""The chain of directories in a TIFF file, walked to notice half copies before anything is read."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_METADATA_TAGS = (270, 50838, 50839)
"""ImageDescription and ImageJ's two: where axes, channel names and pixel sizes are."""

_BYTES_OF_TYPE = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
"""Bytes of one value by the type code of a tag (TIFF 6.0, page 15, and BigTIFF)."""


@dataclass(frozen=True)
class _Layout:
    """Formats of the numbers in classic TIFF, BigTIFF, or what Hamamatsu makes of classic TIFF."""

    first_link: int
    inline: int
    count: struct.Struct
    entry: struct.Struct
    link: struct.Struct


def directories_are_whole(path: Path) -> bool:
    """Whether all pages and their descriptions lie inside the file, as they do not in half a copy.

    Parameters
    ----------
    path : Path
        A TIFF file.

    Returns
    -------
    bool
        False when a page, or the text that names its axes, is announced beyond the end of the file.

    Notes
    -----
    tifffile gives the pages that it finds; the rest of a stack would be missing without a word.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(16)
        layout = _layout(header, path)
        if len(header) < layout.first_link + layout.link.size:
            return False
        (offset,) = layout.link.unpack_from(header, layout.first_link)
        seen = set()
        n_read = 0
        while offset:
            if offset in seen:  # round in a circle, which the library would go for ever
                return False
            seen.add(offset)
            found = _next_directory(file, offset, layout, size)
            if found is None:
                return False
            offset, n_bytes = found
            n_read += n_bytes
            if n_read > size:  # they lie over each other, as in a file that is made to be read for ever
                return False
    return True


def first_description(path: Path, most_bytes: int = 64 << 20) -> str:
    """Read the description of the first page, without opening the file as an image.

    Returns
    -------
    str
        "" where there is none, or the file is damaged or no TIFF.
    """
    with path.open("rb") as file:
        header = file.read(16)
        if header[:4] not in _MAGIC:
            return ""
        layout = _layout(header, path)
        try:
            (offset,) = layout.link.unpack_from(header, layout.first_link)
            file.seek(offset)
            (n_entries,) = layout.count.unpack(file.read(layout.count.size))
            for tag, _, count, value in layout.entry.iter_unpack(file.read(n_entries * layout.entry.size)):
                if tag == _DESCRIPTION and layout.inline < count <= most_bytes:
                    file.seek(value)
                    return file.read(count).rstrip(b"\x00").decode("utf-8", "replace")
        except (OverflowError, OSError, struct.error, ValueError):
            return ""
    return ""


_NDPI = ".ndpi"
"""Slides of Hamamatsu, whose links have 64 bits; tifffile knows them by this, too."""
_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_DESCRIPTION = 270


def _layout(header: bytes, path: Path) -> _Layout:
    order = "<" if header[:2] == b"II" else ">"
    is_big = b"+" in header[2:4]
    count, entry, link = ("Q", "HHQQ", "Q") if is_big else ("H", "HHII", "I")
    if path.suffix.lower() == _NDPI and not is_big:
        link = "Q"
    return _Layout(
        first_link=8 if is_big else 4,
        inline=8 if is_big else 4,
        count=struct.Struct(order + count),
        entry=struct.Struct(order + entry),
        link=struct.Struct(order + link),
    )


def _next_directory(file: BinaryIO, offset: int, layout: _Layout, size: int) -> tuple[int, int] | None:
    """Give the offset of the following directory, 0 after the last, and the bytes of this one.

    None when it is cut off.
    """
    if offset + layout.count.size > size:
        return None
    file.seek(offset)
    (n_entries,) = layout.count.unpack(file.read(layout.count.size))
    n_bytes = n_entries * layout.entry.size
    if offset + layout.count.size + n_bytes + layout.link.size > size:
        return None
    for tag, kind, count, value_offset in layout.entry.iter_unpack(file.read(n_bytes)):
        n_value_bytes = count * _BYTES_OF_TYPE[kind] if kind < len(_BYTES_OF_TYPE) else 0
        is_elsewhere = n_value_bytes > layout.inline
        if tag in _METADATA_TAGS and is_elsewhere and value_offset + n_value_bytes > size:
            return None
    (following,) = layout.link.unpack(file.read(layout.link.size))
    return int(following), n_bytes
