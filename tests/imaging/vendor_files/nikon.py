"""Small ND2 files as Nikon's software lays them out: named chunks, and a map of them at the end.

The layout is that which the package nd2 reads: values are written in Nikon's "CLX lite" form.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x0ABECEDA
_LOOPS = {"T": 1, "P": 2, "Z": 4}


@dataclass(frozen=True)
class Nd2Picture:
    """A file.

    Parameters
    ----------
    frames : ndarray
        With the axes of `loops`, then C, Y, X and S; S are blue, green and red, or 1.
    loops : str
        Letters of T, P and Z, the outermost first.
    channels : tuple of str
    written : range or None
        Frames that are in the file; None for all.
    """

    frames: NDArray[Any]
    loops: str
    channels: tuple[str, ...]
    pixel_size_um: float | None = 0.25
    z_step_um: float = 2.0
    period_ms: float = 1500.0
    acquired_ms: tuple[float, ...] = ()
    positions: tuple[str, ...] = ()
    written: range | None = None
    is_packed: bool = False


def write_nd2(path: Path, picture: Nd2Picture) -> None:
    """Write a file of version 3."""
    n_channels, height, width, n_samples = picture.frames.shape[len(picture.loops) :]
    frames = picture.frames.reshape(-1, n_channels, height, width, n_samples)
    n_components, item = n_channels * n_samples, picture.frames.itemsize
    attributes = {
        "uiWidth": width,
        "uiWidthBytes": width * n_components * item,
        "uiHeight": height,
        "uiComp": n_components,
        "uiBpcInMemory": 8 * item,
        "uiBpcSignificant": 8 * item,
        "uiSequenceCount": len(frames if picture.written is None else picture.written),
        "eCompression": 0 if picture.is_packed else 2,
    }
    planes = {
        f"a{index}": {
            "uiCompCount": n_samples,
            "uiSampleIndex": index,
            "sDescription": name,
            "uiColor": 0xFFFFFF,
            "pFluorescentProbe": {"m_sName": name},
        }
        for index, name in enumerate(picture.channels)
    }
    described = {
        "bCalibrated": picture.pixel_size_um is not None,
        "dCalibration": picture.pixel_size_um or 1.0,
        "sPicturePlanes": {"uiCount": n_channels, "uiCompCount": n_components, "sPlaneNew": planes},
    }
    chunks = {
        "ImageAttributesLV!": _level("SLxImageAttributes", attributes),
        "ImageMetadataSeqLV|0!": _level("SLxPictureMetadata", described),
        "ImageTextInfoLV!": _level("SLxImageTextInfo", {"TextInfoItem_9": "a day"}),
    }
    if picture.loops:
        chunks["ImageMetadataLV!"] = _level("SLxExperiment", _experiment(picture, picture.loops))
    if picture.acquired_ms:
        chunks["CustomData|AcqTimesCache!"] = np.array(picture.acquired_ms, "<f8").tobytes()
    written = range(len(frames)) if picture.written is None else picture.written
    for number in written:
        pixels = np.ascontiguousarray(np.moveaxis(frames[number], 0, 2)).tobytes()
        packed = zlib.compress(pixels) if picture.is_packed else pixels
        chunks[f"ImageDataSeq|{number}!"] = bytes(8) + packed
    _write(path, chunks)


def _experiment(picture: Nd2Picture, loops: str) -> dict[str, Any]:
    kind = loops[0]
    count = picture.frames.shape[picture.loops.index(kind)]
    parameters: dict[str, Any] = {"uiCount": count}
    if kind == "T":
        parameters |= {"dStart": 0.0, "dPeriod": picture.period_ms, "dDuration": 0.0}
    elif kind == "Z":
        parameters |= {"dZStep": picture.z_step_um, "dZLow": 0.0, "dZHigh": picture.z_step_um * (count - 1)}
    else:
        parameters["Points"] = {
            f"i{index:010}": {"dPosX": 10.0 * index, "dPosY": 0.0, "dPosName": name}
            for index, name in enumerate(picture.positions)
        }
    level: dict[str, Any] = {"eType": _LOOPS[kind], "uLoopPars": parameters}
    if loops[1:]:
        level["ppNextLevelEx"] = {"i0000000000": _experiment(picture, loops[1:])}
    return level


def _write(path: Path, chunks: dict[str, bytes]) -> None:
    content = bytearray(
        struct.pack("<IIQ32s64s", MAGIC, 32, 64, b"ND2 FILE SIGNATURE CHUNK NAME01!", b"Ver3.0")
    )
    places = {}
    for name, data in chunks.items():
        content += bytes(-len(content) % 4096)
        places[name] = len(content), len(data)
        padded = name.encode().ljust(4072, b"\0")  # so that pixels begin at a multiple of 4096
        content += struct.pack("<IIQ", MAGIC, len(padded), len(data)) + padded + data
    content += bytes(-len(content) % 4096)
    start = len(content)
    listed = b"".join(name.encode() + struct.pack("<QQ", *place) for name, place in places.items())
    listed += b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<QQ", 0, start)
    signature = b"ND2 FILEMAP SIGNATURE NAME 0001!"
    content += struct.pack("<IIQ", MAGIC, len(signature), len(listed)) + signature + listed
    content += b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<Q", start)
    path.write_bytes(bytes(content))


def _level(name: str, values: dict[str, Any]) -> bytes:
    """Write a mapping: its header, its values, and where each begins."""
    items = [_item(key, value) for key, value in values.items()]
    head = _head(11, name)
    length = len(head) + 12 + sum(map(len, items))
    offsets, at = [], len(head) + 12
    for item in items:
        offsets.append(struct.pack("<Q", at))
        at += len(item)
    return head + struct.pack("<IQ", len(items), length) + b"".join(items) + b"".join(offsets)


def _item(name: str, value: Any) -> bytes:
    if isinstance(value, dict):
        return _level(name, value)
    if isinstance(value, bool):
        return _head(1, name) + struct.pack("<B", value)
    if isinstance(value, int):
        return _head(3, name) + struct.pack("<I", value)
    if isinstance(value, float):
        return _head(6, name) + struct.pack("<d", value)
    return _head(8, name) + str(value).encode("utf-16-le") + b"\0\0"


def _head(kind: int, name: str) -> bytes:
    return struct.pack("<BB", kind, len(name) + 1) + name.encode("utf-16-le") + b"\0\0"
