"""Icons of the window, drawn in the colour that words have, light and dark."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from dinocell_app.base.resource_files import resource_path

_INK = "currentColor"


def action_icon(key: str) -> QIcon:
    """Give the icon of an action.

    Parameters
    ----------
    key : str
        Of the table of actions.

    Returns
    -------
    QIcon
        Follows the palette; empty where none is drawn.
    """
    try:
        drawing = resource_path("icons", f"{key}.svg").read_text(encoding="utf-8")
    except FileNotFoundError:
        return QIcon()
    return QIcon(_InkIcon(drawing))


def application_icon() -> QIcon:
    """Give the icon of the application."""
    return QIcon(str(resource_path("icons", "application.svg")))


class _InkIcon(QIconEngine):
    """A line drawing in the colour of the palette at the time it is painted.

    Parameters
    ----------
    drawing : str
        SVG text.
    """

    def __init__(self, drawing: str) -> None:
        super().__init__()
        self._drawing = drawing

    def clone(self) -> QIconEngine:
        """Make another one, as Qt asks."""
        return _InkIcon(self._drawing)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw in the colour of buttons, grey when disabled."""
        del state
        greyed = mode == QIcon.Mode.Disabled
        group = QPalette.ColorGroup.Disabled if greyed else QPalette.ColorGroup.Active
        colour = QApplication.palette().color(group, QPalette.ColorRole.ButtonText).name()
        _renderer(self._drawing, colour).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Draw on nothing."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(), size), mode, state)
        painter.end()
        return pixmap


@cache
def _renderer(drawing: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(drawing.replace(_INK, colour).encode()))
