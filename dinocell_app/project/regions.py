"""Regions of interest of the images of a project."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dinocell_app.base.json_text import parse_json
from dinocell_app.project.database import Database
from dinocell_app.regions.region import Region


class RegionTable:
    """The regions of a project, in the order in which they were drawn."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_image(self, image_id: int) -> tuple[Region, ...]:
        """List the regions of an image."""
        return tuple(_region(row) for row in self._rows("WHERE image_id = ?", (image_id,)))

    def all(self) -> dict[int, tuple[Region, ...]]:
        """List the regions of all images that have any.

        Returns
        -------
        dict of int to tuple of Region
            By image.
        """
        found: dict[int, list[Region]] = {}
        for row in self._rows("", ()):
            found.setdefault(row["image_id"], []).append(_region(row))
        return {image_id: tuple(regions) for image_id, regions in found.items()}

    def put(self, image_id: int, regions: Sequence[Region]) -> None:
        """Give an image these regions in place of those it has."""
        self.put_all({image_id: regions})

    def put_all(self, regions: Mapping[int, Sequence[Region]]) -> None:
        """Give several images regions in place of those they have, all or none.

        Parameters
        ----------
        regions : mapping of int to sequence of Region
            By image; an empty sequence takes them away.
        """
        with self._database.transaction():
            for image_id, some in regions.items():
                self._database.change("DELETE FROM regions WHERE image_id = ?", (image_id,))
                self._database.change_all(
                    "INSERT INTO regions (image_id, name, kind, colour, corners) VALUES (?, ?, ?, ?, ?)",
                    [(image_id, r.name, r.kind, r.colour, json.dumps(r.corners)) for r in some],
                )

    def _rows(self, condition: str, values: Sequence[Any]) -> list[Any]:
        return self._database.rows(
            f"SELECT image_id, name, kind, colour, corners FROM regions {condition} ORDER BY id", values
        )


def _region(row: Any) -> Region:  # noqa: ANN401 - a Row
    corners = tuple((float(x), float(y)) for x, y in parse_json(row["corners"]))
    return Region(row["name"], corners, row["kind"], row["colour"])
