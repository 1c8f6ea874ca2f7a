"""Images that somebody went through to the end, wholly or in a region."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from dinocell_app.base.json_text import parse_json
from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress
from dinocell_app.project.database import Database

Corners = tuple[tuple[float, float], ...]
"""(x, y) in pixels, as in `regions.Region`; none for the whole image."""


class CorrectedImages:
    """Which planes of a project are marked as corrected."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self, image_id: int, plane: PlaneAddress = ONLY_PLANE, region: Corners = ()) -> None:
        """Say that all cells of a plane are right now.

        Parameters
        ----------
        region : tuple of (float, float)
            Corners (x, y) of the part that is right; empty for all of it.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._database.change(
            "INSERT OR REPLACE INTO corrected_images VALUES (?, ?, ?, ?)",
            (image_id, plane.suffix, json.dumps(region), now),
        )

    def unmark(self, image_id: int, plane: PlaneAddress = ONLY_PLANE) -> None:
        """Take the mark away."""
        self._database.change(
            "DELETE FROM corrected_images WHERE image_id = ? AND plane = ?", (image_id, plane.suffix)
        )

    def of(self, image_id: int, plane: PlaneAddress = ONLY_PLANE) -> Corners | None:
        """Say what of a plane is marked.

        Returns
        -------
        tuple of (float, float), or None
            Corners, empty for all of it; None when it is not marked.
        """
        return self.all().get((image_id, plane.suffix))

    def all(self) -> dict[tuple[int, str], Corners]:
        """List all marks.

        Returns
        -------
        dict of (int, str) to tuple of (float, float)
            Corners by image and suffix of the plane.
        """
        rows = self._database.rows("SELECT image_id, plane, region FROM corrected_images ORDER BY created")
        return {
            (row["image_id"], row["plane"]): tuple((float(x), float(y)) for x, y in parse_json(row["region"]))
            for row in rows
        }
