"""Which cells are shown, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.tables.cell_store import CellStore
from dinocell_app.tables.filter_expression import FilterExpression


@dataclass(frozen=True)
class Arrangement:
    """What to show and how to order it.

    Parameters
    ----------
    expression : str
        A filter, see `FilterExpression`; empty for none.
    ranges : dict of str to (float, float)
        Smallest and largest value of columns.
    sort_by : str
        A column, empty for the order of the images and labels.
    ascending : bool
        Smallest first.
    near : float or None
        Values nearest to this one first instead, where the column holds numbers.
    """

    expression: str = ""
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    sort_by: str = ""
    ascending: bool = True
    near: float | None = None


def filter_mask(store: CellStore, arrangement: Arrangement) -> NDArray[np.bool_]:
    """Tell for each cell whether it is shown.

    Parameters
    ----------
    store : CellStore
        The cells.
    arrangement : Arrangement
        Ranges of columns that are not there are left out.

    Returns
    -------
    ndarray of shape (n,), bool

    Raises
    ------
    InvalidParameterError
        If the filter cannot be understood.
    """
    mask = np.ones(store.n_rows, np.bool_)
    if arrangement.expression.strip():
        mask &= FilterExpression(arrangement.expression, store.columns).mask(store.columns)
    for name, (low, high) in arrangement.ranges.items():
        column = store.columns.get(name)
        if column is not None:
            mask &= (column.values >= low) & (column.values <= high)
    return mask


def arranged_rows(store: CellStore, arrangement: Arrangement) -> NDArray[np.int32]:
    """Rows of the store in the order in which they are shown.

    Parameters
    ----------
    store : CellStore
        The cells.
    arrangement : Arrangement

    Returns
    -------
    ndarray of shape (n_shown,), int
        Equal values keep the order of images and labels; missing values stand last in both directions.

    Raises
    ------
    InvalidParameterError
        If the filter cannot be understood.
    """
    rows = np.flatnonzero(filter_mask(store, arrangement)).astype(np.int32)
    column = store.columns.get(arrangement.sort_by)
    if column is None:
        return rows
    if arrangement.near is not None and column.is_number:
        return rows[value_order(np.abs(column.values[rows] - arrangement.near), ascending=True)]
    return rows[value_order(column.sortable()[rows], ascending=arrangement.ascending)]


def value_order(values: NDArray[Any], *, ascending: bool) -> NDArray[np.intp]:
    """Order values, equal ones as they stand.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Numbers, yes or no.
    ascending : bool
        Smallest first.

    Returns
    -------
    ndarray of shape (n,), int
        Places of the values; missing ones are last in both directions.
    """
    if ascending:
        return np.argsort(values, kind="stable")
    if values.dtype == np.bool_:
        values = values.astype(np.int8)
    return np.argsort(-values, kind="stable")
