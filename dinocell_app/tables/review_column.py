"""The column `review` of the shown cells: what was said about each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dinocell_app.project.judgements import CellKey
from dinocell_app.review.verdicts import JUDGEMENTS
from dinocell_app.tables.cell_store import CellColumn, CellStore

REVIEW = "review"
_WORDS = ("", *JUDGEMENTS)


def add_review_column(store: CellStore, judgements: Mapping[CellKey, str]) -> None:
    """Give cells the column, when any of them was judged.

    Parameters
    ----------
    store : CellStore
        Changed in place.
    judgements : mapping of (int, int) to str
        By result and label.
    """
    sources = {source.result_id: place for place, source in enumerate(store.sources)}
    codes = np.zeros(store.n_rows, np.int32)
    for (result_id, label), judgement in judgements.items():
        place = sources.get(result_id)
        row = None if place is None else store.row_of(place, label)
        if row is not None and judgement in _WORDS:
            codes[row] = _WORDS.index(judgement)
    if codes.any():
        store.columns[REVIEW] = CellColumn(codes, _WORDS)


def note_judgement(store: CellStore, row: int, judgement: str) -> bool:
    """Change the value of one cell.

    Parameters
    ----------
    store : CellStore
        Changed in place.

    Returns
    -------
    bool
        False when the cells have no such column yet.
    """
    column = store.columns.get(REVIEW)
    if column is None:
        return False
    column.values[row] = _WORDS.index(judgement)
    return True
