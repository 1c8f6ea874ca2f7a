"""Cells that are looked through one after the other, with what was said about them and a way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray


class CellPass:
    """One way through a list of cells.

    Parameters
    ----------
    rows : ndarray of shape (n,), int
        Cells in order, each known by its row among all cells.
    judgements : mapping of int to str
        What was said before, of these and other cells, by row.
    """

    def __init__(self, rows: NDArray[np.int32], judgements: Mapping[int, str]) -> None:
        self.rows = rows
        self.judgements = {row: said for row, said in judgements.items() if said}
        self._undo: list[tuple[int, str]] = []
        self.n_judged = int(np.isin(rows, np.fromiter(self.judgements, np.int64)).sum())
        self.position = self._next_open(0)

    @property
    def current(self) -> int | None:
        """The cell that is shown; None at the end."""
        return int(self.rows[self.position]) if self.position < len(self.rows) else None

    @property
    def can_undo(self) -> bool:
        """Whether there is a judgement to be taken back."""
        return bool(self._undo)

    def said(self) -> str:
        """Give the judgement on the cell that is shown.

        Returns
        -------
        str
            Empty while there is none.
        """
        return self.judgements.get(self.current, "") if self.current is not None else ""

    def judge(self, judgement: str, *, go_on: bool = True) -> None:
        """Judge the cell that is shown, and show the next that is not judged.

        Parameters
        ----------
        go_on : bool
            Whether the next is shown.
        """
        row = self.current
        if row is None:
            return
        self._undo.append((row, self.judgements.get(row, "")))
        self._put(row, judgement)
        if go_on:
            self.position = self._next_open(self.position + 1)

    def undo(self) -> tuple[int, str] | None:
        """Take the last judgement back and show its cell again.

        Returns
        -------
        (int, str) or None
            The cell and what is said about it now; None when there is nothing to take back.
        """
        if not self._undo:
            return None
        row, before = self._undo.pop()
        self._put(row, before)
        self.show(row)
        return row, before

    def step(self, by: int) -> None:
        """Show the cell before or after without saying anything."""
        self.position = min(max(self.position + by, 0), len(self.rows))

    def show(self, row: int) -> bool:
        """Show a cell of the list.

        Returns
        -------
        bool
            False when it is not in the list.
        """
        found = np.flatnonzero(self.rows == row)
        if len(found):
            self.position = int(found[0])
        return bool(len(found))

    def rearranged(
        self,
        rows: NDArray[np.int32],
        judgements: Mapping[int, str],
        moved: Callable[[int], int | None] = lambda row: row,
    ) -> CellPass:
        """Go on with other cells or another order.

        Parameters
        ----------
        rows : ndarray of shape (n,), int
        judgements : mapping of int to str
            By row as they are now.
        moved : callable
            Says which row a cell has now; None when it is gone.

        Returns
        -------
        CellPass
            At its first cell that is not judged; undo goes as far back as before.
        """
        further = CellPass(rows, judgements)
        further._undo = [(now, said) for row, said in self._undo if (now := moved(row)) is not None]
        return further

    def _put(self, row: int, judgement: str) -> None:
        before = bool(self.judgements.pop(row, ""))
        if judgement:
            self.judgements[row] = judgement
        if before != bool(judgement) and bool(np.any(self.rows == row)):
            self.n_judged += 1 if judgement else -1

    def _next_open(self, start: int) -> int:
        for place in range(start, len(self.rows)):
            if int(self.rows[place]) not in self.judgements:
                return place
        return len(self.rows)
