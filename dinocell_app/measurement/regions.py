"""Cells of an image by region of interest: which are kept, which region each is in, counts and densities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.measurement.cells import group_cells
from dinocell_app.measurement.column import Column
from dinocell_app.regions.region import (
    COUNT,
    RULE,
    Region,
    allowed_pixels,
    allowed_points,
    names_at,
    pixels_inside,
)

if TYPE_CHECKING:
    import pandas as pd

REGION = Column(
    "region", "", "string", "Regions of interest that the cell lies in; empty outside all.", RULE, "region"
)
"""The column that tables of cells have where there are regions."""

_UM2_PER_MM2 = 1e6

_COUNTED = (
    Column("image", "", "string", "Name of the image.", "given", "image"),
    Column("region", "", "string", "Name of the region of interest.", "given", "region"),
    Column("n_cells", "", "int64", "Cells in the region.", RULE, "n_cells"),
    Column("region_area_px2", "px2", "int64", "Area of the region where cells may be.", RULE, "region_area"),
    Column("confluency", "", "float64", "Area of its cells by that of the region.", "area", "confluency"),
)
_IN_MICROMETRES = (
    Column(
        "region_area_um2", "um2", "float64", "Area of the region where cells may be.", RULE, "region_area", 2
    ),
    Column(
        "density_per_mm2", "1/mm2", "float64", "Cells per square millimetre of region.", "n_cells", "density"
    ),
)


def region_columns(*, pixel_size_known: bool) -> tuple[Column, ...]:
    """Columns of the table of regions, in order."""
    return (*_COUNTED, *_IN_MICROMETRES) if pixel_size_known else _COUNTED


def keep_allowed_cells(labels: NDArray[np.integer], regions: Sequence[Region]) -> NDArray[np.integer]:
    """Leave out cells as regions say.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Not changed.

    Returns
    -------
    ndarray of shape (M, N), int
        Whole cells or nothing of them, by `regions.RULE`; ids stay. The same array when all are kept.
    """
    if all(region.kind == COUNT for region in regions):
        return labels
    cells = group_cells(labels)
    if not len(cells.ids):
        return labels
    width = labels.shape[1]
    areas = np.diff(cells.starts)
    x = np.add.reduceat(cells.pixels % width, cells.starts[:-1]) / areas
    y = np.add.reduceat(cells.pixels // width, cells.starts[:-1]) / areas
    kept = allowed_points(regions, x + 0.5, y + 0.5)
    return np.where(np.isin(labels, cells.ids[kept]), labels, 0).astype(labels.dtype, copy=False)


def add_region_column(table: pd.DataFrame, regions: Sequence[Region]) -> pd.DataFrame:
    """Say of each cell which regions it is in.

    Parameters
    ----------
    table : pandas.DataFrame
        From `table.measure_cells`; not changed.

    Returns
    -------
    pandas.DataFrame
        With the column after `label`; the same table without regions.
    """
    if not regions:
        return table
    x, y = (table[name].to_numpy(np.float64) + 0.5 for name in ("centroid_x_px", "centroid_y_px"))
    named = table.copy()
    named.insert(list(table.columns).index("label") + 1, REGION.name, names_at(regions, x, y))
    return named.astype({REGION.name: "string"})


def count_again(
    table: pd.DataFrame,
    regions: Sequence[Region],
    image: str,
    shape: tuple[int, int],
    pixel_size_um: float | None,
) -> list[dict[str, Any]]:
    """Count the cells of each region from a table that was made before the regions were drawn.

    Parameters
    ----------
    table : pandas.DataFrame
        With the columns `centroid_x_px`, `centroid_y_px` and `area_px2`; cells that regions leave out may
        still be in it and are not counted.
    regions, image, shape, pixel_size_um
        As in `count_by_region`.

    Returns
    -------
    list of dict
        As from `count_by_region`.
    """
    x, y = (table[name].to_numpy(np.float64) + 0.5 for name in ("centroid_x_px", "centroid_y_px"))
    return count_by_region(table[allowed_points(regions, x, y)], regions, image, shape, pixel_size_um)


def count_by_region(
    table: pd.DataFrame,
    regions: Sequence[Region],
    image: str,
    shape: tuple[int, int],
    pixel_size_um: float | None,
) -> list[dict[str, Any]]:
    """Count the cells of each region.

    Parameters
    ----------
    table : pandas.DataFrame
        From `table.measure_cells`, of cells that are kept.
    regions : sequence of Region
        Those that count; the others take away from their areas.
    image : str
        Name of the image.
    shape : (int, int)
        Rows and columns of the image.

    Returns
    -------
    list of dict
        One a region, by the names of `region_columns`; a density is None where the region has no area.
    """
    x, y = (table[name].to_numpy(np.float64) + 0.5 for name in ("centroid_x_px", "centroid_y_px"))
    allowed = allowed_pixels(regions, shape)
    names = dict.fromkeys(region.name for region in regions if region.kind == COUNT)
    rows = []
    for name in names:
        parts = [region for region in regions if region.kind == COUNT and region.name == name]
        within = np.array([bool(found) for found in names_at(parts, x, y)], bool)
        mask = np.logical_or.reduce([pixels_inside(part, shape) for part in parts])
        area = int((mask if allowed is None else mask & allowed).sum())
        covered = float(table["area_px2"].to_numpy(np.float64)[within].sum())
        row: dict[str, Any] = {
            "image": image,
            "region": name,
            "n_cells": int(within.sum()),
            "region_area_px2": area,
            "confluency": covered / area if area else None,
        }
        if pixel_size_um is not None:
            um2 = area * pixel_size_um**2
            row |= {
                "region_area_um2": um2,
                "density_per_mm2": int(within.sum()) / um2 * _UM2_PER_MM2 if area else None,
            }
        rows.append(row)
    return rows
