"""The scale bar over the picture."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from dinocell_app.display.scale_bar import LONGEST_SCREEN_PX, scale_bar

MARGIN_PX = 14


class ScaleBarWidget(QWidget):
    """A bar with its length in the lower right corner of a view, readable on any picture.

    Parameters
    ----------
    view : QWidget
        What it lies over.
    """

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Scale bar")
        self._view = view
        self._length = 0.0
        self.text = ""

    def show_for(self, magnification: float, pixel_size_um: float | None) -> None:
        """Choose the length for a magnification.

        Parameters
        ----------
        magnification : float
            Pixels of the screen for one pixel of the picture.
        """
        self._length, self.text = scale_bar(magnification, pixel_size_um)
        self.setAccessibleDescription(self.text)
        width, height = int(LONGEST_SCREEN_PX) + 2 * MARGIN_PX, self.fontMetrics().height() + MARGIN_PX
        self.setGeometry(self._view.width() - width - 8, self._view.height() - height - 8, width, height)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar."""
        painter = QPainter(self)
        text_width = self.fontMetrics().horizontalAdvance(self.text)
        needed = max(int(self._length), text_width) + 16
        painter.fillRect(self.rect().adjusted(self.width() - needed, 0, 0, 0), QColor(0, 0, 0, 130))
        right, bottom = self.width() - 8, self.height() - 6
        painter.fillRect(QRectF(right - self._length, bottom - 4, self._length, 4), QColor("white"))
        painter.setPen(QColor("white"))
        place = QRectF(0, 0, right, bottom - 5)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.text)
