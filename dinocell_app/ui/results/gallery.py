"""The tab with a picture of each cell, in the order of the table or of any column."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QPainter, QPalette, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.ui.results.crop_loading import CropLoading
from dinocell_app.ui.results.shown_cells import ShownCells

SIDE = 104
_EDGE = 4
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class GalleryModel(QAbstractTableModel):
    """The shown cells laid out in rows of as many as fit.

    Parameters
    ----------
    cells : ShownCells
    crops : CropLoading
    parent : QObject, optional
    """

    def __init__(self, cells: ShownCells, crops: CropLoading, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cells = cells
        self._crops = crops
        self._n_cells = len(cells.rows)
        self._n_columns = 6
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

    def store_row(self, index: _Index) -> int | None:
        """Row of the store of a picture.

        Parameters
        ----------
        index : QModelIndex

        Returns
        -------
        int or None
            None behind the last cell.
        """
        position = index.row() * self._n_columns + index.column()
        return int(self._cells.rows[position]) if index.isValid() and position < self._n_cells else None

    def index_of(self, position: int) -> QModelIndex:
        """Place of the cell at a position of the order.

        Parameters
        ----------
        position : int

        Returns
        -------
        QModelIndex
        """
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
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            crop = self._crops.crop(row)
            problem = crop if isinstance(crop, str) else ""
            name = self._cells.arrangement.sort_by
            value = f"{self._cells.store.about(name).label}: {index.data()}" if name else ""
            cell = f"{self._cells.store.source(row).title}, cell {self._cells.store.label(row)}"
            return "\n".join(filter(None, (cell, value, problem)))
        return None

    def show_loaded(self) -> None:
        """Have the pictures drawn anew."""
        if self._n_cells:
            last = self.index(self.rowCount() - 1, self._n_columns - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.UserRole])

    def _on_rows_changed(self) -> None:
        self.beginResetModel()
        self._n_cells = len(self._cells.rows)
        self.endResetModel()


class _CropDelegate(QStyledItemDelegate):
    """Draw the picture with its value below."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one cell."""
        text = index.data()
        if text is None:
            return
        rect: QRect = option.rect
        palette: QPalette = option.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, palette.highlight())
        height = painter.fontMetrics().height()
        frame = rect.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE - height)
        crop = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(crop, QPixmap):
            size = crop.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, size.width(), size.height())
            target.moveCenter(frame.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, crop.width() > size.width())
            painter.drawPixmap(target, crop)
        else:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            waiting = "…" if crop is None else "⚠ no picture"
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, waiting)
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        painter.setPen(palette.color(role))
        line = QRect(rect.left(), rect.bottom() - height - 1, rect.width(), height)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, str(text))


class Gallery(QWidget):
    """Pictures of the shown cells; arrow keys go from one to the next.

    Parameters
    ----------
    cells : ShownCells
    crops : CropLoading
    parent : QWidget, optional
    """

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
        self.view = QTableView()
        self._set_up_view()
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(0)
        self._asking.timeout.connect(self.load_visible)
        title = QLabel("Sort by")
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
        view.setItemDelegate(_CropDelegate(view))
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
