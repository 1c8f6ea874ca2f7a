"""What a person says about a cell or an empty place that is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

CELL, PLACE = "cell", "place"
"""What an audit shows: the mask of a cell, or a point without any mask."""

RIGHT, WRONG, SPLIT, MERGED = "right", "wrong", "split", "merged"
EMPTY, MISSED = "empty", "missed"

CELL_VERDICTS = (RIGHT, WRONG, SPLIT, MERGED)
"""One whole cell; no cell; a part of a cell; several cells in one mask."""

PLACE_VERDICTS = (EMPTY, MISSED)
"""No cell, or one that has a mask; a cell without any mask."""

VERDICTS = {CELL: CELL_VERDICTS, PLACE: PLACE_VERDICTS}

KEEP, DELETE, FIX = "keep", "delete", "fix"
JUDGEMENTS = (KEEP, DELETE, FIX)
"""What a person says about a cell while looking through cells one after the other."""


@dataclass(frozen=True)
class AuditCounts:
    """How often each verdict was given.

    Parameters
    ----------
    right, wrong, split, merged : int
        Cells.
    empty, missed : int
        Places.
    """

    right: int = 0
    wrong: int = 0
    split: int = 0
    merged: int = 0
    empty: int = 0
    missed: int = 0

    @property
    def n_cells(self) -> int:
        """Cells that were judged."""
        return self.right + self.wrong + self.split + self.merged

    @property
    def n_places(self) -> int:
        """Places that were judged."""
        return self.empty + self.missed


def count_verdicts(verdicts: Iterable[str]) -> AuditCounts:
    """Count verdicts.

    Parameters
    ----------
    verdicts : iterable of str
        Of `CELL_VERDICTS` and `PLACE_VERDICTS`; empty ones are left out.
    """
    counts = Counter(verdict for verdict in verdicts if verdict)
    return AuditCounts(**{name: counts.get(name, 0) for name in (*CELL_VERDICTS, *PLACE_VERDICTS)})
