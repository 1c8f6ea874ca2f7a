"""What a Zarr folder is, by its small JSON files alone: an image, a plate, several images, an array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any

from dinocell_app.imaging.metadata import Well

_ARRAY_FILE, _GROUP_FILE, _ATTRIBUTES_FILE, _FORMAT_3_FILE = ".zarray", ".zgroup", ".zattrs", "zarr.json"
_MOST_JSON_BYTES = 64 << 20
_LEAST_AXES = 2
_NO_IMAGES = ("OME", "labels", "tables", "shapes", "points")
"""Groups beside images, by the names that the specifications give them."""
_DEEPEST = 6
"""Levels of groups that are searched for images."""


class ZarrKind(Enum):
    """What a folder holds."""

    IMAGE = "an image"
    SERIES = "several images"
    PLATE = "a plate"
    WELL = "a well"
    ARRAY = "an array"
    ARRAYS = "arrays"
    GROUP = "a group"
    NOTHING = "no Zarr data"


@dataclass(frozen=True)
class ZarrNode:
    """A folder of a Zarr hierarchy.

    Parameters
    ----------
    path : Path
    format : int
        2 or 3; 0 for a folder that is no part of one.
    is_array : bool
    attributes : dict
        Those of OME-Zarr 0.5 are lifted out of their key "ome".
    """

    path: Path
    format: int
    is_array: bool
    attributes: dict[str, Any]
    n_axes: int = 0
    """Of an array."""

    @property
    def kind(self) -> ZarrKind:
        """What it holds, by its attributes and by what lies in it."""
        if not self.format:
            return ZarrKind.NOTHING
        if self.is_array:
            return ZarrKind.ARRAY
        for key, kind in (
            ("multiscales", ZarrKind.IMAGE),
            ("plate", ZarrKind.PLATE),
            ("well", ZarrKind.WELL),
            ("bioformats2raw.layout", ZarrKind.SERIES),
        ):
            if self.attributes.get(key):
                return kind
        return ZarrKind.ARRAYS if any(self.planes()) else ZarrKind.GROUP

    def planes(self) -> Iterator[ZarrNode]:
        """Look at the arrays inside that have rows and columns."""
        return (child for child in self.children() if child.n_axes >= _LEAST_AXES)

    def child(self, name: str) -> ZarrNode:
        """Look at a folder inside; names that lead out of this one give nothing."""
        parts = PurePosixPath(name).parts
        if not parts or PurePosixPath(name).is_absolute() or ".." in parts:
            return ZarrNode(self.path / "_", 0, False, {})
        return zarr_node(self.path.joinpath(*parts))

    def children(self) -> Iterator[ZarrNode]:
        """Look at all folders inside that are part of the hierarchy, numbers in their order."""
        try:
            names = [entry.name for entry in self.path.iterdir() if entry.is_dir()]
        except OSError:
            return
        for name in sorted(
            names, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)
        ):
            node = zarr_node(self.path / name)
            if node.format:
                yield node


def zarr_node(path: Path) -> ZarrNode:
    """Look at a folder; damaged JSON counts as none."""
    described = _json(path / _FORMAT_3_FILE)
    if described is not None:
        attributes = described.get("attributes")
        attributes = dict(attributes) if isinstance(attributes, dict) else {}
        lifted = attributes.get("ome")
        if isinstance(lifted, dict):
            attributes = {**attributes, **lifted}
        is_array = described.get("node_type") == "array"
        return ZarrNode(path, 3, is_array, attributes, _count_axes(described) if is_array else 0)
    is_array = (path / _ARRAY_FILE).is_file()
    if not is_array and not (path / _GROUP_FILE).is_file():
        return ZarrNode(path, 0, False, {})
    n_axes = _count_axes(_json(path / _ARRAY_FILE) or {}) if is_array else 0
    return ZarrNode(path, 2, is_array, _json(path / _ATTRIBUTES_FILE) or {}, n_axes)


def _count_axes(described: dict[str, Any]) -> int:
    shape = described.get("shape")
    return len(shape) if isinstance(shape, list) else 0


def images_in(node: ZarrNode, depth: int = 0) -> Iterator[Path]:
    """Name the images of a plate, a well or a group of groups: each is a path of its own.

    Anything else is itself one image, or a container whose images are told apart by their index.
    """
    kind = node.kind
    if kind is ZarrKind.PLATE:
        for well in _wells(node):
            yield from _fields(well)
    elif kind is ZarrKind.WELL:
        yield from _fields(node)
    elif kind is ZarrKind.GROUP and depth < _DEEPEST:
        for child in node.children():
            if child.path.name not in _NO_IMAGES:
                yield from images_in(child, depth + 1)
    elif kind is not ZarrKind.NOTHING:
        yield node.path


def well_of(path: Path) -> Well | None:
    """Say of which well an image is a field, by the plate two folders above."""
    plate = zarr_node(path.parent.parent.parent).attributes.get("plate")
    if not isinstance(plate, dict):
        return None
    name = f"{path.parent.parent.name}/{path.parent.name}"
    for well in plate.get("wells") or ():
        if isinstance(well, dict) and str(well.get("path", "")).strip("/") == name:
            return Well(*name.split("/"))
    return None


def _wells(plate: ZarrNode) -> Iterator[ZarrNode]:
    listed = plate.attributes["plate"].get("wells") if isinstance(plate.attributes["plate"], dict) else None
    for well in listed or ():
        node = plate.child(str(well.get("path", ""))) if isinstance(well, dict) else None
        if node is not None and node.format:
            yield node


def _fields(well: ZarrNode) -> Iterator[Path]:
    described = well.attributes.get("well")
    listed = described.get("images") if isinstance(described, dict) else None
    nodes = [well.child(str(field.get("path", ""))) for field in listed or () if isinstance(field, dict)]
    for node in nodes or well.children():
        if node.format:
            yield node.path


def _json(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _MOST_JSON_BYTES:
            return None
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
