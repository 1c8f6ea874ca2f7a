"""Keep the shown cells in step with the project: read again when results change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dinocell_app.tables.cell_store import CellStore
from dinocell_app.tables.result_sources import NEWEST, sources_of_set
from dinocell_app.tables.store_reading import ReadStore, StoreRequest, read_store
from dinocell_app.ui.results.shown_cells import ShownCells
from dinocell_app.ui.workers import Task, start

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

_PAUSE_MS = 400
"""Results of a running job arrive image by image: the tables are read once things are quiet this long."""


class StoreLoading(QObject):
    """Read the chosen result set of the open project on a worker thread.

    Parameters
    ----------
    cells : ShownCells
        Gets what was read.
    """

    sets_changed = Signal()
    """The project has other result sets."""
    loading_changed = Signal(bool)
    """Whether tables are being read."""
    problems_found = Signal(list)
    """One sentence for each table that could not be read."""

    def __init__(self, session: Session, cells: ShownCells, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._cells = cells
        self._task: Task | None = None
        self.set_name = NEWEST
        self.first_set = NEWEST
        """The set that is shown first when a project is opened."""
        self.set_names: list[str] = []
        self.is_loading = False
        self.additions: list[Callable[[CellStore], None]] = []
        """What gives cells columns that are not in their tables, before they are shown."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.load)
        session.project_opened.connect(self._on_project)
        session.project_closed.connect(self._on_project)
        session.results_changed.connect(self._on_changed)
        session.images_changed.connect(self._on_changed)
        session.image_records_changed.connect(self._on_changed)

    def choose_set(self, name: str) -> None:
        """Show another result set.

        Parameters
        ----------
        name : str
            `NEWEST` for the newest result of each image.
        """
        if name != self.set_name:
            self.set_name = name
            self.load()

    def load(self) -> None:
        """Read the chosen set now."""
        self._timer.stop()
        self._stop()
        project = self._session.project
        names = [] if project is None else project.results.set_names()
        if self.set_name not in names:
            self.set_name = NEWEST
        if names != self.set_names:
            self.set_names = names
            self.sets_changed.emit()
        if project is None:
            self._show(ReadStore(CellStore.empty()))
            return
        cache = self._session.disk_cache()
        writable = cache is not None and cache.writable
        tables = cache.tables if cache is not None and writable else None
        request = StoreRequest(sources_of_set(project, self.set_name), tables)
        self._set_loading(True)
        self._task = start(lambda: read_store(request), self._show, self._on_failed, owner=self)

    def shut_down(self) -> None:
        """Let go of work that is under way."""
        self._timer.stop()
        self._stop()

    def _show(self, read: ReadStore | None) -> None:
        self._task = None
        self._set_loading(False)
        if read is not None:
            for add in self.additions:
                add(read.store)
            self._cells.set_store(read.store)
            self.problems_found.emit(list(read.problems))

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self._set_loading(False)
        self._session.report(error)

    def _on_project(self) -> None:
        self.set_name = self.first_set
        self.load()

    def _on_changed(self, *_changes: object) -> None:
        if self._session.project is not None:
            self._timer.start()

    def _set_loading(self, loading: bool) -> None:
        if loading != self.is_loading:
            self.is_loading = loading
            self.loading_changed.emit(loading)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._set_loading(False)
