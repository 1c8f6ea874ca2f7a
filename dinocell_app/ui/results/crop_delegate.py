"""How the picture of a cell is drawn in the gallery."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from dinocell_app.ui.results.gallery_model import TYPE_ROLE

_EDGE = 4
_STRIP = 5
_BEHIND = QColor(0, 0, 0, 150)
_Index = QModelIndex | QPersistentModelIndex


class CropDelegate(QStyledItemDelegate):
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
        kind = index.data(TYPE_ROLE)
        if kind is not None:
            _draw_type(painter, frame, *kind)
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        painter.setPen(palette.color(role))
        line = QRect(rect.left(), rect.bottom() - height - 1, rect.width(), height)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, str(text))


def _draw_type(painter: QPainter, frame: QRect, name: str, colour: str) -> None:
    """Put a strip in the colour of the type at the left, and its name on the picture."""
    if colour:
        painter.fillRect(QRect(frame.left(), frame.top(), _STRIP, frame.height()), QColor(colour))
    metrics = painter.fontMetrics()
    left = frame.left() + _STRIP
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, frame.right() - left - 2 * _EDGE)
    box = QRect(left, frame.top(), metrics.horizontalAdvance(text) + 2 * _EDGE, metrics.height())
    painter.fillRect(box, _BEHIND)
    painter.setPen(Qt.GlobalColor.white)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
