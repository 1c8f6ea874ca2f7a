"""From what the mouse does in the viewer to edits of the cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QGraphicsEllipseItem, QGraphicsPathItem

from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.cell_changes import cells_in_box, delete, merge, split_all
from dinocell_app.editing.deltas import Box
from dinocell_app.editing.strokes import Point, erase, fill_outline, paint
from dinocell_app.ui.correct.correct_tools import CorrectTool
from dinocell_app.ui.correct.corrections import Corrections
from dinocell_app.ui.references.outline_drawing import OutlineDrawing
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.image_viewer import ImageViewer
from dinocell_app.ui.viewer.picture_view import Region

STROKE_COLOUR = "#ffd54a"
SMALLEST_BRUSH, LARGEST_BRUSH = 1, 200
"""Diameters in pixels of the image."""


class Gestures(QObject):
    """Draws with the tool in hand, and corrects when the mouse button is let go."""

    segment_asked = Signal(object)
    """Region in which the model is to look for cells."""
    cell_asked = Signal(object)
    """Row and column at which the model is to look for a cell."""
    said = Signal(str)
    """Why a gesture changes nothing."""

    def __init__(self, session: Session, viewer: ImageViewer, corrections: Corrections) -> None:
        super().__init__(corrections)
        self._session, self._viewer, self._corrections = session, viewer, corrections
        self.tool: CorrectTool | None = None
        self.diameter = 12
        self.over_cells = False
        self._path = QGraphicsPathItem()
        self._path.setZValue(60)
        self._circle = QGraphicsEllipseItem()
        self._circle.setZValue(61)
        pen = QPen(QColor(STROKE_COLOUR), 1.5)
        pen.setCosmetic(True)
        self._circle.setPen(pen)
        for item in (self._path, self._circle):
            viewer.box.addItem(item, ignoreBounds=True)
            item.hide()
        self.outline = OutlineDrawing(viewer, self)
        self.outline.drawn.connect(self._on_outline)
        viewer.drawn.connect(self._on_drawn)
        viewer.region_drawn.connect(self._on_region)
        viewer.pixel_clicked.connect(self._on_pixel)
        viewer.view.scene().sigMouseMoved.connect(self._on_move)

    def take(self, tool: CorrectTool | None) -> None:
        """Take a tool in hand.

        Parameters
        ----------
        tool : CorrectTool or None
            None to look around.
        """
        self.tool = tool
        self.outline.give_up()
        gesture = tool.gesture if tool is not None else None
        self._circle.setVisible(gesture == "stroke")
        self._path.hide()
        self._viewer.set_tool(
            "navigate" if gesture in (None, "outline") else "region" if gesture == "region" else "draw"
        )
        if gesture == "outline":
            self.outline.begin()

    def set_diameter(self, diameter: int) -> None:
        """Change the size of brush and eraser.

        Parameters
        ----------
        diameter : int
            Pixels of the image.
        """
        self.diameter = min(max(diameter, SMALLEST_BRUSH), LARGEST_BRUSH)
        middle = self._circle.rect().center()
        self._place_circle(middle)

    def _on_move(self, position: QPointF) -> None:
        if self._circle.isVisible():
            self._place_circle(self._viewer.box.mapSceneToView(position))

    def _place_circle(self, middle: QPointF) -> None:
        radius = self.diameter / 2
        self._circle.setRect(QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius))

    def _on_drawn(self, places: Sequence[QPointF], ended: bool) -> None:
        history, tool = self._corrections.history, self.tool
        if tool is None or history is None:
            return
        if not ended:
            self._show_path(places, tool)
            return
        self._path.hide()
        # Pixel (row, column) covers [column, column + 1]; tools count from the middle of pixels.
        path = [(place.y() - 0.5, place.x() - 0.5) for place in places]
        canvas = history.canvas
        first = _label_at(canvas, path[0])
        modifiers = QApplication.keyboardModifiers()
        if len(path) == 1 and modifiers & Qt.KeyboardModifier.ControlModifier:
            self._delete([first])
        elif len(path) == 1 and modifiers & Qt.KeyboardModifier.AltModifier:
            self._merge([self._session.selected_cell, first])
        elif tool.key == "correct_brush":
            self._brush(path, first)
        elif tool.key == "correct_eraser":
            delta = erase(canvas, path, self.diameter / 2, first or None)
            self._done("eraser", delta)
        elif tool.key == "correct_split":
            self._split(path)
        elif tool.key == "correct_merge":
            self._merge(labels_along(canvas, path))
        elif tool.key == "correct_delete":
            self._delete(labels_along(canvas, path))

    def _brush(self, path: list[Point], first: int) -> None:
        history = self._corrections.history
        if history is None:
            return
        if len(path) == 1 and first:
            self._session.select_cell(first)
            return
        chosen, radius = self._session.selected_cell, self.diameter / 2
        label = first or (chosen if chosen and _touches(history.canvas, chosen, path[0], radius) else 0)
        label = label or history.next_label
        if self._done("brush", paint(history.canvas, label, path, radius, over_cells=self.over_cells)):
            self._session.select_cell(label)

    def _split(self, path: list[Point]) -> None:
        history = self._corrections.history
        if history is None:
            return
        crossed = labels_along(history.canvas, path)
        delta = split_all(history.canvas, crossed, path, history.next_label)
        if delta is not None:
            self._done("split", delta)
        elif not crossed:
            self.said.emit("The line touches no cell. Draw it across a cell, from side to side.")
        else:
            cells = "the cell" if len(crossed) == 1 else f"any of the {len(crossed)} cells it touches"
            self.said.emit(f"The line does not go all the way through {cells}. Begin and end it outside.")

    def _merge(self, cells: Sequence[int]) -> None:
        history = self._corrections.history
        wanted = [cell for cell in cells if cell]
        if history is None or len(wanted) < 2:
            self.said.emit("Drag from one cell to another to make them one.")
            return
        if not self._done("merge", merge(history.canvas, wanted)):
            self.said.emit("These cells are too far apart, or another lies between them.")
        else:
            self._session.select_cell(wanted[0])

    def _delete(self, cells: Sequence[int]) -> None:
        history = self._corrections.history
        wanted = [cell for cell in cells if cell]
        if history is not None and wanted:
            self._done("delete", delete(history.canvas, wanted))

    def _on_outline(self, outline: QPolygonF | None) -> None:
        history, tool = self._corrections.history, self.tool
        if tool is None or tool.gesture != "outline" or history is None:
            return
        if outline is not None:
            corners = [(point.y() - 0.5, point.x() - 0.5) for point in outline.toList()]
            inside = _label_at(history.canvas, corners[0])
            label = inside or history.next_label
            filled = fill_outline(history.canvas, label, corners, over_cells=self.over_cells)
            if self._done("outline", filled):
                self._session.select_cell(label)
        self.outline.begin()

    def _on_region(self, region: Region | None) -> None:
        history, tool = self._corrections.history, self.tool
        if tool is None or region is None or history is None or tool.gesture != "region":
            return
        if tool.key == "correct_segment":
            self.segment_asked.emit(region)
            return
        cells = cells_in_box(history.canvas, Box(*region))
        if cells:
            self._done("delete in a box", delete(history.canvas, cells))
            self._viewer.forget_region()
        else:
            self.said.emit("No cell lies in the box by more than half.")

    def _on_pixel(self, row: int, column: int) -> None:
        if self.tool is not None and self.tool.key == "correct_segment":
            self.cell_asked.emit((row, column))

    def _done(self, tool: str, delta: object) -> bool:
        self.said.emit("")
        return self._corrections.apply(tool, delta)  # type: ignore[arg-type] # a Delta or None from a tool

    def _show_path(self, places: Sequence[QPointF], tool: CorrectTool) -> None:
        path = QPainterPath(places[0])
        for place in places[1:]:
            path.lineTo(place)
        colour = QColor(STROKE_COLOUR)
        if tool.gesture == "stroke":
            colour.setAlpha(110)
        pen = QPen(QBrush(colour), self.diameter if tool.gesture == "stroke" else 2)
        pen.setCosmetic(tool.gesture != "stroke")
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self._path.setPen(pen)
        self._path.setPath(path)
        self._path.show()


def labels_along(canvas: LabelCanvas, path: Sequence[Point]) -> list[int]:
    """List the cells under a line, in the order in which it comes to them.

    Parameters
    ----------
    path : sequence of (row, column)
    """
    found: dict[int, None] = {}
    for start, end in zip(path, path[1:] or path, strict=False):
        steps = max(1, int(np.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1])) * 2)))
        for step in range(steps + 1):
            share = step / steps
            place = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            label = _label_at(canvas, place)
            if label:
                found[label] = None
    return list(found)


def _label_at(canvas: LabelCanvas, place: Point) -> int:
    row, column = round(place[0]), round(place[1])
    inside = 0 <= row < canvas.shape[0] and 0 <= column < canvas.shape[1]
    return int(canvas.labels[row, column]) if inside else 0


def _touches(canvas: LabelCanvas, label: int, place: Point, radius: float) -> bool:
    """Tell whether a dab would touch a cell."""
    box = Box(int(place[0] - radius), int(place[1] - radius), int(2 * radius) + 2, int(2 * radius) + 2)
    return bool((canvas.labels[box.grown(1, canvas.shape).slices] == label).any())
