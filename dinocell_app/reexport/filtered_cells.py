"""Cells that pass a filter: a table, a label image and the numbers about an image without the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.regions.region import Region
from dinocell_app.tables.cell_store import CellColumn
from dinocell_app.tables.filter_expression import FilterExpression

if TYPE_CHECKING:
    import pandas as pd


def passing_cells(table: pd.DataFrame, text: str) -> pd.DataFrame:
    """Give the rows of a table that pass a filter.

    Parameters
    ----------
    text : str
        As `tables.filter_expression` reads it.

    Raises
    ------
    InvalidParameterError
        If the filter cannot be understood, or names a column that the table lacks.
    """
    columns = {str(name): _column(table[name]) for name in table.columns}
    return table[FilterExpression(text, columns).mask(columns)].reset_index(drop=True)


def keep_labels(labels: NDArray[np.integer], kept: Sequence[int]) -> NDArray[np.integer]:
    """Leave out all cells but some.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Not changed.
    kept : sequence of int
        Labels, which the cells keep.
    """
    stays = np.zeros(int(labels.max(initial=0)) + 1, labels.dtype)
    stays[np.asarray(kept, np.int64)] = 1
    left: NDArray[np.integer] = labels * stays[labels]
    return left


def counted_again(
    record: PlaneRecord, table: pd.DataFrame, regions: Sequence[Region], shape: tuple[int, int]
) -> PlaneRecord:
    """Say of an image what its table of images says, counting the cells of a table alone.

    Parameters
    ----------
    record : PlaneRecord
        Of all cells of the image.
    table : pandas.DataFrame
        The cells that are left.
    regions : sequence of Region
        Regions of interest of the image; without any, what the record says of regions is left out.
    shape : (int, int)
        Rows and columns of the image.
    """
    from dinocell_app.measurement.columns import every_column
    from dinocell_app.measurement.plane import known_summary
    from dinocell_app.measurement.regions import count_again
    from dinocell_app.measurement.seams import SEAM_COUNT, TOUCHES_SEAM
    from dinocell_app.measurement.summary import SummaryContext
    from dinocell_app.measurement.type_counts import REFERENCE_LIKENESS, count_types

    columns = [column for column in every_column(record.channels) if column.name in table.columns]
    known = known_summary(table, columns, SummaryContext(record.name, shape, record.pixel_size_um))
    if REFERENCE_LIKENESS.name in record.summary:
        known[REFERENCE_LIKENESS.name] = record.summary[REFERENCE_LIKENESS.name]
    if "cell_type" in table.columns:
        known |= count_types(table, tuple(record.parameters.get("cell_types", ())))
    if SEAM_COUNT.name in record.summary:
        known[SEAM_COUNT.name] = int(table[TOUCHES_SEAM.name].sum())
    counted = count_again(table, regions, record.name, shape, record.pixel_size_um) if regions else ()
    return replace(record, n_cells=len(table), summary=known, regions=tuple(counted))


def _column(values: pd.Series) -> CellColumn:
    import pandas as pd

    if pd.api.types.is_bool_dtype(values):
        return CellColumn(values.to_numpy(np.bool_))
    if pd.api.types.is_numeric_dtype(values):
        return CellColumn(values.to_numpy(np.float64))
    codes, words = pd.factorize(values.fillna("").astype(str))
    return CellColumn(codes, tuple(str(word) for word in words))
