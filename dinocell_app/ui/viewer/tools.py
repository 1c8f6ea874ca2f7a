"""Mouse tools of the viewer: look around, draw a line, draw a region."""

from __future__ import annotations

from typing import Literal

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal

# Where the mouse comes to rest is what is told about it: the last of quick moves must not be left out.
pg.setConfigOption("mouseRateLimit", 0)

Tool = Literal["navigate", "measure_diameter", "ruler", "region", "draw"]


class ToolBox(pg.ViewBox):
    """A view that drags, zooms and selects, or draws lines and regions.

    Drawing coordinates are (x, y) in pixels of the picture, pixel (row, column) covering
    [column, column + 1] by [row, row + 1].
    """

    clicked = Signal(object)
    """QPointF of a click without dragging."""
    fit_asked = Signal()
    line_moved = Signal(object, object, bool)
    """Start, end, and whether the button was let go."""
    region_moved = Signal(object, object, bool)
    stroke_moved = Signal(object, bool, bool)
    """Place of the mouse, whether the stroke begins there, and whether it ends there."""

    def __init__(self) -> None:
        super().__init__(lockAspect=True, invertY=True, enableMenu=False)
        self.tool: Tool = "navigate"
        self.setDefaultPadding(0.02)

    def mouseDragEvent(
        self, ev: pg.GraphicsScene.mouseEvents.MouseDragEvent, axis: int | None = None
    ) -> None:
        """Pan with the tool that looks around or with another button; draw with the others."""
        if self.tool == "navigate" or ev.button() != Qt.MouseButton.LeftButton:
            if ev.button() == Qt.MouseButton.LeftButton or ev.button() == Qt.MouseButton.MiddleButton:
                super().mouseDragEvent(ev, axis)
            else:
                ev.ignore()
            return
        ev.accept()
        start, end = self.mapToView(ev.buttonDownPos()), self.mapToView(ev.pos())
        if self.tool == "draw":
            if ev.isStart():
                self.stroke_moved.emit(start, True, False)
            self.stroke_moved.emit(end, False, bool(ev.isFinish()))
            return
        moved = self.region_moved if self.tool == "region" else self.line_moved
        moved.emit(start, end, bool(ev.isFinish()))

    def mouseClickEvent(self, ev: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        """Select, or show everything at a double click."""
        if ev.button() != Qt.MouseButton.LeftButton:
            ev.ignore()
            return
        ev.accept()
        if ev.double():
            self.fit_asked.emit()
        else:
            self.clicked.emit(QPointF(self.mapToView(ev.pos())))
