"""Regions over the picture: outlines with their names."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem

from dinocell_app.regions.region import COUNT, EXCLUDE, LIMIT, Region
from dinocell_app.ui.viewer.image_viewer import ImageViewer

_STYLES = {COUNT: Qt.PenStyle.SolidLine, EXCLUDE: Qt.PenStyle.DotLine, LIMIT: Qt.PenStyle.DashLine}
"""A line for each kind, so that no colour is needed."""


class RegionDrawing:
    """Draws regions in a viewer."""

    def __init__(self, viewer: ImageViewer) -> None:
        self._viewer = viewer
        self._items: list[QGraphicsItem] = []

    def show(self, regions: Sequence[Region], chosen: int) -> None:
        """Draw regions in place of those that are drawn.

        Parameters
        ----------
        chosen : int
            Place of the one to draw thicker; -1 for none.
        """
        for item in self._items:
            self._viewer.box.removeItem(item)
        self._items.clear()
        for number, region in enumerate(regions):
            path = QPainterPath()
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in region.corners]))
            path.closeSubpath()
            outline = QGraphicsPathItem(path)
            pen = pg.mkPen(QColor(region.colour), width=3 if number == chosen else 2)
            pen.setStyle(_STYLES.get(region.kind, Qt.PenStyle.SolidLine))
            outline.setPen(pen)
            outline.setZValue(40)
            name = pg.TextItem(region.name, color=region.colour, fill=(0, 0, 0, 150), anchor=(0, 1))
            x, y = min(region.corners, key=lambda corner: corner[1])
            name.setPos(x, y)
            name.setZValue(41)
            for item in (outline, name):
                self._viewer.box.addItem(item, ignoreBounds=True)
                self._items.append(item)
