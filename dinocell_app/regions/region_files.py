"""Regions of interest as GeoJSON, for jobs and other programs such as QuPath."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.files import write_text
from dinocell_app.base.json_text import parse_json
from dinocell_app.regions.region import COUNT, FEWEST_CORNERS, KINDS, Region

EVERY_IMAGE = ""
"""Stands for the image of regions that name none: they are for each."""

_REMEDY = "Give a GeoJSON FeatureCollection of polygons, x and y in pixels"
_BYTE = 256
_FARTHEST = 1e9
"""Pixels; a corner beyond is damage, as one that is no number."""


def write_regions(path: Path, regions: Mapping[str, Sequence[Region]]) -> None:
    """Write regions; the inverse of `read_regions`.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    regions : mapping of str to sequence of Region
        By name or path of the image.
    """
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[*region.corners, region.corners[0]]]},
            "properties": {
                **({"image": image} if image != EVERY_IMAGE else {}),
                "name": region.name,
                "kind": region.kind,
                "objectType": "annotation",
                "color": [int(region.colour[start : start + 2], 16) for start in (1, 3, 5)],
            },
        }
        for image, some in regions.items()
        for region in some
    ]
    collection = {"type": "FeatureCollection", "features": features}
    write_text(path, json.dumps(collection, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_regions(path: Path) -> dict[str, tuple[Region, ...]]:
    """Read regions.

    Parameters
    ----------
    path : Path
        GeoJSON: a FeatureCollection, a list of features or one, with polygons. Of the properties, `image`
        says which image a region is in, `name`, or the name of QuPath's `classification`, how it is called,
        and `kind` what it is for: "count", "exclude" or "limit", "count" unless said.

    Returns
    -------
    dict of str to tuple of Region
        By name or path of the image; `EVERY_IMAGE` where none is named.

    Raises
    ------
    UnreadableFileError
        If the file is no GeoJSON of polygons.
    """
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        features = content.get("features", [content]) if isinstance(content, dict) else content
        found: dict[str, list[Region]] = {}
        for number, feature in enumerate(features, start=1):
            properties = feature.get("properties") or {}
            image = str(properties.get("image", EVERY_IMAGE)).replace("\\", "/")
            found.setdefault(image, []).append(_region(feature["geometry"], properties, number))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise UnreadableFileError(
            f"the regions cannot be read ({str(error)[:160]})", path=path, remedy=_REMEDY
        ) from error
    return {image: tuple(regions) for image, regions in found.items()}


def regions_of(regions: Mapping[str, Sequence[Region]], image: Path) -> tuple[Region, ...]:
    """Choose the regions of an image.

    Parameters
    ----------
    regions : mapping of str to sequence of Region
        From `read_regions`.
    image : Path
        Its file.

    Returns
    -------
    tuple of Region
        Those that name the image by its file name, with or without the ending, or by the end of its path,
        and those for every image.
    """
    parts = PurePosixPath(image.as_posix()).parts
    own: list[Region] = []
    for name, some in regions.items():
        wanted = PurePosixPath(name).parts
        if name == EVERY_IMAGE or name == image.stem or parts[len(parts) - len(wanted) :] == wanted:
            own += some
    return tuple(own)


def _region(geometry: Mapping[str, Any], properties: Mapping[str, Any], number: int) -> Region:
    if geometry["type"] != "Polygon" or len(geometry["coordinates"]) != 1:
        raise ValueError(f"region {number} is no polygon without holes")
    corners = tuple((float(corner[0]), float(corner[1])) for corner in geometry["coordinates"][0])
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners = corners[:-1]
    if not all(abs(x) < _FARTHEST and abs(y) < _FARTHEST for x, y in corners):
        raise ValueError(f"region {number} reaches outside of any image")
    if len(corners) < FEWEST_CORNERS:
        raise ValueError(f"region {number} has {len(corners)} corners")
    kind = str(properties.get("kind", COUNT)).lower()
    if kind not in KINDS:
        raise ValueError(f"region {number} is to {kind}, which is none of {', '.join(KINDS)}")
    classified = (properties.get("classification") or {}).get("name")
    name = str(properties.get("name") or classified or f"region {number}")
    colour = properties.get("color")
    if isinstance(colour, list) and len(colour) == 3:
        return Region(name, corners, kind, "#" + "".join(f"{int(part) % _BYTE:02x}" for part in colour))
    return Region(name, corners, kind)
