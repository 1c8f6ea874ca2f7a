"""One picture with its labels: zoom, pan, select, measure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPalette, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGraphicsPathItem, QLabel, QSizePolicy, QVBoxLayout, QWidget

from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.viewer.cell_outline import cell_outline
from dinocell_app.ui.viewer.hover_text import HoverInfo
from dinocell_app.ui.viewer.label_colours import LabelStyle
from dinocell_app.ui.viewer.loading import LoadedImage, LoadedLabels, index_labels
from dinocell_app.ui.viewer.scale_bar_widget import ScaleBarWidget
from dinocell_app.ui.viewer.tile_painting import LabelPainter, PicturePainter
from dinocell_app.ui.viewer.tiled_item import TiledItem
from dinocell_app.ui.viewer.tools import Tool, ToolBox
from dinocell_app.ui.workers import Task, start

Region = tuple[int, int, int, int]
"""First row, first column, height, width in pixels of the picture."""

EMPTY = "No image yet.\nChoose one in the list on the left."
PAN_SHARE, ZOOM_STEP = 0.15, 1.25


class ImageViewer(QWidget):
    """A picture with its labels.

    Parameters
    ----------
    parent : QWidget, optional
    """

    cell_clicked = Signal(int)
    """Label of the result, 0 for background."""
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
        self._indexing: Task | None = None
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
        self.message.setMargin(24)
        # A long path has no place to break; it must not make the window wider.
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        layout.addWidget(self.message)
        self._chosen = self._make_path("#ffffff", 3)
        self._chosen_core = self._make_path("#000000", 1)
        self._line = self._make_path("#ffd54a", 2)
        self._region = self._make_path("#ffd54a", 2)
        self.scale_bar = ScaleBarWidget(self.view)
        self.box.clicked.connect(self._on_click)
        self.box.fit_asked.connect(self.fit)
        self.box.line_moved.connect(self._on_line)
        self.box.region_moved.connect(self._on_region)
        self.box.sigRangeChanged.connect(self._place_bar)
        self.box.sigRangeChangedManually.connect(self._on_looked_closer)
        self.box.sigResized.connect(self._place_bar)
        self.view.scene().sigMouseMoved.connect(self._on_move)
        self._use_palette()
        self.say(EMPTY)

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark around the picture."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._use_palette()

    def _use_palette(self) -> None:
        self.view.setBackground(self.palette().color(QPalette.ColorRole.Window))

    @property
    def complete(self) -> bool:
        """Whether everything that is seen is drawn at its best."""
        return all(item is None or item.complete for item in (self._picture, self._overlay))

    def set_cache_megabytes(self, megabytes: int) -> None:
        """Bound the memory for drawn tiles.

        Parameters
        ----------
        megabytes : int
        """
        self._cache_megabytes = megabytes

    def set_pixel_size(self, pixel_size_um: float | None) -> None:
        """Measure in µm, or in pixels when the pixel size is unknown.

        Parameters
        ----------
        pixel_size_um : float or None
            Edge of a pixel.
        """
        self.pixel_size_um = pixel_size_um
        self._place_bar()

    def say(self, text: str) -> None:
        """Show a sentence in place of a picture.

        Parameters
        ----------
        text : str
        """
        self.set_image(None, ())
        self.message.setText(text)
        self.message.setToolTip(text)

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
        self._take_away(self._picture)
        self._picture = None
        self._line.setPath(QPainterPath())
        self._region.setPath(QPainterPath())
        self.view.setVisible(image is not None)
        self.message.setVisible(image is None)
        if image is None:
            return
        self._picture = self._add(
            TiledItem(image.shape, PicturePainter(image, self._displays), opaque=True), 0
        )
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
        if self._picture is not None and self.image is not None:
            self._picture.repaint_tiles(PicturePainter(self.image, self._displays))

    def set_labels(self, labels: LoadedLabels | None) -> None:
        """Show labels over the picture, in place of others and of a preview.

        Parameters
        ----------
        labels : LoadedLabels or None
        """
        self._drop_indexing()
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
        """Draw labels in another way.

        Parameters
        ----------
        style : LabelStyle
        """
        self.style_of_labels = style
        labels, _, _ = self._shown_labels()
        if self._overlay is not None and labels is not None:
            self._overlay.setVisible(style.mode != "off")
            self._overlay.repaint_tiles(LabelPainter(labels, style))

    def select_cell(self, label: int) -> None:
        """Draw a cell as chosen.

        Parameters
        ----------
        label : int
            0 for none.
        """
        self.selected = label
        labels, top, left = self._shown_labels()
        path = cell_outline(labels, label).translated(left, top) if labels is not None else QPainterPath()
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
        self._take_away(self._overlay)
        self._overlay = None
        labels, top, left = self._shown_labels()
        if labels is None:
            return
        painter = LabelPainter(labels, self.style_of_labels)
        self._overlay = self._add(TiledItem(labels.shape, painter, opaque=False), 1)
        self._overlay.setPos(left, top)
        self._overlay.setVisible(self.style_of_labels.mode != "off")

    def _add(self, item: TiledItem, height: int) -> TiledItem:
        item.set_memory(self._cache_megabytes // 2)
        item.setZValue(height)
        self.box.addItem(item, ignoreBounds=True)
        return item

    def _take_away(self, item: TiledItem | None) -> None:
        if item is not None:
            self.box.removeItem(item)
            item.deleteLater()

    def _box_of(self, label: int) -> tuple[slice, slice] | None:
        labels, top, left = self._shown_labels()
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
        if pixel is None:
            return
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
        area = labels.area(label) if labels is not None else 0
        values = tuple(float(levels[0][pixel]) for levels in image.channels)
        self.hovered.emit(HoverInfo(*pixel, values, label, area))

    def _on_looked_closer(self) -> None:
        self._fit_when_seen = False

    def _place_bar(self) -> None:
        if self.image is None:
            return
        pixel = self.box.viewPixelSize()[0]
        self.scale_bar.show_for(1 / pixel if pixel > 0 else 1.0, self.pixel_size_um)


def _raise(error: Exception) -> None:
    """Leave a fault of the program to the window."""
    raise error
