"""The tab with a picture of each cell, in the order of the table or of any column."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QTableView, QVBoxLayout, QWidget

from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.results.crop_delegate import CropDelegate
from dinocell_app.ui.results.crop_loading import CropLoading
from dinocell_app.ui.results.gallery_model import GalleryModel
from dinocell_app.ui.results.shown_cells import ShownCells

SIDE = 104


class Gallery(QWidget):
    """Pictures of the shown cells; arrow keys go from one to the next."""

    row_chosen = Signal(int)
    """Row of the store whose picture was chosen."""

    def __init__(self, cells: ShownCells, crops: CropLoading, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = cells
        self._crops = crops
        self._following = False
        self.model = GalleryModel(cells, crops, self)
        self.order = QComboBox()
        self.order.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.order.setMinimumContentsLength(28)
        self.order.setAccessibleName("Column that the cells are sorted by")
        self.order.setToolTip("Sort the cells, here and in the table")
        self.descending = QComboBox()
        self.descending.addItems(["Smallest first", "Largest first"])
        self.descending.setAccessibleName("Direction of sorting")
        self.descending.setToolTip("Which cells come first.")
        self.view = QTableView()
        self._set_up_view()
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(0)
        self._asking.timeout.connect(self.load_visible)
        title = plain_label("Sort by")
        title.setBuddy(self.order)
        line = QHBoxLayout()
        for widget in (title, self.order, self.descending):
            line.addWidget(widget)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.view, 1)
        self._connect()
        self._show_columns()

    def load_visible(self) -> None:
        """Ask for the pictures that are on the screen."""
        if not self.isVisible():
            return
        first = self.view.rowAt(0)
        last = self.view.rowAt(self.view.viewport().height() - 1)
        last = self.model.rowCount() - 1 if last < 0 else last
        rows = [
            row
            for line in range(max(0, first), last + 1)
            for column in range(self.model.columnCount())
            if (row := self.model.store_row(self.model.index(line, column))) is not None
        ]
        self._crops.want(rows)

    def showEvent(self, event: QShowEvent) -> None:
        """Load what is on the screen now."""
        super().showEvent(event)
        self._lay_out_pictures()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put as many pictures side by side as fit."""
        super().resizeEvent(event)
        self._lay_out_pictures()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the view, which layouts change after that of the tab."""
        if event.type() == QEvent.Type.Resize:
            self._lay_out_pictures()
        return super().eventFilter(watched, event)

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setItemDelegate(CropDelegate(view))
        view.setAccessibleName("Pictures of cells")
        view.setShowGrid(False)
        view.setTabKeyNavigation(False)
        view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        view.horizontalHeader().hide()
        view.verticalHeader().hide()
        view.horizontalHeader().setDefaultSectionSize(SIDE)
        view.verticalHeader().setDefaultSectionSize(SIDE + view.fontMetrics().height())
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _connect(self) -> None:
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.view.viewport().installEventFilter(self)
        self.model.modelReset.connect(self._asking.start)
        self._crops.loaded.connect(self.model.show_loaded)
        self._cells.store_changed.connect(self._show_columns)
        self._cells.rows_changed.connect(self._show_order)
        self._cells.rows_changed.connect(self.show_chosen)
        self._cells.cell_changed.connect(self.show_chosen)
        self.order.activated.connect(self._on_order)
        self.descending.activated.connect(self._on_order)

    def show_chosen(self) -> None:
        """Mark the chosen cell and scroll to it."""
        position = self._cells.position(self._cells.cell)
        self._following = True
        try:
            if position is None:
                self.view.clearSelection()
                self.view.setCurrentIndex(QModelIndex())
                return
            index = self.model.index_of(position)
            self.view.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
            self.view.scrollTo(index)
        finally:
            self._following = False

    def _on_scrolled(self, _value: int) -> None:
        self._asking.start()

    def _lay_out_pictures(self) -> None:
        fitting = max(1, self.view.viewport().width() // SIDE)
        if fitting != self.model.columnCount():
            self.model.set_columns(fitting)
            self.show_chosen()
        self._asking.start()

    def _show_columns(self) -> None:
        self.order.clear()
        self.order.addItem("Image and label", "")
        for name in self._cells.store.columns:
            self.order.addItem(self._cells.store.about(name).label, name)
        self._show_order()

    def _show_order(self) -> None:
        self.order.setCurrentIndex(max(0, self.order.findData(self._cells.arrangement.sort_by)))
        self.descending.setCurrentIndex(0 if self._cells.arrangement.ascending else 1)
        self.descending.setEnabled(bool(self._cells.arrangement.sort_by))

    def _on_order(self, _place: int) -> None:
        ascending = self.descending.currentIndex() == 0
        self._cells.sort_by(str(self.order.currentData() or ""), ascending=ascending)

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.model.store_row(current)
        if not self._following and row is not None:
            self.row_chosen.emit(row)
