"""GeoJSON that QuPath opens by drag and drop: one detection a cell, in pixels of the full image."""

from __future__ import annotations

import json
import math
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.polygons import CellOutline, Polygon, trace_outlines
from dinocell_app.export.writing import write_bytes

_NAMESPACE = uuid.UUID("5c3f0a0e-7d52-4d0b-9a53-1d3a9b0f6e21")


def write_geojson(path: Path, image: LabelledImage) -> None:
    """Write cells as a GeoJSON FeatureCollection.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    image : LabelledImage
        Labels are needed; numbers of the table become measurements when there is one, and types of cells
        classes.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    text = json.dumps(feature_collection(image), separators=(",", ":"), allow_nan=False)
    write_bytes(path, text.encode("utf-8"))


def feature_collection(image: LabelledImage) -> dict[str, Any]:
    """Describe cells as GeoJSON.

    Coordinates are x, y in pixels with the origin at the top left corner of the image, along pixel edges
    and not simplified. Cells of several parts are a MultiPolygon. The `id` of a feature depends on the
    name of the image and the label alone, so it is the same each time.

    Parameters
    ----------
    image : LabelledImage
        As in `write_geojson`.

    Returns
    -------
    dict
        A FeatureCollection; its `features` are empty without cells.
    """
    measurements, types = _measurements(image), image.cell_types()
    features = []
    for outline in trace_outlines(image.labels):
        properties: dict[str, Any] = {
            "objectType": "detection",
            "name": str(outline.label),
            "label": outline.label,
            "isLocked": False,
        }
        if kind := types.get(outline.label):
            properties["classification"] = {"name": kind}
        if outline.label in measurements:
            properties["measurements"] = measurements[outline.label]
        features.append(
            {
                "type": "Feature",
                "id": str(uuid.uuid5(_NAMESPACE, f"{image.name}\n{outline.label}")),
                "geometry": _geometry(outline),
                "properties": properties,
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _geometry(outline: CellOutline) -> dict[str, Any]:
    polygons = [_coordinates(polygon) for polygon in outline.polygons]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _coordinates(polygon: Polygon) -> list[list[list[int]]]:
    return [_closed(ring) for ring in polygon.rings]


def _closed(ring: NDArray[np.int32]) -> list[list[int]]:
    points: list[list[int]] = np.vstack([ring, ring[:1]])[:, ::-1].tolist()
    return points


def _measurements(image: LabelledImage) -> dict[int, dict[str, float]]:
    """Finite numbers of the table by label; JSON has no way to write the others."""
    if image.table is None or "label" not in image.table.columns:
        return {}
    numbers = image.table.select_dtypes(include=["number", "bool"]).drop(columns="label")
    rows = numbers.astype(float).to_dict("records")
    return {
        int(label): {str(name): value for name, value in row.items() if math.isfinite(value)}
        for label, row in zip(image.table["label"].tolist(), rows, strict=True)
    }
