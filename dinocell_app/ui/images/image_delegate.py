"""Rows of the list of images: the name, and below it the status and the number of cells."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

_GAP = 6


class ImageDelegate(QStyledItemDelegate):
    """Draws a row of the tree in two lines, so that names have the whole width of a narrow list."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw thumbnail, name and details."""
        plain = QStyleOptionViewItem(option)
        self.initStyleOption(plain, index)
        name, plain.text = plain.text, ""
        picture, plain.icon = index.data(Qt.ItemDataRole.DecorationRole), QIcon()
        style = plain.widget.style() if plain.widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, plain, painter, plain.widget)
        place = plain.rect.adjusted(2, 0, -2, 0)
        if isinstance(picture, QPixmap):
            side = plain.decorationSize
            frame = QRect(place.left(), place.top(), side.width(), place.height())
            shown = picture.deviceIndependentSize().toSize()
            middle = Qt.AlignmentFlag.AlignCenter
            painter.drawPixmap(
                QStyle.alignedRect(Qt.LayoutDirection.LeftToRight, middle, shown, frame), picture
            )
            place.setLeft(place.left() + side.width() + _GAP)
        chosen = bool(plain.state & QStyle.StateFlag.State_Selected)
        active = bool(plain.state & QStyle.StateFlag.State_Active)
        groups = QPalette.ColorGroup
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        colour = plain.palette.color(groups.Active if active else groups.Inactive, role)
        metrics = plain.fontMetrics
        top = place.center().y() - metrics.height()
        first = QRect(place.left(), top, place.width(), metrics.height())
        second = first.translated(0, metrics.height())
        painter.save()
        painter.setFont(plain.font)
        painter.setPen(colour)
        elided = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, first.width())
        painter.drawText(first, int(Qt.AlignmentFlag.AlignVCenter), elided)
        colour.setAlphaF(0.75)
        painter.setPen(colour)
        details = metrics.elidedText(details_of(index), Qt.TextElideMode.ElideRight, second.width())
        painter.drawText(second, int(Qt.AlignmentFlag.AlignVCenter), details)
        painter.restore()


def details_of(index: QModelIndex | QPersistentModelIndex) -> str:
    """Put status and number of cells into one line.

    Parameters
    ----------
    index : QModelIndex
        Of an image or a folder, first column.
    """
    status, cells = (index.sibling(index.row(), column).data() or "" for column in (1, 2))
    counted = "" if not cells else "1 cell" if cells == "1" else f"{cells} cells"
    return "  ·  ".join(part for part in (status, counted) if part)
