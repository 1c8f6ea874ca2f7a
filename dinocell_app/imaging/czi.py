"""Zeiss CZI: scenes, and planes composed of their tiles."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.czi_blocks import CziBlock, read_block
from dinocell_app.imaging.czi_directory import PIXEL_TYPES, CziDirectory
from dinocell_app.imaging.image_file import ImageFile
from dinocell_app.imaging.image_reader import (
    ImageReader,
    check_declared_size,
    check_plane_count,
    check_plausible_size,
    missing_planes,
)
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.pixel_size import length_um, square_pixel_um

_logger = logging.getLogger(__name__)

_REMEDY = "Copy or export it again"


@dataclass(frozen=True)
class CziPiece:
    """A block and the plane that it belongs to.

    Parameters
    ----------
    block : CziBlock
    index : dict of str to int
        Place on each axis but X and Y, as the file counts.
    """

    block: CziBlock
    index: dict[str, int]


class CziImageFile(ImageFile):
    """The scenes of a Zeiss file.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._file = CziDirectory(path)
        try:
            _check_part(self._file, path)
            self._description = _description(self._file, path)
            pieces = _pieces(self._file, path)
            numbers = sorted({piece.index.get("S", 0) for piece in pieces})
            self._scenes = [[one for one in pieces if one.index.get("S", 0) == number] for number in numbers]
            names = _scene_names(self._description)
        except BaseException:
            self._file.close()
            raise
        super().__init__(path, [names.get(number, "") for number in numbers])

    def _open(self, scene: int) -> ImageReader:
        return CziReader(self, self._file, (self._scenes[scene], scene), self._description)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class CziReader(ImageReader):
    """One scene in full resolution; what lies between its tiles is 0.

    Axes other than T, Z and C (phases, views, rotations) are unrolled into slices.

    Parameters
    ----------
    file : ImageFile
    directory : CziDirectory
    scene : list of CziPiece and int
        Its pieces, and its index in the file.
    description : Element
        Of the whole file.
    """

    def __init__(
        self,
        file: ImageFile,
        directory: CziDirectory,
        scene: tuple[list[CziPiece], int],
        description: ElementTree.Element,
    ) -> None:
        path, (pieces, index) = file.path, scene
        self._directory = directory
        blocks = [piece.block for piece in pieces]
        self._top, self._left = min(b.top for b in blocks), min(b.left for b in blocks)
        height = max(b.top + b.height for b in blocks) - self._top
        width = max(b.left + b.width for b in blocks) - self._left
        n_samples = {b.n_samples for b in blocks}
        if len(n_samples) > 1:
            raise UnreadableFileError(
                "has channels in colour beside grey ones", path=path, remedy="Export its channels one by one"
            )
        self._n_samples = min(max(n_samples), 3)
        dtype = np.result_type(*(b.dtype for b in blocks)).newbyteorder("=")
        check_declared_size(path, (height, width), dtype)  # colours are composed one by one
        check_plausible_size(path, (height, width, max(n_samples)), dtype, path.stat().st_size)
        self._values = _axis_values(pieces)
        self._other = [axis for axis in self._values if axis not in "CZT"]
        lengths = {axis: len(values) for axis, values in self._values.items()}
        n_times, n_stored = lengths["T"], lengths["C"]
        n_slices = lengths["Z"] * math.prod(lengths[axis] for axis in self._other)
        n_channels = n_stored * self._n_samples
        check_plane_count(path, n_times * n_slices, n_channels)
        self._planes: dict[tuple[int, ...], list[CziBlock]] = {}
        for piece in pieces:
            self._planes.setdefault(self._key(piece.index), []).append(piece.block)
        self._kept: dict[tuple[tuple[int, ...], int], NDArray[Any]] = {}
        is_rgb = self._n_samples == n_channels == 3
        sizes = {axis: _distance(description, axis) for axis in "XYZ"}
        super().__init__(
            ImageMetadata(
                path=path,
                n_times=n_times,
                n_slices=n_slices,
                n_channels=n_channels,
                height=height,
                width=width,
                dtype=dtype,
                channel_names=name_channels(n_channels, self._names(description), is_rgb=is_rgb),
                pixel_size_um=square_pixel_um(sizes["X"], sizes["Y"], path),
                is_rgb=is_rgb,
                scene=index,
                n_scenes=len(file.scenes),
                scene_name=file.scenes[index].name,
                z_step_um=sizes["Z"] if n_slices > 1 and not self._other else None,
                times_s=_times(directory, description, self._values["T"]),
                missing=self._missing(path, n_times, n_slices, n_channels),
            )
        )

    def _key(self, index: dict[str, int]) -> tuple[int, ...]:
        return tuple(index.get(axis, 0) for axis in self._values)

    def _place(self, t: int, z: int, c: int) -> tuple[int, ...]:
        """Turn our plane into the file's own numbers; other axes run outside Z."""
        unrolled = [*self._other, "Z"]
        inner = np.unravel_index(z, tuple(len(self._values[axis]) for axis in unrolled))
        index = {axis: self._values[axis][int(at)] for axis, at in zip(unrolled, inner, strict=True)}
        index |= {"T": self._values["T"][t], "C": self._values["C"][c // self._n_samples]}
        return self._key(index)

    def _names(self, description: ElementTree.Element) -> tuple[str, ...]:
        found = _channel_names(description)
        names = [found[value] if 0 <= value < len(found) else "" for value in self._values["C"]]
        if self._n_samples == 1:
            return tuple(names)
        colours = ("red", "green", "blue")[: self._n_samples]
        return tuple(f"{name} {colour}".strip() for name in names for colour in colours)

    def _missing(
        self, path: Path, n_times: int, n_slices: int, n_channels: int
    ) -> frozenset[tuple[int, int, int]]:
        if len(self._planes) * self._n_samples == n_times * n_slices * n_channels:
            return frozenset()
        lengths = (n_times, n_slices, n_channels)
        return missing_planes(path, lengths, lambda t, z, c: self._place(t, z, c) in self._planes)

    @property
    def rows_together(self) -> int:
        """1 where pixels lie as they are, else the height of a tile, or of the image where tiles are few."""
        blocks = next(iter(self._planes.values()))
        if not any(block.is_packed for block in blocks):
            return 1
        return min(self.metadata.height, max(block.height for block in blocks))

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        return self._decode_rows(0, self.metadata.height, (t, z, c))

    def _decode_rows(self, first: int, end: int, place: tuple[int, int, int]) -> NDArray[Any]:
        key, sample = self._place(*place), place[2] % self._n_samples
        rows = np.zeros((end - first, self.metadata.width), self.metadata.dtype)
        used = {}
        for number, block in enumerate(self._planes[key]):
            top, left = block.top - self._top, block.left - self._left
            wanted = range(max(first, top), min(end, top + block.height))
            if not wanted:
                continue
            if not block.is_packed:
                within = range(wanted.start - top, wanted.stop - top)
                pixels = read_block(block, self._directory, within)
            else:
                whole = self._kept.get((key, number))
                whole = read_block(block, self._directory) if whole is None else whole
                used[key, number] = whole
                pixels = whole[wanted.start - top : wanted.stop - top]
            rows[wanted.start - first : wanted.stop - first, left : left + block.width] = pixels[..., sample]
        # Tiles of these rows serve the rows and colours that follow.
        self._kept = used
        return rows

    def close(self) -> None:
        """Let go of the tiles that are kept."""
        self._kept = {}
        super().close()


def _check_part(file: CziDirectory, path: Path) -> None:
    if file.part:
        raise UnreadableFileError(
            "is a later part of a file that was split", path=path, remedy="Name its first part"
        )


def _pieces(file: CziDirectory, path: Path) -> list[CziPiece]:
    """Give all blocks in full resolution, in the order in which they are drawn."""
    pieces = []
    for entry in file.entries():
        if not {"X", "Y"} <= entry.size.keys():
            continue
        if any(entry.stored[axis] != entry.size[axis] for axis in "XY"):
            continue  # a level of the pyramid
        if entry.part:
            raise UnreadableFileError(
                "is one of several parts", path=path, remedy="Save it as one file in the microscope's program"
            )
        if entry.pixel_type not in PIXEL_TYPES:
            raise UnreadableFileError(
                f"its pixels are of type {entry.pixel_type}, not numbers on a grey scale",
                path=path,
                remedy="Export it with 8, 16 or 32 bits a pixel",
            )
        if min(entry.size["X"], entry.size["Y"]) < 1:
            raise UnreadableFileError("declares no pixels", path=path, remedy=_REMEDY)
        others = [axis for axis in entry.size if axis not in "XY"]
        if any(entry.size[axis] > 1 for axis in others):
            raise UnreadableFileError(
                "keeps several planes in one piece", path=path, remedy="Export it as OME-TIFF"
            )
        n_samples, code = PIXEL_TYPES[entry.pixel_type]
        place = (entry.start["Y"], entry.start["X"], entry.size["Y"], entry.size["X"])
        block = CziBlock(entry, *place, n_samples, np.dtype(code))
        pieces.append(CziPiece(block, {axis: entry.start[axis] for axis in others}))
    if not pieces:
        raise UnreadableFileError("holds no image", path=path, remedy=_REMEDY)
    return sorted(pieces, key=lambda piece: piece.index.get("M", 0))


def _axis_values(pieces: Sequence[CziPiece]) -> dict[str, Sequence[int]]:
    """Numbers that occur on each axis; from the first to the last where planes are announced in between."""
    axes = dict.fromkeys("TZC") | dict.fromkeys(axis for piece in pieces for axis in piece.index)
    values: dict[str, Sequence[int]] = {}
    for axis in axes:
        if axis in "SM":
            continue
        found = {piece.index.get(axis, 0) for piece in pieces}
        if axis in "TZC":
            values[axis] = range(min(found), max(found) + 1)
        elif len(found) > 1:
            values[axis] = sorted(found)
    return values


def _description(file: CziDirectory, path: Path) -> ElementTree.Element:
    """Parse the description; an image without one has no names and no scale."""
    text = file.description()
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnreadableFileError(
            "has a description with definitions of its own, which are not read",
            path=path,
            remedy="Export it again with another program",
        )
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        _logger.warning("%s: its description cannot be parsed: %s", path, error)
        return ElementTree.Element("none")


def _scene_names(description: ElementTree.Element) -> dict[int, str]:
    names = {}
    for scene in description.iterfind(".//Dimensions/S/Scenes/Scene"):
        if (scene.get("Index") or "").isdecimal():
            names[int(scene.get("Index", "0"))] = (scene.get("Name") or "").strip()
    return names


def _channel_names(description: ElementTree.Element) -> list[str]:
    for places in (".//Information/Image/Dimensions/Channels/Channel", ".//DisplaySetting/Channels/Channel"):
        names = [(channel.get("Name") or "").strip() for channel in description.iterfind(places)]
        if any(names):
            return names
    return []


def _distance(description: ElementTree.Element, axis: str) -> float | None:
    value = description.findtext(f".//Scaling/Items/Distance[@Id='{axis}']/Value")
    try:
        return None if value is None else length_um(float(value), "m")
    except ValueError:
        return None


def _times(file: CziDirectory, description: ElementTree.Element, numbers: Sequence[int]) -> tuple[float, ...]:
    """Take the recorded times, else multiples of the increment."""
    if len(numbers) < 2:
        return ()
    stamps = file.timestamps()
    if len(stamps) > numbers[-1]:
        return tuple(stamps[number] - stamps[numbers[0]] for number in numbers)
    step = description.findtext(".//Dimensions/T/Positions/Interval/Increment")
    try:
        return tuple(float(step) * t for t in range(len(numbers))) if step and float(step) > 0 else ()
    except ValueError:
        return ()
