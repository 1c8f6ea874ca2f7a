"""A progress bar in a table, drawn by the style of the system."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionProgressBar
from PySide6.QtWidgets import QStyleOptionViewItem as ViewItem

from dinocell_app.run_queue.run_rows import RunRow
from dinocell_app.ui.queue.run_model import ROW_ROLE

_STEPS = 1000
_MARGIN_PX = 3
_NARROWEST_PX = 110


class ProgressDelegate(QStyledItemDelegate):
    """Draws how far a run is, with the count written below or inside as the style does."""

    def paint(self, painter: QPainter, option: ViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw the bar."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, RunRow):
            super().paint(painter, option, index)
            return
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        bar = QStyleOptionProgressBar()
        bar.rect = option.rect.adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX)
        bar.palette = option.palette
        bar.state = option.state | QStyle.StateFlag.State_Horizontal
        bar.direction = option.direction
        bar.fontMetrics = option.fontMetrics
        bar.minimum, bar.maximum = 0, _STEPS
        bar.progress = round(row.fraction * _STEPS)
        bar.text = row.progress_text
        bar.textVisible = True
        style.drawControl(QStyle.ControlElement.CE_ProgressBar, bar, painter, option.widget)

    def sizeHint(self, option: ViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Ask for room for the text."""
        hint = super().sizeHint(option, index)
        return QSize(max(hint.width() + 4 * _MARGIN_PX, _NARROWEST_PX), hint.height() + 2 * _MARGIN_PX)
