"""Leica LIF and LOF through liffile; the places of planes follow from steps in bytes that the file names."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.image_file import ImageFile
from dinocell_app.imaging.image_reader import ImageReader, check_declared_size, check_plane_count
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.pixel_size import length_um, square_pixel_um

_COLUMNS, _ROWS, _SLICES, _TIMES, _TILES = 1, 2, 3, 4, 10
_AXES = {1: "x", 2: "y", 3: "z", 4: "t", 5: "emission wavelength", 6: "rotation", 9: "excitation wavelength"}
_RED, _BLUE = 1, 3
_TICKS = 10_000_000
"""Windows counts time in steps of 100 ns."""


@dataclass(frozen=True)
class LifAxis:
    """A dimension of an image.

    Parameters
    ----------
    kind : int
        1 to 4 are x, y, z and t, 10 the tiles of a mosaic.
    count : int
    step : int
        Bytes from one to the next.
    spacing : float
        From one to the next, in `unit`; 0 when unknown.
    unit : str
    """

    kind: int
    count: int
    step: int
    spacing: float
    unit: str


@dataclass(frozen=True)
class LifChannel:
    """A channel of an image.

    Parameters
    ----------
    name : str
        Its dye, else its look-up table.
    dtype : dtype
    offset : int
        Bytes from the first channel.
    tag : int
        1, 2, 3 for red, green and blue; 0 otherwise.
    """

    name: str
    dtype: np.dtype[Any]
    offset: int
    tag: int


@dataclass(frozen=True)
class LifElement:
    """One image, or one tile of a mosaic.

    Parameters
    ----------
    name : str
        Folders, image and tile.
    element : Element
    tile : int
        Counted from 0; 0 also where there are none.
    """

    name: str
    element: ElementTree.Element
    tile: int


class LifImageFile(ImageFile):
    """The images of a Leica file; tiles of a mosaic that Leica's program has not merged are images, too.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        import liffile

        self._file = liffile.LifFile(path)
        try:
            self._elements = [
                LifElement(f"{name} tile {tile + 1}" if n_tiles > 1 else name, element, tile)
                for name, element in _images(self._file.xml_element)
                for n_tiles in [_count_tiles(path, element)]
                for tile in range(n_tiles)
            ]
        except BaseException:
            self._file.close()
            raise
        super().__init__(path, [image.name for image in self._elements])

    def _open(self, scene: int) -> ImageReader:
        return LifReader(self, self._file, self._elements[scene], scene)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class LifReader(ImageReader):
    """One image, mapped into memory; scans without rows or columns are refused.

    Parameters
    ----------
    file : ImageFile
    container : liffile.LifFile
    image : LifElement
    scene : int
        Its index in the file.
    """

    def __init__(self, file: ImageFile, container: Any, image: LifElement, scene: int) -> None:  # noqa: ANN401
        path, element = file.path, image.element
        if element.find("./Data/SingleMoleculeDetection") is not None:
            raise _unsupported(path, image, "holds photon counts (FLIM)")
        self._axes = axes = _axes(element)
        self._channels = channels = _in_display_order(_channels(element))
        if not channels:
            raise UnreadableFileError("declares no channel", path=path, remedy="Copy or export it again")
        if not {_COLUMNS, _ROWS} <= axes.keys():
            scanned = "".join(_AXES.get(axis.kind, "?") for axis in axes.values() if axis.count > 1)
            raise _unsupported(
                path, image, f"is a scan along {scanned or 'a point'}, without rows and columns"
            )
        if len({channel.dtype for channel in channels}) > 1:
            raise _unsupported(path, image, "has channels of different bit depths")
        self._extra = [axis for kind, axis in axes.items() if kind not in _PLACED]
        height, width = axes[_ROWS].count, axes[_COLUMNS].count
        n_channels = len(channels) * math.prod(axis.count for axis in self._extra)
        n_times, n_slices = (axes[kind].count if kind in axes else 1 for kind in (_TIMES, _SLICES))
        check_declared_size(path, (height, width), channels[0].dtype)
        check_plane_count(path, n_times * n_slices, n_channels)
        self._map = self._map_block(path, container, element)
        self._start = image.tile * (axes[_TILES].step if _TILES in axes else 0)
        is_rgb = n_channels == 3 and sorted(channel.tag for channel in channels) == [1, 2, 3]
        metadata = ImageMetadata(
            path=path,
            n_times=n_times,
            n_slices=n_slices,
            n_channels=n_channels,
            height=height,
            width=width,
            dtype=channels[0].dtype.newbyteorder("="),
            channel_names=name_channels(n_channels, self._names(), is_rgb=is_rgb),
            pixel_size_um=square_pixel_um(_um(axes[_COLUMNS]), _um(axes[_ROWS]), path),
            is_rgb=is_rgb,
            scene=scene,
            n_scenes=len(file.scenes),
            scene_name=image.name,
            z_step_um=_um(axes[_SLICES]) if n_slices > 1 else None,
            times_s=_times(element, axes.get(_TIMES)),
        )
        super().__init__(metadata)
        self._check_extent(path)

    def _map_block(self, path: Path, container: Any, element: ElementTree.Element) -> NDArray[np.uint8]:  # noqa: ANN401
        memory = element.find("./Memory")
        block = container.memory_blocks.get(memory.get("MemoryBlockID", "")) if memory is not None else None
        size = path.stat().st_size
        if block is None or block.size < 1 or block.offset < 0 or block.offset + block.size > size:
            raise UnreadableFileError(
                "ends before the pixels of this image, or was never written to the end",
                path=path,
                remedy="Copy or export it again",
            )
        return np.memmap(path, np.uint8, mode="r", offset=block.offset, shape=(block.size,))

    def _check_extent(self, path: Path) -> None:
        """Refuse steps that lead out of the bytes of the image."""
        last = max(channel.offset for channel in self._channels) + self._start
        last += sum((axis.count - 1) * axis.step for kind, axis in self._axes.items() if kind != _TILES)
        steps = [axis.step for axis in self._axes.values()] + [channel.offset for channel in self._channels]
        if min(steps) < 0 or last + self._channels[0].dtype.itemsize > self._map.size:
            raise UnreadableFileError(
                f"declares more pixels than the {self._map.size:,} bytes that it holds of this image",
                path=path,
                remedy="Copy or export it again",
            )

    def _names(self) -> tuple[str, ...]:
        if not self._extra:
            return tuple(channel.name for channel in self._channels)
        return tuple(
            " ".join([channel.name, *(f"band {index + 1}" for index in indices)])
            for channel in self._channels
            for indices in itertools.product(*(range(axis.count) for axis in self._extra))
        )

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        return self._decode_rows(0, self.metadata.height, (t, z, c))

    def _decode_rows(self, first: int, end: int, place: tuple[int, int, int]) -> NDArray[Any]:
        t, z, c = place
        lengths = tuple(axis.count for axis in self._extra)
        number, band = divmod(c, math.prod(lengths))
        channel = self._channels[number]
        rows, columns = self._axes[_ROWS], self._axes[_COLUMNS]
        offset = self._start + channel.offset + first * rows.step
        for kind, index in ((_TIMES, t), (_SLICES, z)):
            offset += index * self._axes[kind].step if kind in self._axes else 0
        for axis, at in zip(self._extra, np.unravel_index(band, lengths) if lengths else (), strict=True):
            offset += int(at) * axis.step
        n_rows, width = end - first, self.metadata.width
        n_bytes = (n_rows - 1) * rows.step + (width - 1) * columns.step + channel.dtype.itemsize
        # A copy of the bytes, for pages of the map that stay open count as memory of the process.
        content = np.array(self._map[offset : offset + n_bytes])
        view = np.ndarray(
            (n_rows, width), channel.dtype, buffer=content.data, strides=(rows.step, columns.step)
        )
        return np.array(view)

    @property
    def rows_together(self) -> int:
        """Rows lie as they are."""
        return 1

    def close(self) -> None:
        """Let go of the bytes that are mapped."""
        self._map = np.empty(0, np.uint8)
        super().close()


