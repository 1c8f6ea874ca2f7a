"""Outlines that other programs draw: QuPath's GeoJSON and labelme's JSON, as label images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.json_text import parse_json
from dinocell_app.export.labelled_image import compact_labels
from dinocell_app.export.polygons import pixels_inside

Ring = NDArray[np.number]
"""(row, column) vertices, pixel corners at integers."""

_CIRCLE_STEPS = 720
_MOST_LAYERS = 16
"""How often the outlines of an image may cover all of it together."""


def holds_outlines(content: object) -> bool:
    """Tell whether parsed JSON is of one of the two kinds."""
    return isinstance(content, dict) and (
        content.get("type") in ("FeatureCollection", "Feature") or isinstance(content.get("shapes"), list)
    )


def read_outlines(path: Path, shape: tuple[int, int]) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Draw the outlines of a file into a label image.

    A pixel belongs to an outline when its centre lies inside; where outlines overlap the smaller one is on
    top. Points and lines enclose nothing and are left out.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the image the outlines were drawn on.

    Returns
    -------
    ndarray of shape `shape`, uint16 or uint32
        Labels as recorded by this application, else numbered from 1 in the order of the file.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or of another kind.
    """
    try:
        labels = _drawn(_outlines(parse_json(path.read_bytes())), shape)
    except (OSError, ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise UnreadableFileError(
            f"the outlines cannot be read ({str(error)[:160]})",
            path=path,
            remedy="Export them again as GeoJSON (QuPath) or JSON (labelme)",
        ) from error
    return compact_labels(labels)


def _outlines(content: object) -> list[tuple[int, list[Ring]]]:
    if not isinstance(content, dict) or not holds_outlines(content):
        raise ValueError("it is neither GeoJSON nor labelme")
    return list(_labelme(content) if "shapes" in content else _features(content))


def _drawn(outlines: Sequence[tuple[int, list[Ring]]], shape: tuple[int, int]) -> NDArray[np.uint32]:
    labels = np.zeros(shape, np.uint32)
    pixels = [pixels_inside(rings, shape) for _, rings in outlines]
    if sum(part.size for part in pixels) > _MOST_LAYERS * max(math.prod(shape), 1):
        raise ValueError(f"its outlines cover the image more than {_MOST_LAYERS} times")
    numbers = _labels_of([number for number, _ in outlines])
    for index in sorted(range(len(pixels)), key=lambda i: -pixels[i].size):
        labels.flat[pixels[index]] = numbers[index]
    return labels


def _features(content: Mapping[str, Any]) -> Iterator[tuple[int, list[Ring]]]:
    features = content["features"] if content["type"] == "FeatureCollection" else [content]
    for feature in features:
        geometry = feature.get("geometry") or {}
        kind = geometry.get("type")
        if kind in ("Polygon", "MultiPolygon"):
            polygons = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
            label = (feature.get("properties") or {}).get("label", 0)
            rings = [_ring(ring) for polygon in polygons for ring in polygon]
            yield label if isinstance(label, int) else 0, rings


def _labelme(content: Mapping[str, Any]) -> Iterator[tuple[int, list[Ring]]]:
    for shape in content["shapes"]:
        points = _ring(shape["points"])
        kind = shape.get("shape_type", "polygon")
        if kind == "rectangle":
            (top, left), (bottom, right) = points.min(axis=0), points.max(axis=0)
            yield 0, [np.array([[top, left], [top, right], [bottom, right], [bottom, left]])]
        elif kind == "circle":
            radius = float(np.hypot(*(points[1] - points[0])))
            angles = np.linspace(0, 2 * np.pi, _CIRCLE_STEPS, endpoint=False)
            yield 0, [points[0] + radius * np.column_stack([np.sin(angles), np.cos(angles)])]
        elif kind == "polygon":
            yield 0, [points]


def _ring(points: Sequence[Sequence[float]]) -> Ring:
    ring = np.asarray(points, np.float64)[:, 1::-1]
    if ring.shape[1] != 2 or not np.isfinite(ring).all():
        raise ValueError("an outline has a corner that is no place")
    return ring


def _labels_of(recorded: Sequence[int]) -> Sequence[int]:
    usable = all(0 < number < 2**32 for number in recorded) and len(set(recorded)) == len(recorded)
    return recorded if usable else range(1, len(recorded) + 1)
