"""A picture that is looked at: zoom, pan, fit, contrast, scale bar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from dinocell_app.display.loading import LoadedImage
from dinocell_app.display.tile_painting import PicturePainter
from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.viewer.scale_bar_widget import ScaleBarWidget
from dinocell_app.ui.viewer.tiled_item import TiledItem
from dinocell_app.ui.viewer.tools import ToolBox

Region = tuple[int, int, int, int]
"""First row, first column, height, width in pixels of the picture."""

EMPTY = "No image yet.\nChoose one in the list on the left."
PAN_SHARE, ZOOM_STEP = 0.15, 1.25


class PictureView(QWidget):
    """A picture without anything on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Image")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.image: LoadedImage | None = None
        self.pixel_size_um: float | None = None
        self._displays: tuple[ChannelDisplay, ...] = ()
        self._cache_megabytes = 512
        self._fit_when_seen = True
        self._picture: TiledItem | None = None
        self.box = ToolBox()
        self.view = pg.GraphicsView(self)
        self.view.setCentralItem(self.box)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard works the widget around it
        self.view.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.view.hide()
        self.message = plain_label(EMPTY, self)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.message.setMargin(24)
        # A long path has no place to break; it must not make the window wider.
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        layout.addWidget(self.message)
        self.scale_bar = ScaleBarWidget(self.view)
        self.box.fit_asked.connect(self.fit)
        self.box.sigRangeChanged.connect(self._place_bar)
        self.box.sigRangeChangedManually.connect(self._on_looked_closer)
        self.box.sigResized.connect(self._place_bar)
        self._use_palette()

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
        return self._picture is None or self._picture.complete

    def set_cache_megabytes(self, megabytes: int) -> None:
        """Bound the memory for drawn tiles."""
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
        """Show a sentence in place of a picture."""
        self.set_image(None, ())
        self.message.setText(text)
        self.message.setToolTip(text)

    def set_image(
        self, image: LoadedImage | None, displays: Sequence[ChannelDisplay], *, keep_view: bool = False
    ) -> None:
        """Show a picture.

        Parameters
        ----------
        displays : sequence of ChannelDisplay
            One for each channel.
        keep_view : bool
            Whether zoom and place stay when the picture has the size of the one before.
        """
        same = self.image is not None and image is not None and image.shape == self.image.shape
        self.image, self._displays = image, tuple(displays)
        self.remove_layer(self._picture)
        self._picture = None
        self.view.setVisible(image is not None)
        self.message.setVisible(image is None)
        if image is None:
            return
        self._picture = self.add_layer(
            TiledItem(image.shape, PicturePainter(image, self._displays), opaque=True), 0
        )
        if not (keep_view and same):
            self.fit()
        self._place_bar()

    def set_displays(self, displays: Sequence[ChannelDisplay]) -> None:
        """Use other colours and contrast."""
        self._displays = tuple(displays)
        if self._picture is not None and self.image is not None:
            self._picture.repaint_tiles(PicturePainter(self.image, self._displays))

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

    def look_at(self, area: QRectF) -> None:
        """Show a part of the picture.

        Parameters
        ----------
        area : QRectF
            In pixels of the picture.
        """
        self._fit_when_seen = False
        self.box.setRange(area, padding=0)

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

    def add_layer(self, item: TiledItem, height: float) -> TiledItem:
        """Put something on the picture, or the picture itself.

        Parameters
        ----------
        height : float
            What is higher covers what is lower; the picture has 0.
        """
        item.set_memory(self._cache_megabytes // 2)
        item.setZValue(height)
        self.box.addItem(item, ignoreBounds=True)
        return item

    def remove_layer(self, item: TiledItem | None) -> None:
        """Take something off the picture."""
        if item is not None:
            self.box.removeItem(item)
            item.deleteLater()

    def _pixel(self, point: QPointF) -> tuple[int, int] | None:
        if self.image is None:
            return None
        row, column = int(np.floor(point.y())), int(np.floor(point.x()))
        height, width = self.image.shape
        return (row, column) if 0 <= row < height and 0 <= column < width else None

    def _on_looked_closer(self) -> None:
        self._fit_when_seen = False

    def _place_bar(self) -> None:
        if self.image is None:
            return
        pixel = self.box.viewPixelSize()[0]
        self.scale_bar.show_for(1 / pixel if pixel > 0 else 1.0, self.pixel_size_um)
