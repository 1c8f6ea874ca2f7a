"""An outline drawn in the viewer: freely with the button held, or corner by corner."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QGraphicsPathItem

from dinocell_app.ui.viewer.image_viewer import ImageViewer

CLOSE_PX = 8
"""Pixels of the screen within which a click on the first corner closes the outline."""

_COLOUR = "#ffd23f"


class OutlineDrawing(QObject):
    """Takes the mouse until an outline is drawn or given up."""

    drawn = Signal(object)
    """QPolygonF of (x, y) in pixels of the picture; None when it was given up."""

    def __init__(self, viewer: ImageViewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._points: list[QPointF] = []
        self._held = self._moved = False
        self.active = False
        self._line = QGraphicsPathItem()
        self._line.setPen(pg.mkPen(QColor(_COLOUR), width=2))
        self._line.setZValue(50)
        viewer.box.addItem(self._line, ignoreBounds=True)

    def begin(self) -> None:
        """Let a person draw."""
        self.active = True
        self._points.clear()
        self._viewer.view.viewport().installEventFilter(self)
        self._viewer.installEventFilter(self)
        self._viewer.view.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self._viewer.setFocus()

    def give_up(self) -> None:
        """Forget what was drawn."""
        if self.active:
            self._end(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take mouse and keys while an outline is drawn."""
        if not self.active:
            return False
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._on_key(Qt.Key(event.key()))
        if watched is not self._viewer.view.viewport() or not isinstance(event, QMouseEvent):
            return False
        if event.button() == Qt.MouseButton.RightButton and event.type() == QEvent.Type.MouseButtonPress:
            self._end(None)
            return True
        return self._on_mouse(event)

    def _on_key(self, key: Qt.Key) -> bool:
        if key == Qt.Key.Key_Escape:
            self._end(None)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        else:
            return False
        return True

    def _on_mouse(self, event: QMouseEvent) -> bool:
        place = self._viewer.box.mapSceneToView(self._viewer.view.mapToScene(event.position().toPoint()))
        left = Qt.MouseButton.LeftButton
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() == left:
                self._held, self._moved = True, False
                if self._is_first_corner(place):
                    self._close()
                    return True
                self._points.append(place)
            case QEvent.Type.MouseMove if self._held:
                self._moved = True
                self._points.append(place)
            case QEvent.Type.MouseButtonRelease if event.button() == left:
                self._held = False
                if self._moved and len(self._points) > 2:
                    self._close()
                    return True
            case QEvent.Type.MouseButtonDblClick if event.button() == left:
                self._close()
                return True
            case QEvent.Type.MouseMove:
                pass
            case _:
                return False
        self._draw(place)
        return True

    def _is_first_corner(self, place: QPointF) -> bool:
        if len(self._points) < 3:
            return False
        width, height = self._viewer.box.viewPixelSize()
        away = place - self._points[0]
        return bool(abs(away.x()) <= CLOSE_PX * width and abs(away.y()) <= CLOSE_PX * height)

    def _draw(self, mouse: QPointF) -> None:
        path = QPainterPath()
        if self._points:
            path.addPolygon(QPolygonF([*self._points, mouse]))
        self._line.setPath(path)

    def _close(self) -> None:
        self._end(QPolygonF(self._points) if len(self._points) > 2 else None)

    def _end(self, outline: QPolygonF | None) -> None:
        self.active = self._held = False
        self._viewer.view.viewport().removeEventFilter(self)
        self._viewer.removeEventFilter(self)
        self._viewer.view.viewport().unsetCursor()
        self._line.setPath(QPainterPath())
        self.drawn.emit(outline)


def filled(outline: QPolygonF, shape: tuple[int, int], origin: tuple[int, int]) -> NDArray[np.bool_]:
    """Fill an outline.

    Parameters
    ----------
    outline : QPolygonF
        (x, y) in pixels of the picture.
    shape : tuple of int
        Rows and columns of the mask.
    origin : tuple of int
        Row and column of the picture where the mask begins.

    Returns
    -------
    ndarray of shape (M, N), bool
        Pixels with their centre inside; none where the outline lies elsewhere.
    """
    image = QImage(shape[1], shape[0], QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("white"))
    painter.drawPolygon(outline.translated(-origin[1], -origin[0]))
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(shape[0], image.bytesPerLine())
    return np.asarray(rows[:, : shape[1]] > 127)
