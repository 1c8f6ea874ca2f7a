"""Load crops of the cells that are on the screen, newest wish first, and keep some hundreds of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from dinocell_app.base.errors import UserFacingError
from dinocell_app.tables.cell_store import CellStore
from dinocell_app.tables.crops import Crop, CropChannel, CropImage, CropReader, CropRequest
from dinocell_app.ui.results.shown_cells import ShownCells
from dinocell_app.ui.workers import Task, start

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

N_AT_ONCE = 24
"""Crops a worker reads before what is on the screen is asked again."""

_N_KEPT = 800
_BOX = ("bbox_y_min", "bbox_x_min", "bbox_y_max", "bbox_x_max")


class CropLoading(QObject):
    """Crops by row of the store."""

    loaded = Signal(list)
    """Rows of the store whose crops are there."""

    def __init__(self, session: Session, cells: ShownCells, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._cells = cells
        self._reader = CropReader()
        self._crops: OrderedDict[int, QPixmap | str] = OrderedDict()
        self._images: dict[int, CropImage | None] = {}
        self._wanted: list[int] = []
        self._task: Task | None = None
        cells.store_changed.connect(self.forget)

    def crop(self, row: int) -> QPixmap | str | None:
        """Give the picture of a cell.

        Parameters
        ----------
        row : int
            Of the store.

        Returns
        -------
        QPixmap, str or None
            The reason when there is none, None while it is not loaded.
        """
        return self._crops.get(row)

    def want(self, rows: Sequence[int]) -> None:
        """Load these crops, and no longer those asked for before.

        Parameters
        ----------
        rows : sequence of int
            Of the store: what is on the screen.
        """
        self._wanted = [row for row in rows if row not in self._crops]
        self._next()

    def forget(self) -> None:
        """Let go of all crops: the cells or how images are shown have changed."""
        self.shut_down()
        self._reader = CropReader()
        self._crops.clear()
        self._images.clear()

    def shut_down(self) -> None:
        """Load nothing more."""
        self._wanted = []
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _next(self) -> None:
        store, reader = self._cells.store, self._reader
        while self._task is None and self._wanted and self._session.project is not None:
            rows = sorted(self._wanted[:N_AT_ONCE], key=lambda row: int(store.source_of_row[row]))
            self._wanted = self._wanted[N_AT_ONCE:]
            requests = tuple(request for row in rows if (request := self._request(store, row)) is not None)
            if requests:
                task = start(partial(reader.read, requests), self._on_read, self._on_failed, owner=self)
                under_way = any(request.row not in self._crops for request in requests)
                self._task = task if under_way else None
            else:
                self.loaded.emit(rows)

    def _request(self, store: CellStore, row: int) -> CropRequest | None:
        place = int(store.source_of_row[row])
        if place not in self._images:
            self._images[place] = self._image(store, place)
        image = self._images[place]
        if image is None:
            self._crops[row] = "The image is no longer in the project."
            return None
        has_box = all(name in store.columns for name in _BOX)
        top, left, bottom, right = (int(store.columns[name].values[row]) if has_box else 0 for name in _BOX)
        return CropRequest(row, image, store.label(row), (top, left, bottom, right) if has_box else None)

    def _image(self, store: CellStore, place: int) -> CropImage | None:
        project = self._session.project
        source = store.sources[place]
        if project is None:
            return None
        try:
            record = project.images.get(source.image_id)
            path = project.images.path(source.image_id)
            labels = project.results.labels_path(project.results.get(source.result_id))
            displays = project.displays.get(source.image_id)
        except (LookupError, UserFacingError):
            return None
        channels = tuple(
            CropChannel(display.channel, display.colour, display.low, display.high)
            for display in displays
            if display.visible
        )
        t, z = source.plane.beside(0, 0)
        shown = channels or (CropChannel(0),)
        return CropImage(path, labels, t, z, shown, record.is_rgb, record.axes)

    def _on_read(self, crops: list[Crop]) -> None:
        self._task = None
        for crop in crops:
            self._crops[crop.row] = _pixmap(crop)
        while len(self._crops) > _N_KEPT:
            self._crops.popitem(last=False)
        self.loaded.emit([crop.row for crop in crops])
        self._next()

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self._session.report(error)


def _pixmap(crop: Crop) -> QPixmap | str:
    if crop.pixels is None:
        return crop.problem
    height, width, _ = crop.pixels.shape
    image = QImage(crop.pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy())
