"""The runs of a project as an item model."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from dinocell_app.run_queue.run_rows import RunRow

Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = Qt.ItemDataRole.UserRole
"""Gives the `RunRow` itself."""


class Column(IntEnum):
    """Columns of the queue."""

    NAME = 0
    STATE = 1
    PROGRESS = 2
    REMAINING = 3
    CELLS = 4
    SPEED = 5


_TITLES = ("Run", "State", "Progress", "Remaining", "Cells", "Speed")


class RunModel(QAbstractTableModel):
    """Draws `RunRow` objects; holds nothing else."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RunRow] = []

    def rows(self) -> list[RunRow]:
        """Give the runs as they are shown."""
        return list(self._rows)

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """Show these runs; a change of values keeps selection and place."""
        if [row.id for row in rows] != [row.id for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        for number, row in enumerate(rows):
            if row != self._rows[number]:
                self._rows[number] = row
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(_TITLES) - 1))

    def number_of(self, run_id: int) -> int:
        """Find a run.

        Returns
        -------
        int
            Its row; -1 when it is not shown.
        """
        return next((number for number, row in enumerate(self._rows) if row.id == run_id), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Count the runs."""
        return 0 if parent.isValid() else len(self._rows)

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
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row, column = self._rows[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return _tooltip(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{_TITLES[column]}: {_text(row, column)}"
            case Qt.ItemDataRole.TextAlignmentRole if column is Column.CELLS:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return row if role == ROW_ROLE else None


def _text(row: RunRow, column: Column) -> str:
    match column:
        case Column.NAME:
            return row.name
        case Column.STATE:
            return row.state_text
        case Column.PROGRESS:
            return row.progress_text
        case Column.REMAINING:
            return row.remaining_text
        case Column.CELLS:
            return "" if row.is_training else f"{row.n_cells:,}"
        case Column.SPEED:
            return row.speed_text


def _tooltip(row: RunRow) -> str:
    images = "" if row.is_training else " images"
    lines = [row.name, f"{row.state_text}: {row.progress_text}{images}"]
    if row.current_image:
        lines.append(f"Now: {row.current_image}")
    if row.reason:
        lines.append(row.reason)
    return "\n".join(lines)
