"""Reference cells: places in images that a person pointed at as examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dinocell_app.project.database import Database


@dataclass(frozen=True)
class ReferenceCell:
    """An example of a cell.

    Parameters
    ----------
    id : int
    image_id : int
    t, z : int
        Plane, counted from 0.
    row, column : float
        In pixels of the image.
    kind : str
        What it is an example of.
    """

    id: int
    image_id: int
    t: int
    z: int
    row: float
    column: float
    kind: str


class ReferenceTable:
    """The reference cells of a project.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_image(self, image_id: int) -> list[ReferenceCell]:
        """List the reference cells of an image.

        Parameters
        ----------
        image_id : int

        Returns
        -------
        list of ReferenceCell
            In the order in which they were added.
        """
        return self._select("WHERE image_id = ? ORDER BY id", (image_id,))

    def all(self) -> list[ReferenceCell]:
        """List the reference cells of all images.

        Returns
        -------
        list of ReferenceCell
        """
        return self._select("ORDER BY image_id, id", ())

    def add(
        self, image_id: int, plane: tuple[int, int], place: tuple[float, float], kind: str
    ) -> ReferenceCell:
        """Add a reference cell.

        Parameters
        ----------
        image_id : int
        plane : tuple of int
            Time and slice, counted from 0.
        place : tuple of float
            Row and column in pixels.
        kind : str

        Returns
        -------
        ReferenceCell
        """
        number = self._database.change(
            "INSERT INTO reference_cells (image_id, time, slice, y, x, kind) VALUES (?, ?, ?, ?, ?, ?)",
            (image_id, *plane, *place, kind),
        )
        return ReferenceCell(number, image_id, *plane, *place, kind)

    def remove(self, reference_ids: Sequence[int]) -> None:
        """Remove reference cells.

        Parameters
        ----------
        reference_ids : sequence of int
        """
        self._database.change_all(
            "DELETE FROM reference_cells WHERE id = ?", [(number,) for number in reference_ids]
        )

    def _select(self, condition: str, values: Sequence[int]) -> list[ReferenceCell]:
        rows = self._database.rows(
            f"SELECT id, image_id, time, slice, y, x, kind FROM reference_cells {condition}", values
        )
        return [ReferenceCell(*row) for row in rows]
