"""Small LIF files as Leica's software lays them out: a description in XML, then a block for each image.

The layout is that of Leica's "LAS AF file format" as liffile and Bio-Formats read it: blocks begin with 0x70
and their length, fields with 0x2A, texts are UTF-16.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILETIME = 130_000_000_000_000_000
"""Some day, in steps of 100 ns."""


@dataclass(frozen=True)
class LifPicture:
    """One image.

    Parameters
    ----------
    name : str
    pixels : ndarray with axes T, Z, C, Y, X
        With `is_colour`, C are blue, green and red, stored pixel by pixel. With `n_tiles`, T is the mosaic.
    channels : tuple of str
        Look-up tables.
    """

    name: str
    pixels: NDArray[Any]
    channels: tuple[str, ...]
    pixel_size_um: float = 0.5
    is_colour: bool = False
    is_mosaic: bool = False
    axes: tuple[int, int] = (1, 2)
    stamps_s: tuple[float, ...] = ()
    dyes: tuple[str, ...] = field(default=())


def write_lif(path: Path, *images: LifPicture) -> None:
    """Write images into one file."""
    elements = "".join(_element(number + 1, image) for number, image in enumerate(images))
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="library"><Data><Experiment/></Data>'
        f'<Memory Size="0" MemoryBlockID="MemBlock_0"/><Children>{elements}</Children></Element>'
        "</LMSDataContainerHeader>"
    )
    blocks = [
        _memory(f"MemBlock_{number + 1}", _stored(image).tobytes()) for number, image in enumerate(images)
    ]
    path.write_bytes(_description(xml) + _memory("MemBlock_0", b"") + b"".join(blocks))


def _stored(image: LifPicture) -> NDArray[Any]:
    return np.ascontiguousarray(np.moveaxis(image.pixels, 2, -1) if image.is_colour else image.pixels)


def _element(number: int, image: LifPicture) -> str:
    n_times, n_slices, n_channels, height, width = image.pixels.shape
    item = image.pixels.itemsize
    plane = height * width * item
    pixel = n_channels * item if image.is_colour else item
    slices = n_channels * plane
    channels = "".join(
        f'<ChannelDescription DataType="{int(image.pixels.dtype.kind == "f")}" Resolution="{8 * item}" '
        f'ChannelTag="{3 - index if image.is_colour else 0}" LUTName="{name}" IsLUTInverted="0" '
        f'NameOfMeasuredQuantity="" Min="0" Max="255" Unit="" BitInc="0" '
        f'BytesInc="{index * (item if image.is_colour else plane)}">'
        + (
            f"<ChannelProperty><Key>DyeName</Key><Value>{image.dyes[index]}</Value></ChannelProperty>"
            if image.dyes
            else ""
        )
        + "</ChannelDescription>"
        for index, name in enumerate(image.channels)
    )
    metre = image.pixel_size_um * 1e-6
    first, second = image.axes
    axes = (
        (first, width, (width - 1) * metre, "m", pixel),
        (second, height, (height - 1) * metre, "m", pixel * width),
        (3, n_slices, -(n_slices - 1) * 1e-6, "m", slices),
        (10 if image.is_mosaic else 4, n_times, (n_times - 1) * 60.0, "s", n_slices * slices),
    )
    dimensions = "".join(
        f'<DimensionDescription DimID="{axis}" NumberOfElements="{count}" Origin="0" Length="{length}" '
        f'Unit="{unit}" BytesInc="{step}" BitInc="0"/>'
        for axis, count, length, unit, step in axes
    )
    stamps = " ".join(f"{FILETIME + round(1e7 * second):x}" for second in image.stamps_s)
    times = (
        f'<TimeStampList NumberOfTimeStamps="{len(image.stamps_s)}">{stamps}</TimeStampList>'
        if stamps
        else ""
    )
    return (
        f'<Element Name="{image.name}"><Data><Image><ImageDescription><Channels>{channels}</Channels>'
        f"<Dimensions>{dimensions}</Dimensions></ImageDescription>{times}</Image></Data>"
        f'<Memory Size="{image.pixels.nbytes}" MemoryBlockID="MemBlock_{number}"/><Children/></Element>'
    )


def _description(xml: str) -> bytes:
    body = struct.pack("<Bi", 0x2A, len(xml)) + xml.encode("utf-16-le")
    return struct.pack("<ii", 0x70, len(body)) + body


def _memory(name: str, content: bytes) -> bytes:
    body = struct.pack("<BqBi", 0x2A, len(content), 0x2A, len(name)) + name.encode("utf-16-le")
    return struct.pack("<ii", 0x70, len(body)) + body + content
