"""The table of cells as Qt sees it: it asks for what is on the screen and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from dinocell_app.ui.results.shown_cells import ShownCells

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

_FIRST_SHOWN = (
    "image",
    "folder",
    "plane",
    "label",
    "review",
    "region",
    "confidence",
    "touches_border",
    "area",
    "equivalent_diameter",
    "circularity",
    "aspect_ratio",
    "solidity",
    "n_neighbours",
)


def first_columns(names: Sequence[str]) -> list[str]:
    """Choose the columns a table starts with.

    Parameters
    ----------
    names : sequence of str
        All columns.

    Returns
    -------
    list of str
        The identity, the main shapes, in µm where there are such columns, and the mean of each channel.
    """
    chosen = []
    for stem in _FIRST_SHOWN:
        for candidate in (stem, f"{stem}_um2", f"{stem}_um", f"{stem}_px2", f"{stem}_px"):
            if candidate in names:
                chosen.append(candidate)
                break
    means = [
        name for name in names if name.startswith("intensity_mean_") and "background_corrected" not in name
    ]
    return [*chosen, *means]


class CellTableModel(QAbstractTableModel):
    """Rows are the shown cells, columns the chosen ones."""

    def __init__(self, cells: ShownCells, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cells = cells
        self._names: list[str] = first_columns(list(cells.store.columns))
        self._n_rows = len(cells.rows)
        self._chosen: tuple[str, ...] | None = None
        cells.store_changed.connect(self._on_store_changed)
        cells.columns_changed.connect(self._on_columns_changed)
        cells.rows_changed.connect(self._on_rows_changed)

    @property
    def names(self) -> list[str]:
        """Columns in the order they are shown."""
        return list(self._names)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """Columns that a person chose, whether these cells have them or not; None for the usual ones."""
        return self._chosen

    def set_names(self, names: Sequence[str] | None) -> None:
        """Show other columns.

        Parameters
        ----------
        names : sequence of str or None
            Those the table does not have are left out; None for the usual ones.
        """
        self._chosen = None if names is None else tuple(names)
        self.beginResetModel()
        self._names = self._wanted_names()
        self.endResetModel()

    def store_row(self, position: int) -> int:
        """Row of the store that stands at a place of the table."""
        return int(self._cells.rows[position])

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        """Count the cells shown."""
        return 0 if parent.isValid() else self._n_rows

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        """Count the columns shown."""
        return 0 if parent.isValid() else len(self._names)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's values
        """Give what Qt asks about one value."""
        if not index.isValid() or not (index.row() < self._n_rows and index.column() < len(self._names)):
            return None
        column = self._cells.store.columns[self._names[index.column()]]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(self.store_row(index.row()))
        if role == Qt.ItemDataRole.UserRole:
            return column.value(self.store_row(index.row()))
        if role == Qt.ItemDataRole.ToolTipRole and column.words is not None:
            return column.text(self.store_row(index.row()))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's values
        """Name and explain a column, or number a row."""
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if not 0 <= section < len(self._names):
            return None
        text = self._cells.store.about(self._names[section])
        if role == Qt.ItemDataRole.DisplayRole:
            return text.label
        return text.tooltip if role == Qt.ItemDataRole.ToolTipRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order the cells by a column; -1 gives the order of the images back."""
        name = self._names[column] if 0 <= column < len(self._names) else ""
        self._cells.sort_by(name, ascending=order == Qt.SortOrder.AscendingOrder)

    def _wanted_names(self) -> list[str]:
        there = list(self._cells.store.columns)
        return [name for name in self._chosen or () if name in there] or first_columns(there)

    def _on_store_changed(self) -> None:
        self.beginResetModel()
        self._names = self._wanted_names()
        self._n_rows = 0
        self.endResetModel()

    def _on_rows_changed(self) -> None:
        self.beginResetModel()
        self._n_rows = len(self._cells.rows)
        self.endResetModel()

    def _on_columns_changed(self) -> None:
        self.beginResetModel()
        self._names = self._wanted_names()
        self.endResetModel()
