"""Reference cells of a project: types of cells, and examples that a person pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.project.database import Database
from dinocell_app.references.types import KeptReferences, ReferenceExample, ReferenceType

DEFAULT_LEAST_SCORE = 0.5
"""A cell that scores less is as much like the picture's other cells as like the references, or more."""

_LEAST_SCORE_KEY = "least_reference_score"


@dataclass(frozen=True)
class CellType:
    """A type of cell that is looked for.

    Parameters
    ----------
    colour : str
        As "#rrggbb".
    """

    id: int
    name: str
    colour: str


@dataclass(frozen=True)
class CellPlace:
    """Where a cell is.

    Parameters
    ----------
    t, z : int
        Plane, counted from 0.
    row, column : int
        A pixel of the cell.
    """

    image_id: int
    t: int
    z: int
    row: int
    column: int


@dataclass(frozen=True, eq=False)
class ReferenceCell:
    """A cell that others are compared with.

    Parameters
    ----------
    positive : bool
        Whether it is an example of the type, or of what is not of it.
    model_id, model_sha256 : str
        The model whose features describe it.
    place : CellPlace or None
        None when it comes from a library or its image was removed.
    """

    id: int
    type_id: int
    positive: bool
    example: ReferenceExample
    model_id: str
    model_sha256: str
    place: CellPlace | None = None


@dataclass(frozen=True, eq=False)
class ReferenceSet:
    """All types and cells of a project at a time; what undo goes back to.

    Parameters
    ----------
    types : tuple of CellType
        In the order in which they were made.
    cells : tuple of ReferenceCell
        In the order in which they were added.
    """

    types: tuple[CellType, ...] = ()
    cells: tuple[ReferenceCell, ...] = ()


class ReferenceTable:
    """The reference cells of a project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> ReferenceSet:
        """Read everything."""
        rows = self._database.rows("SELECT * FROM reference_cells ORDER BY id")
        types = self._database.rows("SELECT id, name, colour FROM cell_types ORDER BY id")
        return ReferenceSet(tuple(CellType(*row) for row in types), tuple(_cell(row) for row in rows))

    def put_back(self, references: ReferenceSet) -> None:
        """Make everything as it was.

        Parameters
        ----------
        references : ReferenceSet
            As `all` gave it.
        """
        with self._database.transaction():
            self._database.change("DELETE FROM reference_cells")
            self._database.change("DELETE FROM cell_types")
            self._database.change_all(
                "INSERT INTO cell_types (id, name, colour) VALUES (?, ?, ?)",
                [(each.id, each.name, each.colour) for each in references.types],
            )
            for cell in references.cells:
                self._insert(cell)

    def add_type(self, name: str, colour: str) -> CellType:
        """Add a type without examples."""
        number = self._database.change("INSERT INTO cell_types (name, colour) VALUES (?, ?)", (name, colour))
        return CellType(number, name, colour)

    def change_type(self, changed: CellType) -> None:
        """Give a type another name and colour."""
        self._database.change(
            "UPDATE cell_types SET name = ?, colour = ? WHERE id = ?",
            (changed.name, changed.colour, changed.id),
        )

    def remove_type(self, type_id: int) -> None:
        """Remove a type and its examples."""
        self._database.change("DELETE FROM cell_types WHERE id = ?", (type_id,))

    def add(self, new: ReferenceCell) -> ReferenceCell:
        """Add a reference cell.

        Parameters
        ----------
        new : ReferenceCell
            Of whatever id.

        Returns
        -------
        ReferenceCell
            With the id that it has from now on.
        """
        return replace(new, id=self._insert(replace(new, id=0)))

    def rename(self, cell_id: int, name: str) -> None:
        """Call a reference cell something else."""
        self._database.change("UPDATE reference_cells SET name = ? WHERE id = ?", (name, cell_id))

    def remove(self, cell_ids: Sequence[int]) -> None:
        """Remove reference cells."""
        self._database.change_all(
            "DELETE FROM reference_cells WHERE id = ?", [(number,) for number in cell_ids]
        )

    def least_score(self) -> float:
        """Give the score below which a cell is not taken to be like the references.

        Returns
        -------
        float
            0 to 1.
        """
        row = self._database.row("SELECT value FROM settings WHERE key = ?", (_LEAST_SCORE_KEY,))
        return float(row[0]) if row is not None else DEFAULT_LEAST_SCORE

    def set_least_score(self, score: float) -> None:
        """Choose the score below which a cell is not taken to be like the references.

        Parameters
        ----------
        score : float
            0 to 1.
        """
        self._database.change(
            "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (_LEAST_SCORE_KEY, repr(score))
        )

    def _insert(self, cell: ReferenceCell) -> int:
        place, example = cell.place, cell.example
        where = (place.image_id, place.t, place.z, place.row, place.column) if place else (None,) * 5
        crop = np.ascontiguousarray(example.crop, np.uint8)
        return self._database.change(
            "INSERT INTO reference_cells (id, type_id, positive, image_id, time, slice, y, x, name, source, "
            "model_id, model_sha256, description, crop, crop_width) "
            "VALUES (?, ?, ?, (SELECT id FROM images WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(cell.id or None, cell.type_id, int(cell.positive), *where, example.name, example.source),
                *(cell.model_id, cell.model_sha256),
                np.ascontiguousarray(example.description, "<f4").tobytes(),
                crop.tobytes(),
                crop.shape[1],
            ),
        )


def kept_references(references: ReferenceSet) -> KeptReferences | None:
    """Write references as they travel in jobs and libraries.

    Returns
    -------
    KeptReferences or None
        Types with at least one example; None when there is none.

    Raises
    ------
    InvalidParameterError
        If the cells were described with several models.
    """
    types = []
    for each in references.types:
        cells = [cell for cell in references.cells if cell.type_id == each.id]
        positives = tuple(cell.example for cell in cells if cell.positive)
        negatives = tuple(cell.example for cell in cells if not cell.positive)
        if positives:
            types.append(ReferenceType(each.name, positives, negatives, each.colour))
    if not types:
        return None
    used = {each.name for each in types}
    ids = {each.id for each in references.types if each.name in used}
    models = {(cell.model_id, cell.model_sha256) for cell in references.cells if cell.type_id in ids}
    if len(models) > 1:
        raise InvalidParameterError(
            "The reference cells were described with several models: "
            + ", ".join(sorted({model for model, _ in models})),
            remedy="Remove those of all models but one",
        )
    return KeptReferences.of(*models.pop(), types)


def _cell(row: Any) -> ReferenceCell:  # noqa: ANN401 - a Row
    crop = np.frombuffer(row["crop"], np.uint8).reshape(-1, max(1, row["crop_width"]))
    description = np.frombuffer(row["description"], "<f4").astype(np.float32)
    place = None
    if row["image_id"] is not None:
        place = CellPlace(row["image_id"], row["time"], row["slice"], row["y"], row["x"])
    return ReferenceCell(
        id=row["id"],
        type_id=row["type_id"],
        positive=bool(row["positive"]),
        example=ReferenceExample(description, row["source"], crop, row["name"]),
        model_id=row["model_id"],
        model_sha256=row["model_sha256"],
        place=place,
    )