_PLACED = (_COLUMNS, _ROWS, _SLICES, _TIMES, _TILES)


def _unsupported(path: Path, image: LifElement, what: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"its image '{image.name}' {what}, which is not read here",
        path=path,
        remedy="Export it as OME-TIFF in the microscope's program, or leave it out",
    )


def _images(element: ElementTree.Element, folder: str = "") -> Iterator[tuple[str, ElementTree.Element]]:
    """Go through the tree of a file: images with the names of the folders around them."""
    children = element.findall("./Children/Element") or element.findall("./Element")
    is_root = not element.tag.endswith("Element")
    for child in children:
        name = child.get("Name", "")
        inside = name if not folder else f"{folder}/{name}"
        if (
            child.find("./Data/Image") is not None
            or child.find("./Data/SingleMoleculeDetection[@IsImage='true']") is not None
        ):
            yield inside, child
        yield from _images(child, "" if is_root else inside)


def _count_tiles(path: Path, element: ElementTree.Element) -> int:
    try:
        tiles = _axes(element).get(_TILES)
    except ValueError:
        return 1
    check_plane_count(path, tiles.count if tiles else 1, 1)
    return max(1, tiles.count) if tiles else 1


def _axes(element: ElementTree.Element) -> dict[int, LifAxis]:
    axes = {}
    for found in element.findall("./Data/Image/ImageDescription/Dimensions/DimensionDescription"):
        kind, count = int(found.get("DimID", "0")), int(found.get("NumberOfElements", "1"))
        length = abs(float(found.get("Length", "0") or 0))
        spacing = length / (count - 1) if count > 1 else 0.0
        axes[kind] = LifAxis(kind, count, int(found.get("BytesInc", "0")), spacing, found.get("Unit", ""))
    return axes


