"""Graphics items that draw only the visible tiles of the right level, made off the window's thread."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from dinocell_app.display.pyramid import Tile, level_for, level_shape, n_levels, visible_tiles
from dinocell_app.ui.workers import start

AT_ONCE = 2
"""Tiles made at the same time; what is no longer seen by then is never made."""
FEWEST_KEPT = 16
_OLD_LOOK = -1
"""Of a tile that shows what is no more; it is seen until it is painted anew."""

_logger = logging.getLogger(__name__)


class TiledItem(QGraphicsObject):
    """A picture drawn tile by tile.

    While a tile is made, the one it replaces is drawn, or the part of a coarser one.

    Parameters
    ----------
    shape : tuple of int
        Height and width in pixels of the picture.
    paint_tile : callable
        Gives (h, w, 4) uint8 pixels of a tile, premultiplied when see-through. It is called on other
        threads and holds all it needs.
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
        self._tiles: OrderedDict[Tile, tuple[int, QImage]] = OrderedDict()
        self._look = 0
        self._wanted: list[Tile] = []
        self._underway: set[tuple[int, Tile]] = set()
        self._outdated: set[tuple[int, Tile]] = set()
        self._kept = 256
        self._seen = 0

    @property
    def complete(self) -> bool:
        """Whether everything that is seen is drawn at its best."""
        return not self._wanted and not self._underway

    def set_memory(self, megabytes: int) -> None:
        """Bound the memory for tiles."""
        self._kept = max(FEWEST_KEPT, megabytes)  # a tile takes a megabyte

    def repaint_tiles(self, paint_tile: Callable[[Tile], NDArray[np.uint8]]) -> None:
        """Draw everything anew in another look; the tiles of before are seen until then.

        Parameters
        ----------
        paint_tile : callable
            As in the class.
        """
        self._paint_tile = paint_tile
        self._look += 1
        self.update()

    def repaint_area(self, area: QRectF) -> None:
        """Draw a part anew, because what it shows has changed; the tiles of before are seen until then.

        Parameters
        ----------
        area : QRectF
            In pixels of the picture.
        """
        for tile, (_, image) in self._tiles.items():
            if self._place(tile).intersects(area):
                self._tiles[tile] = _OLD_LOOK, image
        # What is being painted may have been read before the change.
        self._outdated |= {wish for wish in self._underway if self._place(wish[1]).intersects(area)}
        self.update(area)

    def _place(self, tile: Tile) -> QRectF:
        return QRectF(*tile.rectangle(level_shape(self._shape, tile.level)))

    def boundingRect(self) -> QRectF:
        """Give the place of the picture."""
        return QRectF(0, 0, self._shape[1], self._shape[0])

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the tiles of what is seen and ask for those that are missing."""
        seen = self._seen_area(painter) & self.boundingRect()
        scale = abs(painter.worldTransform().m11()) or 1.0
        level = level_for(scale * painter.device().devicePixelRatioF(), self._levels)
        tiles = visible_tiles(
            level_shape(self._shape, level), level, (seen.left(), seen.top(), seen.right(), seen.bottom())
        )
        self._seen = len(tiles)
        self._ask_for([Tile(self._levels - 1, 0, 0), *tiles])
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        for tile in tiles:
            self._draw(painter, tile)

    def _seen_area(self, painter: QPainter) -> QRectF:
        """Everything seen, not only what Qt wants drawn anew: asking for less would drop the rest."""
        device = painter.device()
        whole = QRectF(0, 0, device.width(), device.height())
        inverse, _ = painter.worldTransform().inverted()
        return inverse.mapRect(whole)

    def _draw(self, painter: QPainter, tile: Tile) -> None:
        target = QRectF(*tile.rectangle(level_shape(self._shape, tile.level))) & self.boundingRect()
        for level in range(tile.level, self._levels):
            steps = level - tile.level
            found = self._tiles.get(Tile(level, tile.row >> steps, tile.column >> steps))
            if found is not None:
                left, top, _, _ = Tile(level, tile.row >> steps, tile.column >> steps).rectangle(
                    level_shape(self._shape, level)
                )
                scale = 2**level
                # The last pixels of a level may cover less than 2**level pixels of the picture.
                source = QRectF(
                    (target.left() - left) / scale,
                    (target.top() - top) / scale,
                    target.width() / scale,
                    target.height() / scale,
                )
                painter.drawImage(target, found[1], source)
                return

    def _ask_for(self, tiles: list[Tile]) -> None:
        """Have missing tiles made, the coarsest first; earlier wishes are dropped."""
        self._wanted = []
        for tile in tiles:
            found = self._tiles.get(tile)
            if found is not None:
                self._tiles.move_to_end(tile)
            if (found is None or found[0] != self._look) and (self._look, tile) not in self._underway:
                self._wanted.append(tile)
        self._go_on()

    def _go_on(self) -> None:
        while self._wanted and len(self._underway) < AT_ONCE:
            wish = self._look, self._wanted.pop(0)
            self._underway.add(wish)
            work = partial(_image, self._paint_tile, wish[1], self._format)
            start(work, partial(self._take, wish), partial(self._fail, wish), owner=self)

    def _take(self, wish: tuple[int, Tile], image: QImage) -> None:
        self._underway.discard(wish)
        look, tile = wish
        if wish in self._outdated:
            self._outdated.discard(wish)
            look = _OLD_LOOK
        before = self._tiles.get(tile)
        if before is None or before[0] <= look:
            self._tiles[tile] = look, image
            self._tiles.move_to_end(tile)
        # What is seen is kept whatever the memory: it would be asked for again for ever.
        while len(self._tiles) > max(self._kept, self._seen + 2):
            self._tiles.popitem(last=False)
        self.update()
        self._go_on()

    def _fail(self, wish: tuple[int, Tile], error: Exception) -> None:
        self._underway.discard(wish)
        _logger.error("a part of the picture cannot be drawn: %s", wish[1], exc_info=error)
        # Kept as nothing: drawing again must not ask for it for ever.
        nothing = QImage(1, 1, self._format)
        nothing.fill(0)
        self._take(wish, nothing)


def _image(paint_tile: Callable[[Tile], NDArray[np.uint8]], tile: Tile, form: QImage.Format) -> QImage:
    pixels = np.ascontiguousarray(paint_tile(tile))
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, form).copy()
