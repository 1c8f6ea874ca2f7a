"""Small CZI files as the ZISRAW format lays them out: a header, pieces, a directory, a description."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

RAW, LZW, JPEG_XR, ZSTD_0, ZSTD_1 = 0, 2, 4, 5, 6
_PIXEL_TYPES = {("u1", 1): 0, ("u2", 1): 1, ("f4", 1): 2, ("u1", 3): 3, ("u2", 3): 4}


@dataclass(frozen=True)
class CziPicturePiece:
    """A piece of a plane.

    Parameters
    ----------
    pixels : ndarray of shape (M, N) or (M, N, 3)
        Colours are blue, green and red, as the format has it.
    top, left : int
    index : dict of str to int
        By axis, such as T, Z, C, S, M.
    covers : int
        Pixels of the image for one of the piece; more than 1 for a level of the pyramid.
    """

    pixels: NDArray[Any]
    top: int = 0
    left: int = 0
    index: dict[str, int] = field(default_factory=dict)
    compression: int = RAW
    covers: int = 1


@dataclass(frozen=True)
class CziPicture:
    """A file."""

    pieces: tuple[CziPicturePiece, ...]
    channels: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    pixel_size_um: float | None = None
    z_step_um: float | None = None
    increment_s: float | None = None
    stamps_s: tuple[float, ...] = ()
    part: int = 0


def write_czi(path: Path, picture: CziPicture) -> None:
    """Write a file."""
    header = bytearray(_segment("ZISRAWFILE", bytes(512)))
    content = bytearray(header)
    entries = []
    for piece in picture.pieces:
        entry = _entry(piece, len(content), picture.part and 0)
        entries.append(entry)
        data = _packed(piece)
        body = struct.pack("<iiq", 0, 0, len(data)) + entry
        content += _segment("ZISRAWSUBBLOCK", body.ljust(max(256, len(body)), b"\0") + data)
    directory = len(content)
    content += _segment(
        "ZISRAWDIRECTORY", struct.pack("<i", len(entries)).ljust(128, b"\0") + b"".join(entries)
    )
    description = len(content)
    xml = _description(picture).encode()
    content += _segment("ZISRAWMETADATA", struct.pack("<ii", len(xml), 0).ljust(256, b"\0") + xml)
    attachments = 0
    if picture.stamps_s:
        place = len(content)
        named = struct.pack("<2s10xqi16s8s80s", b"A1", place, 0, bytes(16), b"CZTIMS", b"TimeStamps")
        stamps = np.array(picture.stamps_s, "<f8").tobytes()
        body = struct.pack("<i12x", len(stamps) + 8) + named + bytes(112)
        content += _segment(
            "ZISRAWATTACH", body + struct.pack("<ii", len(stamps) + 8, len(picture.stamps_s)) + stamps
        )
        attachments = len(content)
        content += _segment("ZISRAWATTDIR", struct.pack("<i", 1).ljust(256, b"\0") + named)
    places = (directory, description, 0, attachments)
    struct.pack_into("<iiii16s16siqqiq", content, 32, 1, 0, 0, 0, bytes(16), bytes(16), picture.part, *places)
    path.write_bytes(bytes(content))


def _segment(name: str, body: bytes) -> bytes:
    size = len(body) + -len(body) % 32
    return struct.pack("<16sqq", name.encode(), size, len(body)) + body.ljust(size, b"\0")


def _entry(piece: CziPicturePiece, position: int, part: int) -> bytes:
    height, width = piece.pixels.shape[:2]
    n_samples = piece.pixels.shape[2] if piece.pixels.ndim == 3 else 1
    kind = _PIXEL_TYPES[piece.pixels.dtype.str[-2:], n_samples]
    axes = [("X", piece.left, width * piece.covers, width), ("Y", piece.top, height * piece.covers, height)]
    axes += [(name, start, 1, 1) for name, start in piece.index.items()]
    packed = struct.pack("<2siqii6xi", b"DV", kind, position, part, piece.compression, len(axes))
    return packed + b"".join(
        struct.pack("<4siifi", name.encode(), start, size, 0.0, stored) for name, start, size, stored in axes
    )


def _packed(piece: CziPicturePiece) -> bytes:
    pixels = np.ascontiguousarray(piece.pixels)
    raw = pixels.tobytes()
    if piece.compression == LZW:
        return bytes(imagecodecs.lzw_encode(raw))
    if piece.compression == JPEG_XR:
        # Colours are turned, because the codec takes them in the usual order.
        return bytes(
            imagecodecs.jpegxr_encode(np.ascontiguousarray(pixels[..., ::-1]) if pixels.ndim == 3 else pixels)
        )
    if piece.compression == ZSTD_0:
        return bytes(imagecodecs.zstd_encode(raw))
    if piece.compression == ZSTD_1:
        apart = np.frombuffer(raw, np.uint8).reshape(-1, 2).T.tobytes() if pixels.itemsize == 2 else raw
        return bytes([3, 1, int(pixels.itemsize == 2)]) + bytes(imagecodecs.zstd_encode(apart))
    return raw


def _description(picture: CziPicture) -> str:
    channels = "".join(
        f'<Channel Id="Channel:{i}" Name="{name}"/>' for i, name in enumerate(picture.channels)
    )
    scenes = "".join(f'<Scene Index="{i}" Name="{name}"/>' for i, name in enumerate(picture.scenes))
    times = (
        f"<T><Positions><Interval><Increment>{picture.increment_s}</Increment></Interval></Positions></T>"
        if picture.increment_s
        else ""
    )
    sizes = {"X": picture.pixel_size_um, "Y": picture.pixel_size_um, "Z": picture.z_step_um}
    scaling = "".join(
        f'<Distance Id="{axis}"><Value>{um * 1e-6}</Value></Distance>' for axis, um in sizes.items() if um
    )
    return (
        "<ImageDocument><Metadata><Information><Image><Dimensions>"
        f"<Channels>{channels}</Channels>{times}<S><Scenes>{scenes}</Scenes></S></Dimensions></Image></Information>"
        f"<Scaling><Items>{scaling}</Items></Scaling></Metadata></ImageDocument>"
    )