def _channels(element: ElementTree.Element) -> list[LifChannel]:
    channels = []
    for found in element.findall("./Data/Image/ImageDescription/Channels/ChannelDescription"):
        bits = int(found.get("Resolution", "8"))
        kind = "f" if found.get("DataType") == "1" else "u"
        n_bytes = next((size for size in (1, 2, 4, 8) if bits <= 8 * size), 8)
        channels.append(
            LifChannel(
                _dye(found) or found.get("LUTName", ""),
                np.dtype(f"<{kind}{n_bytes}"),
                int(found.get("BytesInc", "0")),
                int(found.get("ChannelTag", "0") or 0),
            )
        )
    return channels


def _dye(channel: ElementTree.Element) -> str:
    for found in channel.findall("./ChannelProperty"):
        if found.findtext("Key") == "DyeName":
            return (found.findtext("Value") or "").strip()
    return ""


def _in_display_order(channels: list[LifChannel]) -> list[LifChannel]:
    """Put colours that are stored as blue, green, red into the usual order."""
    if [channel.tag for channel in channels] == [_BLUE, 2, _RED]:
        return channels[::-1]
    return channels


def _um(axis: LifAxis) -> float | None:
    return length_um(axis.spacing, axis.unit or "m")


def _times(element: ElementTree.Element, axis: LifAxis | None) -> tuple[float, ...]:
    """Take when the first plane of each time was taken, else multiples of the interval."""
    if axis is None or axis.count < 2:
        return ()
    stamps = _stamps(element)
    if len(stamps) >= axis.count and len(stamps) % axis.count == 0:
        firsts = stamps[:: len(stamps) // axis.count]
        if len(set(firsts)) > 1:
            return tuple((stamp - firsts[0]) / _TICKS for stamp in firsts)
    return tuple(axis.spacing * t for t in range(axis.count)) if axis.spacing and axis.unit == "s" else ()


def _stamps(element: ElementTree.Element) -> list[int]:
    found = element.find("./Data/Image/TimeStampList")
    if found is None:
        return []
    listed = found.findall("./TimeStamp")
    if listed:
        return [(int(one.get("HighInteger", "0")) << 32) + int(one.get("LowInteger", "0")) for one in listed]
    return [int(word, 16) for word in (found.text or "").split()]
