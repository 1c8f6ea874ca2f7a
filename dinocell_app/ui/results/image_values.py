"""The per-image values that the image table and the overview share, worked out once for both."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from dinocell_app.tables.cell_store import CellColumn, CellSource
from dinocell_app.tables.image_summary import image_columns
from dinocell_app.ui.results.shown_cells import ShownCells
from dinocell_app.ui.workers import Task, start


class ImageValues(QObject):
    """Follow the shown cells and summarise them on a worker thread."""

    changed = Signal()
    """There are other values."""
    failed = Signal(object)
    """The values could not be worked out: the error."""

    def __init__(self, cells: ShownCells, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cells = cells
        self._task: Task | None = None
        self.sources: tuple[CellSource, ...] = ()
        self.columns: dict[str, CellColumn] = {}
        cells.rows_changed.connect(self._on_rows)
        self._on_rows()

    def number_names(self) -> list[str]:
        """Columns that can be shown as a colour."""
        return [name for name, column in self.columns.items() if column.is_number]

    def shut_down(self) -> None:
        """Let go of work that is under way."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _on_rows(self) -> None:
        self.shut_down()
        store, rows = self._cells.store, self._cells.rows

        def done(columns: dict[str, CellColumn]) -> None:
            self._task = None
            self.sources, self.columns = store.sources, columns
            self.changed.emit()

        self._task = start(lambda: image_columns(store, rows), done, self.failed.emit, owner=self)
