"""Changes of the project's reference cells, each of which can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export.palette import PALETTE
from dinocell_app.project.project import Project
from dinocell_app.project.references import CellType, ReferenceCell, ReferenceSet
from dinocell_app.references.types import KeptReferences, ReferenceType

MOST_UNDONE = 100


class ReferenceEdits:
    """Types and reference cells of a project, written at once."""

    def __init__(self, project: Project) -> None:
        self._table = project.references
        self._before: list[ReferenceSet] = []
        self.now = self._table.all()

    @property
    def can_undo(self) -> bool:
        """Whether anything was changed since the project was opened."""
        return bool(self._before)

    def undo(self) -> None:
        """Make everything as it was before the last change."""
        if self._before:
            self._table.put_back(self._before.pop())
            self.now = self._table.all()

    def cells_of(self, type_id: int, *, positive: bool) -> list[ReferenceCell]:
        """List the cells of a type.

        Parameters
        ----------
        positive : bool
            Examples of it, or cells that are not of it.
        """
        return [cell for cell in self.now.cells if cell.type_id == type_id and cell.positive == positive]

    def add_type(self, name: str = "") -> CellType:
        """Add a type in a colour that no other has, while there are such.

        Parameters
        ----------
        name : str
            Empty for one that is free.

        Raises
        ------
        InvalidParameterError
            If a type has this name.
        """
        used = {each.colour for each in self.now.types}
        colours = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in PALETTE]
        colour = next((each for each in colours if each not in used), colours[len(used) % len(colours)])
        if not name.strip():
            taken = {each.name.casefold() for each in self.now.types}
            name = next(
                f"Type {number}" for number in range(1, len(taken) + 2) if f"type {number}" not in taken
            )
        self._check(name, 0)
        self._remember()
        made = self._table.add_type(name.strip(), colour)
        self.now = self._table.all()
        return made

    def change_type(self, changed: CellType) -> None:
        """Give a type another name or colour.

        Raises
        ------
        InvalidParameterError
            If another type has this name.
        """
        self._check(changed.name, changed.id)
        self._remember()
        self._table.change_type(replace(changed, name=changed.name.strip()))
        self.now = self._table.all()

    def remove_type(self, type_id: int) -> None:
        """Remove a type with its cells."""
        self._remember()
        self._table.remove_type(type_id)
        self.now = self._table.all()

    def add(self, cell: ReferenceCell) -> None:
        """Add a reference cell; one at the same place in the same type gives way to it.

        Raises
        ------
        InvalidParameterError
            If the cells of the project were described with another model.
        """
        other = next((c for c in self.now.cells if c.model_sha256 != cell.model_sha256), None)
        if other is not None:
            raise InvalidParameterError(
                f"The reference cells of this project were described with the model {other.model_id}",
                remedy="Choose that model in the Segment dock, or remove them first",
            )
        self._remember()
        same = [
            c.id
            for c in self.now.cells
            if c.type_id == cell.type_id and c.example.source == cell.example.source
        ]
        self._table.remove(same)
        self._table.add(cell)
        self.now = self._table.all()

    def rename(self, cell_id: int, name: str) -> None:
        """Call a reference cell something."""
        self._remember()
        self._table.rename(cell_id, name.strip())
        self.now = self._table.all()

    def remove(self, cell_ids: Sequence[int]) -> None:
        """Remove reference cells."""
        if cell_ids:
            self._remember()
            self._table.remove(cell_ids)
            self.now = self._table.all()

    def add_from_library(self, library: KeptReferences, names: Sequence[str]) -> None:
        """Add types of a library, each beside those of the project.

        Raises
        ------
        InvalidParameterError
            If the project has a type of a name, or cells that were described with another model.
        """
        types = [each for each in library.read() if each.name in names]
        for each in types:
            self._check(each.name, 0)
        other = next((c for c in self.now.cells if c.model_sha256 != library.model_sha256), None)
        if other is not None:
            raise InvalidParameterError(
                f"The library was made with the model {library.model_id}, the reference cells of this "
                f"project with {other.model_id}",
                remedy="Remove the reference cells of the project first",
            )
        self._remember()
        for each in types:
            self._add_type_of(each, library)
        self.now = self._table.all()

    def _add_type_of(self, kept: ReferenceType, library: KeptReferences) -> None:
        colours = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in PALETTE]
        made = self._table.add_type(kept.name, kept.colour or colours[len(self.now.types) % len(colours)])
        for positive, cells in ((True, kept.positives), (False, kept.negatives)):
            for example in cells:
                new = ReferenceCell(0, made.id, positive, example, library.model_id, library.model_sha256)
                self._table.add(new)

    def _check(self, name: str, own: int) -> None:
        if not name.strip():
            raise InvalidParameterError("A type of cell needs a name", remedy="Give it one")
        if any(t.id != own and t.name.casefold() == name.strip().casefold() for t in self.now.types):
            raise InvalidParameterError(
                f"There is a type of cell called {name.strip()} already", remedy="Choose another name"
            )

    def _remember(self) -> None:
        self._before = [*self._before[1 - MOST_UNDONE :], self.now]
