"""The files of an export as an item model: what will happen to each, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from dinocell_app.reexport.export_plan import ExportPlan
from dinocell_app.reexport.export_writing import FileExported

Index = QModelIndex | QPersistentModelIndex

FILE, FATE = 0, 1
_TITLES = ("File", "What happens")

_DONE = {"written": "✓ Written", "kept": "Kept as it was", "failed": "✕ Failed", "nothing": "Nothing to say"}


class PlannedFileModel(QAbstractTableModel):
    """Draws a plan and the outcomes so far."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plan: ExportPlan | None = None
        self._names: list[str] = []
        self._outcomes: dict[int, FileExported] = {}

    def show_plan(self, plan: ExportPlan | None) -> None:
        """Show a plan."""
        self.beginResetModel()
        self._plan = plan
        self._outcomes.clear()
        folder = Path(plan.choice.folder).expanduser().absolute() if plan is not None else Path()
        files = plan.files if plan is not None else ()
        self._names = [file.path.relative_to(folder).as_posix() for file in files]
        self.endResetModel()

    def note(self, outcomes: Sequence[FileExported]) -> None:
        """Note what became of files."""
        for outcome in outcomes:
            self._outcomes[outcome.number] = outcome
        if outcomes:
            first = min(outcome.number for outcome in outcomes)
            last = max(outcome.number for outcome in outcomes)
            self.dataChanged.emit(self.index(first, FATE), self.index(last, FATE))

    def outcomes(self) -> list[FileExported]:
        """Give what became of files so far."""
        return list(self._outcomes.values())

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Count the files."""
        return 0 if parent.isValid() else len(self._names)

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
        if not index.isValid() or self._plan is None or index.row() >= len(self._names):
            return None
        number = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._names[number] if index.column() == FILE else self._fate(number)
        if role == Qt.ItemDataRole.ToolTipRole:
            outcome = self._outcomes.get(number)
            reason = outcome.reason if outcome is not None else ""
            return reason or str(self._plan.files[number].path)
        return None

    def _fate(self, number: int) -> str:
        outcome = self._outcomes.get(number)
        if outcome is not None:
            return _DONE[outcome.outcome]
        if self._plan is None or not self._plan.files[number].exists:
            return "New"
        return "! Exists: is replaced" if self._plan.choice.existing == "replace" else "Exists: is kept"
