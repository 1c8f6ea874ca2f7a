"""Graphics items that draw only the visible tiles of the right level, a few at a time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from dinocell_app.ui.viewer.pyramid import Tile, level_for, n_levels, visible_tiles

BUDGET_SECONDS = 0.02
"""Time for new tiles in one drawing; the others follow in the next ones."""


class TiledItem(QGraphicsObject):
    """A picture drawn tile by tile.

    Parameters
    ----------
    shape : tuple of int
        Height and width in pixels of the picture.
    paint_tile : callable
        Gives (h, w, 4) uint8 pixels of a tile, premultiplied when see-through.
    opaque : bool
    """

    def __init__(
        self, shape: tuple[int, int], paint_tile: Callable[[Tile], NDArray[np.uint8]], *, opaque: bool
    ) -> None:
        super().__init__()
        self.setFlag(self.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._shape = shape
        self._paint_tile = paint_tile
        kind = QImage.Format
        self._format = kind.Format_RGB32 if opaque else kind.Format_ARGB32_Premultiplied
        self._levels = n_levels(shape)
        self._tiles: OrderedDict[Tile, QImage] = OrderedDict()
        self._kept = 256
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.update)

    def set_memory(self, megabytes: int) -> None:
        """Bound the memory for tiles.

        Parameters
        ----------
        megabytes : int
        """
        self._kept = max(48, megabytes)  # a tile takes a megabyte

    def forget_tiles(self) -> None:
        """Draw everything anew, after the colours changed."""
        self._tiles.clear()
        self.update()

    def boundingRect(self) -> QRectF:
        """Give the place of the picture."""
        return QRectF(0, 0, self._shape[1], self._shape[0])

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the visible tiles; those not ready yet are drawn coarsely and follow."""
        area = option.exposedRect & self.boundingRect()  # type: ignore[attr-defined] # missing in Qt's stubs
        scale = painter.worldTransform().m11() or 1.0
        level = level_for(abs(scale), self._levels)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        rectangle = (area.left(), area.top(), area.right(), area.bottom())
        coarse = Tile(self._levels - 1, 0, 0)
        tiles = visible_tiles(self._level_shape(level), level, rectangle)
        ready, deadline, waiting = [], time.perf_counter() + BUDGET_SECONDS, False
        for tile in tiles:
            if tile in self._tiles or time.perf_counter() < deadline:
                ready.append(tile)
                self._image(tile)
            else:
                waiting = True
        if waiting:
            self._draw(painter, coarse)
        for tile in ready:
            self._draw(painter, tile)
        if waiting:
            self._later.start()

    def _draw(self, painter: QPainter, tile: Tile) -> None:
        target = QRectF(*tile.rectangle(self._level_shape(tile.level)))
        target = target & self.boundingRect()
        image = self._image(tile)
        scale = 2**tile.level
        # The last pixels of a level may cover less than 2**level pixels of the picture.
        source = QRectF(0, 0, target.width() / scale, target.height() / scale)
        painter.drawImage(target, image, source)

    def _image(self, tile: Tile) -> QImage:
        image = self._tiles.get(tile)
        if image is None:
            pixels = np.ascontiguousarray(self._paint_tile(tile))
            height, width = pixels.shape[:2]
            image = QImage(pixels.data, width, height, 4 * width, self._format).copy()
            self._tiles[tile] = image
            while len(self._tiles) > self._kept:
                self._tiles.popitem(last=False)
        else:
            self._tiles.move_to_end(tile)
        return image

    def _level_shape(self, level: int) -> tuple[int, int]:
        scale = 2**level
        return -(-self._shape[0] // scale), -(-self._shape[1] // scale)
