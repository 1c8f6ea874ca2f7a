"""One picture with its labels: select, measure, preview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem, QWidget

from dinocell_app.display.hover_text import HoverInfo, length_text
from dinocell_app.display.label_colours import LabelStyle
from dinocell_app.display.loading import LoadedImage, LoadedLabels, index_labels
from dinocell_app.display.pyramid import Tile
from dinocell_app.display.tile_painting import LabelPainter
from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.viewer.cell_outline import cell_outline
from dinocell_app.ui.viewer.picture_view import PictureView, Region
from dinocell_app.ui.viewer.tiled_item import TiledItem
from dinocell_app.ui.viewer.tools import Tool
from dinocell_app.ui.workers import Task, start

CellPainting = Callable[[LoadedLabels, LabelStyle], Callable[[Tile], NDArray[np.uint8]]]
"""Gives what paints cells, in place of `LabelPainter`."""


class ImageViewer(PictureView):
    """A picture with its labels."""

    cell_clicked = Signal(int)
    """Label of the result, 0 for background."""
    diameter_drawn = Signal(float)
    """Length of the drawn line in pixels."""
    ruler_drawn = Signal(float)
    pixel_clicked = Signal(int, int)
    """Row and column."""
    region_drawn = Signal(object)
    """Region, cut to the picture; None when it was only a click."""
    hovered = Signal(object)
    """HoverInfo, or None outside the picture."""
    tool_changed = Signal(str)
    drawn = Signal(object, bool)
    """Places (QPointF) of the mouse while it draws, and whether it ended; a click is one place."""
    cells_changed = Signal()
    """Other cells than before are shown, or none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.labels: LoadedLabels | None = None
        self.style_of_labels = LabelStyle()
        self.selected = 0
        self._preview: tuple[LoadedLabels, Region] | None = None
        self._indexing: Task | None = None
        self._overlay: TiledItem | None = None
        self._painting: CellPainting | None = None
        self._chosen = self._make_path("#ffffff", 3)
        self._chosen_core = self._make_path("#000000", 1)
        self._stroke: list[QPointF] = []
        self._line = self._make_path("#ffd54a", 2)
        self.line_text = pg.TextItem(color="#ffd54a", fill=pg.mkBrush(0, 0, 0, 150), anchor=(0.5, 1.2))
        self.line_text.setZValue(10)
        self.line_text.hide()
        self.box.addItem(self.line_text, ignoreBounds=True)
        self._region = self._make_path("#ffd54a", 2)
        self.box.clicked.connect(self._on_click)
        self.box.line_moved.connect(self._on_line)
        self.box.region_moved.connect(self._on_region)
        self.box.stroke_moved.connect(self._on_stroke)
        self.view.scene().sigMouseMoved.connect(self._on_move)

    @property
    def complete(self) -> bool:
        """Whether everything that is seen is drawn at its best."""
        return super().complete and (self._overlay is None or self._overlay.complete)

    def set_image(
        self, image: LoadedImage | None, displays: Sequence[ChannelDisplay], *, keep_view: bool = False
    ) -> None:
        """Show a picture, without labels; the parameters are those of `PictureView.set_image`."""
        self.set_labels(None)
        self._forget_line()
        self._region.setPath(QPainterPath())
        super().set_image(image, displays, keep_view=keep_view)

    def set_labels(self, labels: LoadedLabels | None) -> None:
        """Show labels over the picture, in place of others and of a preview."""
        self._drop_indexing()
        self.labels, self._preview = labels, None
        self.select_cell(0)
        self._draw_overlay()

    def redraw_labels(self, top: int, left: int, height: int, width: int) -> None:
        """Draw a part of the labels anew, because they were changed in place.

        Parameters
        ----------
        top, left, height, width : int
            In pixels of the picture.
        """
        if self._overlay is not None:
            # Outlines of cells beside it may have changed too, and a coarse pixel stands for many.
            more = 1 + self.style_of_labels.outline_width
            self._overlay.repaint_area(QRectF(left - more, top - more, width + 2 * more, height + 2 * more))
        self.select_cell(self.selected)

    def set_preview(self, labels: NDArray[np.integer] | None, region: Region | None) -> None:
        """Show labels of a region in place of the result, or the result again.

        Parameters
        ----------
        labels : ndarray of shape (height, width), int, or None
        region : Region or None
            Where they are; None for the whole picture.
        """
        self._drop_indexing()
        if labels is None:
            if self._preview is not None:
                self._show_preview(None)
            return
        place = region or (0, 0, labels.shape[0], labels.shape[1])
        self._indexing = start(
            partial(index_labels, labels),
            lambda indexed: self._show_preview((indexed, place)),
            _raise,
            owner=self,
        )

    @property
    def shows_preview(self) -> bool:
        """Whether the cells that are seen are those of a preview."""
        return self._preview is not None

    def _drop_indexing(self) -> None:
        if self._indexing is not None:
            self._indexing.cancel()
            self._indexing = None

    def _show_preview(self, preview: tuple[LoadedLabels, Region] | None) -> None:
        self._preview = preview
        self.select_cell(0)
        self._draw_overlay()

    def set_label_style(self, style: LabelStyle) -> None:
        """Draw labels in another way."""
        self.style_of_labels = style
        labels, _, _ = self.shown_labels()
        if self._overlay is not None and labels is not None:
            self._overlay.setVisible(style.mode != "off")
            self._overlay.repaint_tiles(self._painter(labels))

    def set_cell_painting(self, painting: CellPainting | None) -> None:
        """Paint cells by something other than which is beside which.

        Parameters
        ----------
        painting : callable or None
            None for the usual colours.
        """
        self._painting = painting
        labels, _, _ = self.shown_labels()
        if self._overlay is not None and labels is not None:
            self._overlay.repaint_tiles(self._painter(labels))

    def select_cell(self, label: int) -> None:
        """Draw a cell as chosen.

        Parameters
        ----------
        label : int
            0 for none.
        """
        self.selected = label
        labels, top, left = self.shown_labels()
        path = cell_outline(labels, label).translated(left, top) if labels is not None else QPainterPath()
        self._chosen.setPath(path)
        self._chosen_core.setPath(path)

    def centre_on(self, label: int) -> None:
        """Bring a cell into view without changing the zoom."""
        box = self._box_of(label)
        if box is None:
            return
        rows, columns = box
        shown = self.box.viewRect()
        place = QRectF(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        if not shown.contains(place):
            self._fit_when_seen = False
            centre = place.center() - QPointF(shown.width() / 2, shown.height() / 2)
            self.box.setRange(QRectF(centre, shown.size()), padding=0)

    def zoom_to(self, label: int) -> None:
        """Fill half of the view with a cell."""
        box = self._box_of(label)
        if box is None:
            return
        rows, columns = box
        place = QRectF(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        side = max(place.width(), place.height()) / 2
        self._fit_when_seen = False
        self.box.setRange(place.adjusted(-side, -side, side, side), padding=0)

    def forget_region(self) -> None:
        """Take the drawn box away once what it was for is done."""
        self._region.setPath(QPainterPath())

    def set_tool(self, tool: Tool) -> None:
        """Choose what the mouse does.

        Parameters
        ----------
        tool : {"navigate", "measure_diameter", "ruler", "region", "draw"}
        """
        if "ruler" in (tool, self.box.tool) or tool == "measure_diameter":
            self._forget_line()  # that of a cell's size stays until the next one
        self.box.tool = tool
        self._stroke.clear()
        self._region.setPath(QPainterPath())
        self.view.setCursor(Qt.CursorShape.ArrowCursor if tool == "navigate" else Qt.CursorShape.CrossCursor)
        self.tool_changed.emit(tool)

    def label_at(self, row: int, column: int) -> int:
        """Give the cell at a pixel.

        Returns
        -------
        int
            0 for background and beyond the labels.
        """
        labels, top, left = self.shown_labels()
        if labels is None:
            return 0
        plane = labels.levels[0]
        r, c = row - top, column - left
        inside = 0 <= r < plane.shape[0] and 0 <= c < plane.shape[1]
        return int(plane[r, c]) if inside else 0

    def shown_labels(self) -> tuple[LoadedLabels | None, int, int]:
        """Give the labels that are drawn.

        Returns
        -------
        LoadedLabels or None
        row, column : int
            Where they begin.
        """
        if self._preview is not None:
            labels, (top, left, _, _) = self._preview
            return labels, top, left
        return self.labels, 0, 0

    def _draw_overlay(self) -> None:
        self.remove_layer(self._overlay)
        self._overlay = None
        labels, top, left = self.shown_labels()
        if labels is not None:
            self._overlay = self.add_layer(TiledItem(labels.shape, self._painter(labels), opaque=False), 1)
            self._overlay.setPos(left, top)
            self._overlay.setVisible(self.style_of_labels.mode != "off")
        self.cells_changed.emit()

    def _painter(self, labels: LoadedLabels) -> Callable[[Tile], NDArray[np.uint8]]:
        return (self._painting or LabelPainter)(labels, self.style_of_labels)

    def _box_of(self, label: int) -> tuple[slice, slice] | None:
        labels, top, left = self.shown_labels()
        box = labels.box(label) if labels is not None else None
        if box is None:
            return None
        rows, columns = box
        return slice(rows.start + top, rows.stop + top), slice(columns.start + left, columns.stop + left)

    def _make_path(self, colour: str, width: int) -> QGraphicsPathItem:
        item = QGraphicsPathItem()
        pen = QPen(QColor(colour), width)
        pen.setCosmetic(True)
        item.setPen(pen)
        item.setZValue(5 + (3 - width))
        self.box.addItem(item, ignoreBounds=True)
        return item

    def _on_click(self, point: QPointF) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        pixel = self._pixel(point)
        if self.box.tool == "region":
            self.region_drawn.emit(None)
        if self.box.tool == "draw":
            self.drawn.emit([point], True)
            return
        if pixel is None:
            return
        self.pixel_clicked.emit(*pixel)
        label = self.label_at(*pixel)
        if self.shows_preview:
            self.select_cell(label)  # a cell of a preview has no row in a table
        else:
            self.cell_clicked.emit(label)

    def _on_line(self, start: QPointF, end: QPointF, finished: bool) -> None:
        path = QPainterPath(start)
        path.lineTo(end)
        self._line.setPath(path)
        length = float(np.hypot(end.x() - start.x(), end.y() - start.y()))
        self.line_text.setText(length_text(length, self.pixel_size_um))
        self.line_text.setPos((start + end) / 2)
        self.line_text.show()
        if self.box.tool == "ruler":
            self.ruler_drawn.emit(length)
        elif finished and length > 0:
            self.diameter_drawn.emit(length)

    def _forget_line(self) -> None:
        self._line.setPath(QPainterPath())
        self.line_text.hide()

    def _on_stroke(self, place: QPointF, begins: bool, ends: bool) -> None:
        if begins:
            self._stroke.clear()
        self._stroke.append(place)
        self.drawn.emit(list(self._stroke), ends)
        if ends:
            self._stroke.clear()

    def _on_region(self, start: QPointF, end: QPointF, finished: bool) -> None:
        if self.image is None:
            return
        height, width = self.image.shape
        area = QRectF(start, end).normalized() & QRectF(0, 0, width, height)
        path = QPainterPath()
        path.addRect(area)
        self._region.setPath(path)
        if finished:
            top, left = int(area.top()), int(area.left())
            bottom, right = int(np.ceil(area.bottom())), int(np.ceil(area.right()))
            some = bottom > top and right > left
            self.region_drawn.emit((top, left, bottom - top, right - left) if some else None)

    def _on_move(self, position: QPointF) -> None:
        image, pixel = self.image, self._pixel(self.box.mapSceneToView(position))
        if image is None or pixel is None:
            self.hovered.emit(None)
            return
        label = self.label_at(*pixel)
        labels, _, _ = self.shown_labels()
        area = labels.area(label) if labels is not None else 0
        values = tuple(float(levels[0][pixel]) for levels in image.channels)
        self.hovered.emit(HoverInfo(*pixel, values, label, area))


def _raise(error: Exception) -> None:
    """Leave a fault of the program to the window."""
    raise error
