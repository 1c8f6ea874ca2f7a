"""Thumbnails for the rows that are seen: from the project's cache, or made in the background."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QImage, QPixmap

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project.image_tree import ImageRow
from dinocell_app.project.thumbnails import make_thumbnail, read_thumbnail, thumbnail_path, write_thumbnail
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import start

SHOWN = QSize(40, 40)
FINE = 2
"""Pixels of a thumbnail for each of the screen's units, so that it is sharp on a fine screen."""
KEPT = 2000
AT_ONCE = 1
"""Pictures made at the same time: more would only take the disk from a run."""

_Key = tuple[int, str]
"""Image and its axes: with others it looks different."""


class Thumbnails(QObject):
    """Gives the thumbnail of an image, or asks for it.

    Parameters
    ----------
    arrived : callable
        Called with the id of the image when its thumbnail is there.
    """

    def __init__(self, session: Session, arrived: Callable[[int], None]) -> None:
        super().__init__(session)
        self._session = session
        self._arrived = arrived
        self._kept: OrderedDict[_Key, QPixmap] = OrderedDict()
        self._wanted: list[ImageRow] = []
        self._under_way: set[_Key] = set()
        self._generation = 0
        self._blank = QPixmap(SHOWN)
        self._blank.fill(Qt.GlobalColor.transparent)

    def clear(self) -> None:
        """Forget everything, when another project is shown."""
        self._generation += 1
        self._kept.clear()
        self._wanted.clear()
        self._under_way.clear()

    def picture(self, row: ImageRow) -> QPixmap:
        """Give the thumbnail of an image; a blank one until it is there."""
        key = _key(row)
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        if key not in self._under_way and all(key != _key(wanted) for wanted in self._wanted):
            self._wanted.append(row)
            # Rows that were scrolled past need not be made before those that are seen now.
            del self._wanted[:-100]
            self._next()
        return self._blank

    def _next(self) -> None:
        project = self._session.project
        cache = self._session.disk_cache()
        if project is None or cache is None or not self._wanted or len(self._under_way) >= AT_ONCE:
            return
        row = self._wanted.pop()
        kept = thumbnail_path(cache.thumbnails, row.record)
        path, axes = project.images.path(row.record.id), row.record.axes
        work = partial(_load, path, kept, cache.writable, axes)
        self._under_way.add(_key(row))
        place = (self._generation, _key(row))
        start(work, partial(self._take, place), partial(self._fail, place), owner=self)

    def _take(self, place: tuple[int, _Key], pixels: NDArray[np.uint8]) -> None:
        if place[0] == self._generation:
            self._keep(place[1], _pixmap(pixels))

    def _fail(self, place: tuple[int, _Key], _error: Exception) -> None:
        # The tree says "Unreadable" where it matters; a missing thumbnail is no news.
        if place[0] == self._generation:
            self._keep(place[1], self._blank)

    def _keep(self, key: _Key, picture: QPixmap) -> None:
        self._under_way.discard(key)
        self._kept[key] = picture
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self._arrived(key[0])
        self._next()


def _key(row: ImageRow) -> _Key:
    return row.record.id, row.record.axes


def _load(image: Path, kept: Path, writable: bool, axes: str = "") -> NDArray[np.uint8]:
    pixels = read_thumbnail(kept)
    if pixels is None:
        pixels = make_thumbnail(image, axes=axes)
        if writable:
            # A full disk costs only the time to make it again.
            with suppress(UserFacingError, OSError):
                write_thumbnail(kept, pixels)
    return pixels


def _pixmap(pixels: NDArray[np.uint8]) -> QPixmap:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    size = SHOWN * FINE
    fitted = QPixmap.fromImage(image).scaled(
        size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )
    picture = fitted.copy(0, 0, size.width(), size.height())
    picture.setDevicePixelRatio(FINE)
    return picture
