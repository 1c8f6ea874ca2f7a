"""The tab with one row for each image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from dinocell_app.tables.column_text import column_text
from dinocell_app.tables.image_summary import source_problem
from dinocell_app.tables.row_order import value_order
from dinocell_app.ui.results.image_values import ImageValues

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ImageTableModel(QAbstractTableModel):
    """Rows are images (or planes of them), columns their summaries."""

    def __init__(self, values: ImageValues, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._values = values
        self._sorted_by: tuple[str, Qt.SortOrder] = ("", Qt.SortOrder.AscendingOrder)
        self._names = list(values.columns)
        self._order = self._ordered()
        values.changed.connect(self._on_changed)

    @property
    def names(self) -> list[str]:
        """Columns in order."""
        return list(self._names)

    def source(self, position: int) -> int:
        """Place of the source that stands in a row."""
        return int(self._order[position])

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        """Count the images."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        """Count the columns."""
        return 0 if parent.isValid() else len(self._names)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's values
        """Give what Qt asks about one value."""
        if not index.isValid():
            return None
        column = self._values.columns[self._names[index.column()]]
        place = self.source(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(place)
        if role == Qt.ItemDataRole.UserRole:
            return column.value(place)
        if role == Qt.ItemDataRole.ToolTipRole and column.words is not None:
            return "\n".join(filter(None, (column.text(place), source_problem(self._values.sources[place]))))
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
        text = column_text(self._names[section])
        if role == Qt.ItemDataRole.DisplayRole:
            return text.label
        return text.tooltip if role == Qt.ItemDataRole.ToolTipRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order the images by a column; -1 gives the order of the project back."""
        self._sorted_by = (self._names[column] if 0 <= column < len(self._names) else "", order)
        self.beginResetModel()
        self._order = self._ordered()
        self.endResetModel()

    def _on_changed(self) -> None:
        self.beginResetModel()
        self._names = list(self._values.columns)
        self._order = self._ordered()
        self.endResetModel()

    def _ordered(self) -> NDArray[np.intp]:
        name, order = self._sorted_by
        column = self._values.columns.get(name)
        if column is None:
            return np.arange(len(self._values.sources))
        return value_order(column.sortable(), ascending=order == Qt.SortOrder.AscendingOrder)


class ImageTable(QWidget):
    """The table of images; choosing a row shows the image."""

    source_chosen = Signal(int)
    """Place of the image among the sources of the store."""

    def __init__(self, values: ImageValues, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = values
        self.model = ImageTableModel(values, self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName("Images, one a row")
        self.view.setAlternatingRowColors(True)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.view.verticalHeader().setDefaultSectionSize(self.view.fontMetrics().height() + 8)
        header = self.view.horizontalHeader()
        header.setSectionsMovable(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.view.selectionModel().currentRowChanged.connect(self._on_row)
        self.model.modelReset.connect(self._fit_columns)
        self._fit_columns()

    def _on_row(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self.source_chosen.emit(self.model.source(current.row()))

    def _fit_columns(self) -> None:
        metrics = self.view.fontMetrics()
        for place in range(self.model.columnCount()):
            title = str(self.model.headerData(place, Qt.Orientation.Horizontal))
            words = self._values.columns[self.model.names[place]].words or ("",)
            longest = max(words[:200], key=len)
            width = max(metrics.horizontalAdvance(title) + 34, metrics.horizontalAdvance(longest) + 18)
            self.view.setColumnWidth(place, min(width, 260))
