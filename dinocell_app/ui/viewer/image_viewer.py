"""One picture with its labels: zoom, pan, select, measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGraphicsPathItem, QLabel, QVBoxLayout, QWidget

from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.viewer.channels import composite, displayed_range
from dinocell_app.ui.viewer.label_colours import LabelStyle, paint_labels
from dinocell_app.ui.viewer.loading import LoadedImage, LoadedLabels, index_labels
from dinocell_app.ui.viewer.pyramid import Tile
from dinocell_app.ui.viewer.scale_bar import scale_bar
from dinocell_app.ui.viewer.tiled_item import TiledItem
from dinocell_app.ui.viewer.tools import Tool, ToolBox

Region = tuple[int, int, int, int]
"""First row, first column, height, width in pixels of the picture."""

EMPTY = "No image yet.\nChoose one in the list on the left."
PAN_SHARE, ZOOM_STEP = 0.15, 1.25


@dataclass(frozen=True)
class HoverInfo:
    """What is under the mouse.

    Parameters
    ----------
    row, column : int
    values : tuple of float
        Of each channel.
    label : int
        0 for background.
    area_px : int
        Pixels of the cell.
    """

    row: int
    column: int
    values: tuple[float, ...]
    label: int = 0
    area_px: int = 0


class ImageViewer(QWidget):
    """A picture with its labels.

    Parameters
    ----------
    parent : QWidget, optional
    """

    cell_clicked = Signal(int)
    """Label, 0 for background."""
    diameter_drawn = Signal(float)
    """Length of the drawn line in pixels."""
    ruler_drawn = Signal(float)
    region_drawn = Signal(object)
    """Region, cut to the picture; None when it was only a click."""
    hovered = Signal(object)
    """HoverInfo, or None outside the picture."""
    tool_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Image")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.image: LoadedImage | None = None
        self.labels: LoadedLabels | None = None
        self.style_of_labels = LabelStyle()
        self.pixel_size_um: float | None = None
        self.selected = 0
        self._displays: tuple[ChannelDisplay, ...] = ()
        self._preview: tuple[LoadedLabels, Region] | None = None
        self._cache_megabytes = 512
        self._fit_when_seen = True
        self._picture: TiledItem | None = None
        self._overlay: TiledItem | None = None
        self.box = ToolBox()
        self.view = pg.GraphicsView(self)
        self.view.setCentralItem(self.box)
        self.view.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.message = QLabel(EMPTY, self)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        layout.addWidget(self.message)
        self._chosen = self._make_path("#ffffff", 3)
        self._chosen_core = self._make_path("#000000", 1)
        self._line = self._make_path("#ffd54a", 2)
        self._region = self._make_path("#ffd54a", 2)
        self._bar = _ScaleBar(self.view, self)
        self.box.clicked.connect(self._on_click)
        self.box.fit_asked.connect(self.fit)
        self.box.line_moved.connect(self._on_line)
        self.box.region_moved.connect(self._on_region)
        self.box.sigRangeChanged.connect(self._place_bar)
        self.box.sigRangeChangedManually.connect(self._on_looked_closer)
        self.box.sigResized.connect(self._place_bar)
        self.view.scene().sigMouseMoved.connect(self._on_move)
        self.say(EMPTY)

    def set_cache_megabytes(self, megabytes: int) -> None:
        """Bound the memory for drawn tiles.

        Parameters
        ----------
        megabytes : int
        """
        self._cache_megabytes = megabytes

    def say(self, text: str) -> None:
        """Show a sentence in place of a picture.

        Parameters
        ----------
        text : str
        """
        self.set_image(None, ())
        self.message.setText(text)

    def set_image(
        self, image: LoadedImage | None, displays: Sequence[ChannelDisplay], *, keep_view: bool = False
    ) -> None:
        """Show a picture, without labels.

        Parameters
        ----------
        image : LoadedImage or None
        displays : sequence of ChannelDisplay
            One for each channel.
        keep_view : bool
            Whether zoom and place stay when the picture has the size of the one before.
        """
        same = self.image is not None and image is not None and image.shape == self.image.shape
        self.image, self._displays = image, tuple(displays)
        self.set_labels(None)
        self._picture = self._replaced(self._picture)
        self._line.setPath(QPainterPath())
        self._region.setPath(QPainterPath())
        self.view.setVisible(image is not None)
        self.message.setVisible(image is None)
        if image is None:
            return
        self._picture = self._add(TiledItem(image.shape, self._paint_picture, opaque=True), 0)
        if not (keep_view and same):
            self.fit()
        self._place_bar()

    def set_displays(self, displays: Sequence[ChannelDisplay]) -> None:
        """Use other colours and contrast.

        Parameters
        ----------
        displays : sequence of ChannelDisplay
        """
        self._displays = tuple(displays)
        if self._picture is not None:
            self._picture.forget_tiles()

    def set_labels(self, labels: LoadedLabels | None) -> None:
        """Show labels over the picture, in place of others and of a preview.

        Parameters
        ----------
        labels : LoadedLabels or None
        """
        self.labels, self._preview = labels, None
        self.select_cell(0)
        self._draw_overlay()

    def set_preview(self, labels: NDArray[np.integer] | None, region: Region | None) -> None:
        """Show labels of a region in place of the result, or the result again.

        Parameters
        ----------
        labels : ndarray of shape (height, width), int, or None
        region : Region or None
            Where they are; None for the whole picture.
        """
        if labels is None:
            self._preview = None
        else:
            place = region or (0, 0, labels.shape[0], labels.shape[1])
            self._preview = (index_labels(labels), place)
        self.select_cell(0)
        self._draw_overlay()

    def set_label_style(self, style: LabelStyle) -> None:
        """Draw labels in another way.

        Parameters
        ----------
        style : LabelStyle
        """
        self.style_of_labels = style
        if self._overlay is not None:
            self._overlay.setVisible(style.mode != "off")
            self._overlay.forget_tiles()

    def select_cell(self, label: int) -> None:
        """Draw a cell as chosen.

        Parameters
        ----------
        label : int
            0 for none.
        """
        self.selected = label
        path = self._outline_of(label)
        self._chosen.setPath(path)
        self._chosen_core.setPath(path)

    def centre_on(self, label: int) -> None:
        """Bring a cell into view without changing the zoom.

        Parameters
        ----------
        label : int
        """
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

    def set_tool(self, tool: Tool) -> None:
        """Choose what the mouse does.

        Parameters
        ----------
        tool : {"navigate", "measure_diameter", "ruler", "region"}
        """
        self.box.tool = tool
        self.view.setCursor(Qt.CursorShape.ArrowCursor if tool == "navigate" else Qt.CursorShape.CrossCursor)
        if tool != "ruler":
            self._line.setPath(QPainterPath())
        self.tool_changed.emit(tool)

    def visible_region(self) -> Region:
        """Give the part of the picture that is seen.

        Returns
        -------
        Region
            Whole pixels; the whole picture when nothing of it is seen.
        """
        if self.image is None:
            return 0, 0, 0, 0
        height, width = self.image.shape
        seen = self.box.viewRect()
        top, left = max(0, int(np.floor(seen.top()))), max(0, int(np.floor(seen.left())))
        bottom, right = min(height, int(np.ceil(seen.bottom()))), min(width, int(np.ceil(seen.right())))
        if bottom <= top or right <= left:
            return 0, 0, height, width
        return top, left, bottom - top, right - left

    def showEvent(self, event: QShowEvent) -> None:
        """Fit a picture that came before the view had its size."""
        super().showEvent(event)
        if self._fit_when_seen:
            self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole picture in view until a person looks at a part of it."""
        super().resizeEvent(event)
        if self._fit_when_seen:
            QTimer.singleShot(0, self, self.fit)

    def fit(self) -> None:
        """Show the whole picture."""
        self._fit_when_seen = True
        if self.image is not None:
            height, width = self.image.shape
            self.box.setRange(QRectF(0, 0, width, height))

    def zoom(self, factor: float) -> None:
        """Look closer or from further away.

        Parameters
        ----------
        factor : float
            Above 1 to look closer.
        """
        self._fit_when_seen = False
        self.box.scaleBy((1 / factor, 1 / factor))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pan with the arrows, zoom with + and -, show everything with 0."""
        seen = self.box.viewRect()
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._fit_when_seen = False
            across, down = steps[key]
            self.box.translateBy(x=across * PAN_SHARE * seen.width(), y=down * PAN_SHARE * seen.height())
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def label_at(self, row: int, column: int) -> int:
        """Give the cell at a pixel.

        Parameters
        ----------
        row, column : int

        Returns
        -------
        int
            0 for background and beyond the labels.
        """
        labels, top, left = self._shown_labels()
        if labels is None:
            return 0
        plane = labels.levels[0]
        r, c = row - top, column - left
        inside = 0 <= r < plane.shape[0] and 0 <= c < plane.shape[1]
        return int(plane[r, c]) if inside else 0

    def _shown_labels(self) -> tuple[LoadedLabels | None, int, int]:
        """Labels that are drawn, and the row and column where they begin."""
        if self._preview is not None:
            labels, (top, left, _, _) = self._preview
            return labels, top, left
        return self.labels, 0, 0

    def _draw_overlay(self) -> None:
        self._overlay = self._replaced(self._overlay)
        labels, top, left = self._shown_labels()
        if labels is None:
            return
        height, width = labels.levels[0].shape
        self._overlay = self._add(TiledItem((height, width), self._paint_labels, opaque=False), 1)
        self._overlay.setPos(left, top)
        self._overlay.setVisible(self.style_of_labels.mode != "off")

    def _add(self, item: TiledItem, height: int) -> TiledItem:
        item.set_memory(self._cache_megabytes // 2)
        item.setZValue(height)
        self.box.addItem(item, ignoreBounds=True)
        return item

    def _replaced(self, item: TiledItem | None) -> None:
        if item is not None:
            self.box.removeItem(item)
            item.deleteLater()

    def _paint_picture(self, tile: Tile) -> NDArray[np.uint8]:
        image = self.image
        if image is None:
            return np.zeros((1, 1, 4), np.uint8)
        part = tile.slices()
        ranges = [displayed_range(d, s) for d, s in zip(self._displays, image.statistics, strict=True)]
        return composite([levels[tile.level][part] for levels in image.channels], self._displays, ranges)

    def _paint_labels(self, tile: Tile) -> NDArray[np.uint8]:
        labels, _, _ = self._shown_labels()
        if labels is None:
            return np.zeros((1, 1, 4), np.uint8)
        # One pixel more on every side: without it outlines would break, or appear, at the tiles' seams.
        level = labels.levels[tile.level]
        rows, columns = tile.slices(1)
        inner_rows, inner_columns = tile.slices()
        painted = paint_labels(level[rows, columns], self.style_of_labels)
        top, left = inner_rows.start - rows.start, inner_columns.start - columns.start
        height = min(inner_rows.stop, level.shape[0]) - inner_rows.start
        width = min(inner_columns.stop, level.shape[1]) - inner_columns.start
        return painted[top : top + height, left : left + width]

    def _box_of(self, label: int) -> tuple[slice, slice] | None:
        labels, top, left = self._shown_labels()
        if labels is None or not 0 < label <= len(labels.boxes):
            return None
        box = labels.boxes[label - 1]
        if box is None:
            return None
        rows, columns = box
        return slice(rows.start + top, rows.stop + top), slice(columns.start + left, columns.stop + left)

    def _outline_of(self, label: int) -> QPainterPath:
        """Follow the pixel edges around a cell."""
        path = QPainterPath()
        box = self._box_of(label)
        labels, top, left = self._shown_labels()
        if box is None or labels is None:
            return path
        rows, columns = box
        inside = labels.levels[0][
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
        for x1, y1, x2, y2 in pixel_edges(inside == label):
            path.moveTo(x1 + columns.start, y1 + rows.start)
            path.lineTo(x2 + columns.start, y2 + rows.start)
        return path

    def _make_path(self, colour: str, width: int) -> QGraphicsPathItem:
        item = QGraphicsPathItem()
        pen = QPen(QColor(colour), width)
        pen.setCosmetic(True)
        item.setPen(pen)
        item.setZValue(5 + (3 - width))
        self.box.addItem(item, ignoreBounds=True)
        return item

    def _pixel(self, point: QPointF) -> tuple[int, int] | None:
        if self.image is None:
            return None
        row, column = int(np.floor(point.y())), int(np.floor(point.x()))
        height, width = self.image.shape
        return (row, column) if 0 <= row < height and 0 <= column < width else None

    def _on_click(self, point: QPointF) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        pixel = self._pixel(point)
        if self.box.tool == "region":
            self.region_drawn.emit(None)
        if pixel is not None:
            self.cell_clicked.emit(self.label_at(*pixel))

    def _on_line(self, start: QPointF, end: QPointF, finished: bool) -> None:
        path = QPainterPath(start)
        path.lineTo(end)
        self._line.setPath(path)
        length = float(np.hypot(end.x() - start.x(), end.y() - start.y()))
        if self.box.tool == "ruler":
            self.ruler_drawn.emit(length)
        elif finished and length > 0:
            self.diameter_drawn.emit(length)

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
        labels, _, _ = self._shown_labels()
        area = int(labels.areas[label]) if labels is not None and label else 0
        values = tuple(float(levels[0][pixel]) for levels in image.channels)
        self.hovered.emit(HoverInfo(*pixel, values, label, area))

    def _on_looked_closer(self) -> None:
        self._fit_when_seen = False

    def _place_bar(self) -> None:
        if self.image is None:
            return
        pixel = self.box.viewPixelSize()[0]
        self._bar.show_for(1 / pixel if pixel > 0 else 1.0, self.pixel_size_um)


class _ScaleBar(QWidget):
    """A bar with its length in the lower right corner, readable on any picture."""

    def __init__(self, view: QWidget, parent: QWidget) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._length, self._text = 0.0, ""
        self._view = view
        self.setObjectName("scale bar")
        self.setAccessibleName("Scale bar")

    def show_for(self, magnification: float, pixel_size_um: float | None) -> None:
        self._length, self._text = scale_bar(magnification, pixel_size_um)
        height = self.fontMetrics().height() + 14
        self.setGeometry(self._view.width() - 196, self._view.height() - height - 8, 188, height)
        self.update()

    def paintEvent(self, event: object) -> None:
        """Draw the bar."""
        painter = QPainter(self)
        painter.fillRect(
            self.rect().adjusted(self.width() - int(self._length) - 16, 0, 0, 0), QColor(0, 0, 0, 130)
        )
        right, bottom = self.width() - 8, self.height() - 6
        painter.fillRect(QRectF(right - self._length, bottom - 4, self._length, 4), QColor("white"))
        painter.setPen(QColor("white"))
        text = QRectF(0, 0, right, bottom - 5)
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._text)


def pixel_edges(mask: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """List the pixel edges between a mask and what is around it.

    Parameters
    ----------
    mask : ndarray of shape (M, N), bool

    Returns
    -------
    list of (x1, y1, x2, y2)
        Runs of edges in pixel corners; pixel (row, column) has corners (column, row) to
        (column + 1, row + 1).
    """
    padded = np.pad(mask, 1)
    edges: list[tuple[int, int, int, int]] = []
    for across, flip in (
        (padded[1:, 1:-1] != padded[:-1, 1:-1], False),
        (padded[1:-1, 1:] != padded[1:-1, :-1], True),
    ):
        lines = across.T if flip else across
        for at, line in enumerate(lines):
            steps = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
            for start, stop in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True):
                edges.append((at, start, at, stop) if flip else (start, at, stop, at))
    return edges
