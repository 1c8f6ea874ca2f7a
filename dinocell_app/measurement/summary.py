"""One row an image: how many cells, how dense, and the middle values of the main columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dinocell_app.measurement.column import Column
from dinocell_app.measurement.type_counts import REFERENCE_LIKENESS, TYPE_COUNT, type_columns

if TYPE_CHECKING:
    import pandas as pd

MAIN_STEMS = (
    "area",
    "perimeter",
    "equivalent_diameter",
    "major_axis",
    "minor_axis",
    "eccentricity",
    "aspect_ratio",
    "circularity",
    "solidity",
    "feret_max",
    "n_neighbours",
    "nearest_neighbour_distance",
    "touching_fraction",
    "intensity_mean",
    "intensity_integrated",
)
"""Measurements whose mean and median over the cells a summary gives."""

_UM2_PER_MM2 = 1e6

_COUNTED = (
    Column("image", "", "string", "Name of the image.", "given", "image"),
    Column("status", "", "string", "What became of the image: done, failed and so on.", "given", "status"),
    Column("seconds", "s", "float64", "Time spent on the image.", "given", "seconds"),
    Column("n_cells", "", "int64", "Cells in the image.", "counted", "n_cells"),
    Column(
        "n_cells_touching_border",
        "",
        "int64",
        "Cells that reach the border of the image and may be cut off.",
        "counted",
        "n_cells_touching_border",
    ),
    Column(
        "n_cells_in_means",
        "",
        "int64",
        "Cells in the means and medians: those that touch the border are left out unless asked for.",
        "counted",
        "n_cells_in_means",
    ),
    Column("image_area_px2", "px2", "int64", "Rows by columns of the image.", "counted", "image_area"),
    Column("confluency", "", "float64", "Share of the image that cells cover, 0 to 1.", "area", "confluency"),
)

_IN_MICROMETRES = (
    Column("image_area_um2", "um2", "float64", "Area of the image.", "pixel size", "image_area", 2),
    Column(
        "density_per_mm2", "1/mm2", "float64", "Cells per square millimetre of image.", "n_cells", "density"
    ),
)


@dataclass(frozen=True)
class SummaryContext:
    """What a table of cells does not say about its image.

    Parameters
    ----------
    image : str
        Name of the image.
    shape : (int, int)
        Rows and columns of the image.
    pixel_size_um : float, optional
        Edge length of a pixel in micrometres; None when unknown.
    status : str
        What became of the image.
    seconds : float
        Time spent on it.
    border_cells_in_means : bool
        Whether cells that touch the border take part in means and medians.
    """

    image: str
    shape: tuple[int, int]
    pixel_size_um: float | None = None
    status: str = "done"
    seconds: float = float("nan")
    border_cells_in_means: bool = False


def summarise_image(
    cells: pd.DataFrame, columns: Sequence[Column], context: SummaryContext
) -> dict[str, str | int | float]:
    """Summarise the table of an image.

    Parameters
    ----------
    cells : pandas.DataFrame
        From `table.measure_cells`; 0 rows give counts of 0 and means of NaN. It is not changed.
    columns : sequence of Column
        Its columns, from `table.columns_of` or `columns.table_columns`.
    context : SummaryContext
        What else to say.

    Returns
    -------
    dict
        By the names of `summary_columns`; missing values of a column are left out of its mean and median.
    """
    height, width = context.shape
    border = cells["touches_border"].to_numpy(dtype=bool)
    kept = np.ones(len(cells), bool) if context.border_cells_in_means else ~border
    row: dict[str, str | int | float] = {
        "image": context.image,
        "status": context.status,
        "seconds": float(context.seconds),
        "n_cells": len(cells),
        "n_cells_touching_border": int(border.sum()),
        "n_cells_in_means": int(kept.sum()),
        "image_area_px2": height * width,
        "confluency": float(cells["area_px2"].sum()) / (height * width),
    }
    if context.pixel_size_um is not None:
        area_um2 = height * width * context.pixel_size_um**2
        row["image_area_um2"] = area_um2
        row["density_per_mm2"] = len(cells) / area_um2 * _UM2_PER_MM2
    for column in _main_columns(columns):
        values = cells[column.name].to_numpy(dtype=np.float64)[kept]
        values = values[~np.isnan(values)]
        row[f"{column.name}_mean"] = float(values.mean()) if len(values) else float("nan")
        row[f"{column.name}_median"] = float(np.median(values)) if len(values) else float("nan")
    return row


def summary_columns(
    columns: Sequence[Column], *, pixel_size_known: bool, cell_types: Iterable[str] | None = None
) -> tuple[Column, ...]:
    """Columns of a summary, in order.

    Parameters
    ----------
    columns : sequence of Column
        Columns of the tables of cells.
    pixel_size_known : bool
        Whether areas in micrometres and the density are given.
    cell_types : iterable of str, optional
        Types looked for where cells were compared with reference cells; None where they were not.

    Returns
    -------
    tuple of Column
        Counts first, then mean and median of the main columns.
    """
    counted: tuple[Column, ...] = (*_COUNTED, *_IN_MICROMETRES) if pixel_size_known else _COUNTED
    if cell_types is not None:
        counted += (REFERENCE_LIKENESS, *type_columns(cell_types).values())
    return counted + tuple(
        Column(
            f"{column.name}_{statistic}",
            column.unit,
            "float64",
            f"{statistic.capitalize()} over the cells: {column.description}",
            column.source,
            column.stem,
            column.exponent,
        )
        for column in _main_columns(columns)
        for statistic in ("mean", "median")
    )


def summary_table(rows: Iterable[Mapping[str, str | int | float]]) -> pd.DataFrame:
    """Put the summaries of images below each other.

    Parameters
    ----------
    rows : iterable of mapping
        From `summarise_image`; images that could not be measured may have `image`, `status` and `seconds`
        alone.

    Returns
    -------
    pandas.DataFrame
        Counts are nullable whole numbers, since an image that could not be measured has none; columns that
        an image lacks are missing there. Without rows, the columns every summary has.
    """
    import pandas as pd

    rows = list(rows)
    types = {column.name: column.dtype for column in _COUNTED}
    names = dict.fromkeys([*types, *(name for row in rows for name in row)])
    series: dict[str, pd.Series] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        match types.get(name, "int64" if name.startswith((TYPE_COUNT, "n_cells_")) else "float64"):
            case "int64":
                series[name] = pd.Series(values, dtype="Int64")
            case "string":
                series[name] = pd.Series(values, dtype="string")
            case _:
                series[name] = pd.Series(values, dtype="float64")
    return pd.DataFrame(series)


def _main_columns(columns: Iterable[Column]) -> list[Column]:
    return [column for column in columns if column.stem in MAIN_STEMS]
