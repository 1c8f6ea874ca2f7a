"""Label files with the images they belong to, as an item model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from dinocell_app.project.label_import import LabelMatch
from dinocell_app.reexport.label_importing import LabelsImported

Index = QModelIndex | QPersistentModelIndex

_TITLES = ("Label image", "Image", "State")


class LabelMatchModel(QAbstractTableModel):
    """Draws matches and what became of them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._matches: list[LabelMatch] = []
        self._names: Mapping[int, str] = {}
        self._done: dict[Path, LabelsImported] = {}

    def matches(self) -> list[LabelMatch]:
        """Give what is shown."""
        return list(self._matches)

    def show_matches(self, matches: Sequence[LabelMatch], names: Mapping[int, str]) -> None:
        """Show matches.

        Parameters
        ----------
        names : mapping of int to str
            Names of images by id.
        """
        self.beginResetModel()
        self._matches, self._names = list(matches), names
        self._done.clear()
        self.endResetModel()

    def note(self, imported: Sequence[LabelsImported]) -> None:
        """Note what became of label files."""
        for one in imported:
            self._done[one.labels] = one
        if self._matches:
            self.dataChanged.emit(self.index(0, 2), self.index(len(self._matches) - 1, 2))

    def n_imported(self) -> int:
        """Count the files that are imported."""
        return sum(one.result is not None for one in self._done.values())

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Count the files."""
        return 0 if parent.isValid() else len(self._matches)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Count the columns."""
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Name the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give what a cell of the table shows."""
        if not index.isValid() or index.row() >= len(self._matches):
            return None
        match = self._matches[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(match.labels) if index.column() == 0 else self._text(match, index.column())
        return self._text(match, index.column()) if role == Qt.ItemDataRole.DisplayRole else None

    def _text(self, match: LabelMatch, column: int) -> str:
        if column == 0:
            return match.labels.name
        if column == 1:
            return self._names.get(match.image_id, "") if match.image_id is not None else "–"
        done = self._done.get(match.labels)
        if done is not None:
            if done.result is None:
                return f"✕ {done.problem}"
            how = ": the parts of a black-and-white mask" if done.was_black_and_white else ""
            return f"✓ Imported, {done.result.n_cells:,} cells{how}"
        return f"! {match.problem}" if match.problem else "Will be imported"
