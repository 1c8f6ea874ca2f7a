"""Thumbnails of reference cells: look, name, remove."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QListView, QListWidget, QListWidgetItem, QWidget

from dinocell_app.project.references import ReferenceCell

ICON_PX = 56


class ExampleList(QListWidget):
    """Reference cells side by side.

    Parameters
    ----------
    name : str
        What assistive technology calls it.
    """

    removal_asked = Signal(object)
    """Ids of reference cells."""
    renamed = Signal(int, str)
    """Id of a reference cell and its name."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setToolTip(
            "Delete removes the chosen cells, F2 names one. Rest on a cell to see where it is from."
        )
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setUniformItemSizes(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        line = self.fontMetrics().height()
        self.setGridSize(QSize(ICON_PX + 16, ICON_PX + line + 8))
        self.setFixedHeight(ICON_PX + line + 32)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(lambda: self.removal_asked.emit(self.chosen()))
        self.itemChanged.connect(self._on_changed)

    def show_cells(self, cells: list[ReferenceCell]) -> None:
        """Show other cells."""
        self.blockSignals(True)
        self.clear()
        for cell in cells:
            item = QListWidgetItem(_icon(cell), cell.example.name or cell.example.source)
            item.setData(Qt.ItemDataRole.UserRole, cell.id)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(f"{cell.example.name}\n{cell.example.source}".strip())
            self.addItem(item)
        self.blockSignals(False)

    def chosen(self) -> list[int]:
        """Give the ids of the chosen cells."""
        return [item.data(Qt.ItemDataRole.UserRole) for item in self.selectedItems()]

    def _on_changed(self, item: QListWidgetItem) -> None:
        self.renamed.emit(item.data(Qt.ItemDataRole.UserRole), item.text())


def _icon(cell: ReferenceCell) -> QIcon:
    crop = np.ascontiguousarray(cell.example.crop)
    if not crop.size:
        return QIcon()
    height, width = crop.shape
    image = QImage(crop.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()
    scaled = image.scaled(
        ICON_PX,
        ICON_PX,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return QIcon(QPixmap.fromImage(scaled))
