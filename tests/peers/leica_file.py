"""A small LIF file as Leica's software lays it out: an XML description, then one block of memory an image.

The layout is that of Leica's "LAS AF file format" as the package `readlif` and Bio-Formats read it: blocks
begin with 0x70 and their length, fields with 0x2A, texts are UTF-16.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_IMAGE = """\
<LMSDataContainerHeader Version="2"><Element Name="library"><Data><Experiment/></Data>
<Memory Size="0" MemoryBlockID="MemBlock_0"/><Children><Element Name="Series1"><Data><Image><ImageDescription>
<Channels>{channels}</Channels><Dimensions>{dimensions}</Dimensions></ImageDescription></Image></Data>
<Memory Size="{size}" MemoryBlockID="MemBlock_1"/><Children/></Element></Children></Element>
</LMSDataContainerHeader>"""


def write_lif(
    path: Path, pixels: NDArray[np.uint16], channels: tuple[str, ...], pixel_size_um: float
) -> None:
    """Write one image with axes T, Z, C, Y, X."""
    n_times, n_slices, n_channels, height, width = pixels.shape
    plane = height * width * 2
    described = "".join(
        f'<ChannelDescription DataType="0" Resolution="16" LUTName="{name}" BytesInc="{index * plane}"/>'
        for index, name in enumerate(channels)
    )
    metre = pixel_size_um * 1e-6
    axes = (
        (1, width, (width - 1) * metre, "m", 2),
        (2, height, (height - 1) * metre, "m", 2 * width),
        (3, n_slices, (n_slices - 1) * 1e-6, "m", n_channels * plane),
        (4, n_times, (n_times - 1) * 60.0, "s", n_slices * n_channels * plane),
    )
    dimensions = "".join(
        f'<DimensionDescription DimID="{axis}" NumberOfElements="{count}" Origin="0" Length="{length}" '
        f'Unit="{unit}" BytesInc="{step}"/>'
        for axis, count, length, unit, step in axes
    )
    xml = _IMAGE.format(channels=described, dimensions=dimensions, size=pixels.nbytes)
    path.write_bytes(
        _description(xml) + _memory("MemBlock_0", b"") + _memory("MemBlock_1", pixels.astype("<u2").tobytes())
    )


def _description(xml: str) -> bytes:
    body = struct.pack("<Bi", 0x2A, len(xml)) + xml.encode("utf-16-le")
    return struct.pack("<ii", 0x70, len(body)) + body


def _memory(name: str, content: bytes) -> bytes:
    body = struct.pack("<BqBi", 0x2A, len(content), 0x2A, len(name)) + name.encode("utf-16-le")
    return struct.pack("<ii", 0x70, len(body)) + body + content
