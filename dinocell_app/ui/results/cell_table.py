"""The tab with one row for each cell."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.ui.results.cell_table_model import CellTableModel
from dinocell_app.ui.results.column_chooser import ColumnChooser
from dinocell_app.ui.results.shown_cells import ShownCells

MOST_COPIED = 100_000
"""Rows that go to the clipboard at once; for more there are the files."""


class CellTable(QWidget):
    """The table of cells; its current row is the chosen cell."""

    row_chosen = Signal(int)
    """A person chose a row; the row of the store."""

    def __init__(self, cells: ShownCells, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = cells
        self.model = CellTableModel(cells, self)
        self.view = QTableView()
        self.columns_button = QPushButton("Columns…")
        self.columns_button.setToolTip("Choose which columns the table shows, and in which order")
        self.columns_button.clicked.connect(self._on_columns)
        self.unsort_button = QPushButton("Order of images")
        self.unsort_button.setToolTip("Put the cells back in the order of images and labels")
        self.unsort_button.clicked.connect(self._on_unsort)
        self.copy_button = QPushButton("Copy rows")
        self.copy_button.setToolTip("Copy the selected rows with their headers, for a spreadsheet (Ctrl+C)")
        self.copy_button.clicked.connect(self.copy_rows)
        self._following = False
        self._set_up_view()
        line = QHBoxLayout()
        line.addWidget(self.columns_button)
        line.addWidget(self.unsort_button)
        line.addWidget(self.copy_button)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.view, 1)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_rows)
        cells.cell_changed.connect(self.show_chosen)
        cells.rows_changed.connect(self._on_rows_changed)
        cells.columns_changed.connect(self._on_rows_changed)
        cells.values_changed.connect(self.view.viewport().update)
        self.model.modelReset.connect(self._fit_columns)

    def show_chosen(self) -> None:
        """Make the chosen cell the current row and scroll to it."""
        position = self._cells.position(self._cells.cell)
        self._following = True
        try:
            if position is None:
                self.view.clearSelection()
                self.view.setCurrentIndex(QModelIndex())
                return
            column = max(0, self.view.currentIndex().column())
            index = self.model.index(position, column)
            flags = QItemSelectionModel.SelectionFlag
            if self.view.currentIndex().row() != position:
                self.view.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.view.scrollTo(index)
        finally:
            self._following = False

    def copy_rows(self) -> None:
        """Copy the selected rows, or the current one, with headers, as text between tabs."""
        selected = self.view.selectionModel().selection()
        positions: list[int] = []
        for part in (selected.at(place) for place in range(selected.count())):
            positions.extend(range(part.top(), min(part.bottom() + 1, part.top() + MOST_COPIED)))
        names = self.model.names
        columns = [self._cells.store.columns[name] for name in names]
        lines = ["\t".join(names)]
        for position in sorted(set(positions))[:MOST_COPIED]:
            row = self.model.store_row(position)
            lines.append("\t".join(_copied(column.value(row)) for column in columns))
        if len(lines) > 1:
            QGuiApplication.clipboard().setText("\n".join(lines) + "\n")

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setAccessibleName("Cells, one a row")
        view.setAlternatingRowColors(True)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        height = view.fontMetrics().height() + 8
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        view.verticalHeader().setDefaultSectionSize(height)
        header = view.horizontalHeader()
        header.setSectionsMovable(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setAccessibleName("Columns of the table; click to sort")
        # Taken over when the header is done with the mouse: the model is reset by it.
        header.sectionMoved.connect(lambda *_: QTimer.singleShot(0, self, self._take_dragged_order))
        view.setSortingEnabled(True)
        view.selectionModel().currentRowChanged.connect(self._on_row)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Give columns room for their header; looking at all values would take too long."""
        metrics = self.view.fontMetrics()
        for place in range(self.model.columnCount()):
            title = str(self.model.headerData(place, Qt.Orientation.Horizontal))
            first = str(self.model.index(0, place).data() or "") if self.model.rowCount() else ""
            width = max(metrics.horizontalAdvance(title) + 34, metrics.horizontalAdvance(first) + 18)
            self.view.setColumnWidth(place, min(width, 260))

    def _on_row(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._following and current.isValid():
            self.row_chosen.emit(self.model.store_row(current.row()))

    def _on_columns(self) -> None:
        chooser = ColumnChooser(list(self._cells.store.columns), self.model.names, self)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.accepted.connect(lambda: self._show_columns(chooser.chosen()))
        chooser.open()

    def _show_columns(self, names: list[str]) -> None:
        self.model.set_names(names)
        self._cells.sort_by("", ascending=True)
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.show_chosen()

    def _take_dragged_order(self) -> None:
        """Let columns that were dragged be the order of the table, which is remembered and copied."""
        header, names = self.view.horizontalHeader(), self.model.names
        places = [header.logicalIndex(place) for place in range(header.count())]
        if places == sorted(places) or len(places) != len(names):
            return
        blocked = header.blockSignals(True)
        for place in range(header.count()):
            header.moveSection(header.visualIndex(place), place)
        header.blockSignals(blocked)
        self.model.set_names([names[place] for place in places])
        self._on_rows_changed()

    def _on_rows_changed(self) -> None:
        """Show by which column the cells are sorted, also when another tab asked for it."""
        sort_by = self._cells.arrangement.sort_by
        section = self.model.names.index(sort_by) if sort_by in self.model.names else -1
        order = (
            Qt.SortOrder.AscendingOrder if self._cells.arrangement.ascending else Qt.SortOrder.DescendingOrder
        )
        header = self.view.horizontalHeader()
        blocked = header.blockSignals(True)
        header.setSortIndicator(section, order)
        header.blockSignals(blocked)
        self.show_chosen()

    def _on_unsort(self) -> None:
        self._cells.sort_by("", ascending=True)


def _copied(value: str | int | float | bool) -> str:
    """Write in full, with nothing for the one value that differs from itself: missing."""
    return "" if value != value else str(value)
