"""Bring what is judged into the middle of the viewer, and mark places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtGui import QColor, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from dinocell_app.ui.viewer.image_viewer import ImageViewer

if TYPE_CHECKING:
    from dinocell_app.project.records import ResultRecord
    from dinocell_app.ui.session import Session

_AROUND = 5.0
"""How many times as wide as a cell the view is."""

_LEAST_SHOWN_PX = 60.0


class ViewerAim(QObject):
    """Looks at one thing at a time, also where its image has yet to be read."""

    def __init__(self, session: Session, viewer: ImageViewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._viewer = session, viewer
        self._target: tuple[int, QRectF, bool] | None = None
        self._marks = [_path_item("#000000", 4), _path_item("#ffffff", 2)]
        for height, mark in enumerate(self._marks):
            mark.setZValue(8 + height)
            viewer.box.addItem(mark, ignoreBounds=True)
        viewer.cells_changed.connect(self._look)
        session.current_image_changed.connect(self._on_image)

    def look_at_cell(self, result: ResultRecord, label: int, box: QRectF) -> None:
        """Show a cell, chosen and in the middle.

        Parameters
        ----------
        box : QRectF
            Around it, in pixels of the picture.
        """
        self._target = (result.id, box, False)
        self._show(result)
        self._session.select_cell(label)
        self._look()

    def look_at_place(self, result: ResultRecord, row: int, column: int, width: float) -> None:
        """Show a place with a mark around it.

        Parameters
        ----------
        width : float
            Of a usual cell, in pixels.
        """
        middle = QPointF(column + 0.5, row + 0.5)
        box = QRectF(middle.x() - width / 2, middle.y() - width / 2, width, width)
        self._target = (result.id, box, True)
        self._show(result)
        self._session.select_cell(0)
        self._look()

    def let_go(self) -> None:
        """Take the mark away and leave the viewer to the person."""
        self._target = None
        self._mark(QPainterPath())

    def _show(self, result: ResultRecord) -> None:
        session = self._session
        if session.current_image is None or session.current_image.id != result.image_id:
            session.set_current_image(result.image_id)
        session.set_plane(*result.plane.beside(session.t, session.z))
        if session.current_result is None or session.current_result.id != result.id:
            session.set_current_result(result.id)

    def _look(self) -> None:
        current = self._session.current_result
        if self._target is None or current is None or self._viewer.image is None:
            return
        result_id, box, marked = self._target
        if current.id != result_id or self._viewer.labels is None:
            self._mark(QPainterPath())
            return
        side = max(_AROUND * max(box.width(), box.height()), _LEAST_SHOWN_PX)
        shown = QRectF(0, 0, side, side)
        shown.moveCenter(box.center())
        self._viewer.look_at(shown)
        self._mark(_cross(box.center(), side / 14) if marked else QPainterPath())

    def _on_image(self) -> None:
        self._mark(QPainterPath())

    def _mark(self, path: QPainterPath) -> None:
        for mark in self._marks:
            mark.setPath(path)


def _path_item(colour: str, width: int) -> QGraphicsPathItem:
    item = QGraphicsPathItem()
    pen = QPen(QColor(colour), width)
    pen.setCosmetic(True)
    item.setPen(pen)
    return item


def _cross(centre: QPointF, reach: float) -> QPainterPath:
    """Draw four lines that end before the place, so that what is there stays seen, within a circle."""
    path = QPainterPath()
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(centre + QPointF(x, y) * (0.35 * reach))
        path.lineTo(centre + QPointF(x, y) * reach)
    path.addEllipse(centre, reach, reach)
    return path
