"""The shown cells as a grid of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from dinocell_app.ui.results.crop_loading import CropLoading
from dinocell_app.ui.results.shown_cells import ShownCells

TYPE_COLUMN = "cell_type"
"""Column of tables that says which type of cells a cell is of."""

TYPE_ROLE = Qt.ItemDataRole.UserRole + 1
"""Name of the type, and its colour as "#rrggbb" or ""; None for a cell of no type."""

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class GalleryModel(QAbstractTableModel):
    """The shown cells laid out in rows of as many as fit."""

    def __init__(self, cells: ShownCells, crops: CropLoading, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cells = cells
        self._crops = crops
        self._n_cells = len(cells.rows)
        self._n_columns = 6
        self._type_colours: dict[str, str] = {}
        cells.store_changed.connect(self._on_rows_changed)
        cells.rows_changed.connect(self._on_rows_changed)

    def set_columns(self, number: int) -> None:
        """Lay the cells out anew.

        Parameters
        ----------
        number : int
            Cells side by side.
        """
        if number != self._n_columns:
            self.beginResetModel()
            self._n_columns = number
            self.endResetModel()

    def set_type_colours(self, colours: Mapping[str, str]) -> None:
        """Say in which colours types are shown, here as everywhere.

        Parameters
        ----------
        colours : mapping of str to str
            "#rrggbb" by the name of a type.
        """
        if self._type_colours != dict(colours):
            self._type_colours = dict(colours)
            self.show_loaded()

    def store_row(self, index: _Index) -> int | None:
        """Row of the store of a picture.

        Returns
        -------
        int or None
            None behind the last cell.
        """
        position = index.row() * self._n_columns + index.column()
        return int(self._cells.rows[position]) if index.isValid() and position < self._n_cells else None

    def index_of(self, position: int) -> QModelIndex:
        """Place of the cell at a position of the order."""
        return self.index(position // self._n_columns, position % self._n_columns)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        """Count the rows of pictures."""
        return 0 if parent.isValid() else -(-self._n_cells // self._n_columns)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        """Count the pictures side by side."""
        return 0 if parent.isValid() else self._n_columns

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Let only places with a cell be chosen."""
        there = self.store_row(index) is not None
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if there else Qt.ItemFlag.NoItemFlags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's values
        """Give what Qt asks about one cell."""
        row = self.store_row(index)
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            column = self._cells.store.columns.get(self._cells.arrangement.sort_by)
            return str(self._cells.store.label(row)) if column is None else column.text(row) or "–"
        if role == Qt.ItemDataRole.UserRole:
            return self._crops.crop(row)
        if role == TYPE_ROLE:
            name = self._type_of(row)
            return (name, self._type_colours.get(name, "")) if name else None
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            crop = self._crops.crop(row)
            problem = crop if isinstance(crop, str) else ""
            name = self._cells.arrangement.sort_by
            value = f"{self._cells.store.about(name).label}: {index.data()}" if name else ""
            cell = f"{self._cells.store.source(row).title}, cell {self._cells.store.label(row)}"
            kind = f"type: {self._type_of(row)}" if self._type_of(row) else ""
            return "\n".join(filter(None, (cell, kind, value, problem)))
        return None

    def _type_of(self, row: int) -> str:
        column = self._cells.store.columns.get(TYPE_COLUMN)
        return column.text(row) if column is not None else ""

    def show_loaded(self) -> None:
        """Have the pictures drawn anew."""
        if self._n_cells:
            last = self.index(self.rowCount() - 1, self._n_columns - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.UserRole, TYPE_ROLE])

    def _on_rows_changed(self) -> None:
        self.beginResetModel()
        self._n_cells = len(self._cells.rows)
        self.endResetModel()
