"""Groups of cells to compare: by folder, tag or image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.tables.cell_store import CellSource, CellStore

FOLDER, TAG, IMAGE, TOGETHER = "folder", "tag", "image", "all"

MOST_GROUPS = 60
"""Boxes that can be told apart in one plot."""

_NO_TAG = "(no tag)"


@dataclass(frozen=True)
class CellGroup:
    """Cells that are shown as one.

    Parameters
    ----------
    name : str
        What they have in common.
    rows : ndarray of shape (n,), int
        Rows of the store.
    """

    name: str
    rows: NDArray[np.int32]


def group_cells(store: CellStore, rows: NDArray[np.int32], by: str) -> list[CellGroup]:
    """Put cells into groups.

    Parameters
    ----------
    rows : ndarray of shape (n,), int
        The cells that are shown.
    by : str
        `FOLDER`, `TAG`, `IMAGE` or `TOGETHER`. A cell is in the group of each tag of its image.

    Returns
    -------
    list of CellGroup
        In the order of the images; groups without shown cells are left out.
    """
    members: dict[str, list[int]] = {}
    for place, source in enumerate(store.sources):
        for name in _names(source, by):
            members.setdefault(name, []).append(place)
    source_of = store.source_of_row[rows]
    groups = []
    for name, places in members.items():
        inside = np.zeros(len(store.sources), np.bool_)
        inside[places] = True
        chosen = rows[inside[source_of]]
        if len(chosen):
            groups.append(CellGroup(name, chosen))
    return groups


def _names(source: CellSource, by: str) -> Sequence[str]:
    if by == FOLDER:
        return (source.folder,)
    if by == TAG:
        return source.tags or (_NO_TAG,)
    return (source.title,) if by == IMAGE else ("All cells",)
