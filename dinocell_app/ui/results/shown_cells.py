"""The cells that all tabs of the results show, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dinocell_app.base.errors import UserFacingError
from dinocell_app.tables.cell_store import CellStore
from dinocell_app.tables.filter_expression import FilterExpression
from dinocell_app.tables.row_order import Arrangement, arranged_rows
from dinocell_app.ui.workers import Task, start


class ShownCells(QObject):
    """Store, filter, order and chosen cell: what table, gallery and plots have in common."""

    store_changed = Signal()
    """Other cells: a result set was read."""
    rows_changed = Signal()
    """Filter or order changed which rows are shown."""
    cell_changed = Signal()
    """Another cell is chosen."""
    columns_changed = Signal()
    """The same cells have a further column."""
    values_changed = Signal()
    """Values of a column changed; which rows are shown did not."""
    filter_refused = Signal(str)
    """The filter cannot be understood: one sentence; empty once it can."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = CellStore.empty()
        self.rows: NDArray[np.int32] = np.zeros(0, np.int32)
        self.arrangement = Arrangement()
        self.cell: int | None = None
        self._task: Task | None = None

    def set_store(self, store: CellStore) -> None:
        """Show other cells; filter and order stay as far as the columns allow."""
        self._stop()
        self.store = store
        self.cell = None
        expression = self.arrangement.expression
        if expression and store.n_rows:
            try:
                FilterExpression(expression, store.columns)
            except UserFacingError as error:
                self.arrangement = replace(self.arrangement, expression="")
                self.filter_refused.emit(f"The filter was taken away: {error}")
        ranges = {name: limits for name, limits in self.arrangement.ranges.items() if name in store.columns}
        self.arrangement = replace(self.arrangement, ranges=ranges)
        self.rows = np.zeros(0, np.int32)
        self.store_changed.emit()
        self._arrange()

    def start_with(self, arrangement: Arrangement) -> None:
        """Take filter and order for the cells that are shown next.

        Parameters
        ----------
        arrangement : Arrangement
        """
        self.arrangement = arrangement

    def set_expression(self, text: str) -> None:
        """Filter by a typed condition.

        Parameters
        ----------
        text : str
            Empty shows all.
        """
        if text.strip():
            try:
                FilterExpression(text, self.store.columns)
            except UserFacingError as error:
                self.filter_refused.emit(_sentence(error))
                return
        self.filter_refused.emit("")
        if text.strip() != self.arrangement.expression:
            self._change(replace(self.arrangement, expression=text.strip()))

    def set_range(self, name: str, limits: tuple[float, float] | None) -> None:
        """Filter by smallest and largest value of a column.

        Parameters
        ----------
        name : str
            The column.
        limits : (float, float) or None
            None takes the range away.
        """
        ranges = {other: kept for other, kept in self.arrangement.ranges.items() if other != name}
        if limits is not None:
            ranges[name] = limits
        if ranges != self.arrangement.ranges:
            self._change(replace(self.arrangement, ranges=ranges))

    def clear_filters(self) -> None:
        """Show all cells."""
        self.filter_refused.emit("")
        self._change(replace(self.arrangement, expression="", ranges={}))

    def sort_by(self, name: str, *, ascending: bool) -> None:
        """Order the cells.

        Parameters
        ----------
        name : str
            A column; empty for the order of the images.
        ascending : bool
            Smallest first.
        """
        self.arrange(replace(self.arrangement, sort_by=name, ascending=ascending, near=None))

    def arrange(self, arrangement: Arrangement) -> None:
        """Filter and order the cells anew.

        Parameters
        ----------
        arrangement : Arrangement
            Of columns that the cells have.
        """
        if arrangement != self.arrangement:
            self._change(arrangement)

    def choose(self, row: int | None) -> None:
        """Choose a cell.

        Parameters
        ----------
        row : int or None
            Row of the store; None for no cell.
        """
        if row != self.cell:
            self.cell = row
            self.cell_changed.emit()

    def position(self, row: int | None) -> int | None:
        """Where a row of the store is shown.

        Returns
        -------
        int or None
            None when it is filtered out.
        """
        if row is None:
            return None
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if len(found) else None

    def shut_down(self) -> None:
        """Let go of work that is under way."""
        self._stop()

    def _change(self, arrangement: Arrangement) -> None:
        self.arrangement = arrangement
        self._arrange()

    def _arrange(self) -> None:
        self._stop()
        store, arrangement = self.store, self.arrangement
        work: Callable[[], NDArray[np.int32]] = lambda: arranged_rows(store, arrangement)  # noqa: E731
        self._task = start(work, self._on_arranged, self._on_failed, owner=self)

    def _on_arranged(self, rows: NDArray[np.int32]) -> None:
        self._task = None
        self.rows = rows
        self.rows_changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self.filter_refused.emit(_sentence(error))

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
