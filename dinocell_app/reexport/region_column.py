"""The column `region` of exported tables, and counts by region, after the regions of the project."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dinocell_app.base.csv_rows import Rows
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.reexport.export_items import ExportItem
from dinocell_app.reexport.labelled_results import read_table
from dinocell_app.regions.region import Region, names_at

REGION_COLUMN = "region"
_AFTER = "label"
_CENTROID = ("centroid_x_px", "centroid_y_px")


def add_regions(path: Path, kind: str, regions: Sequence[Region]) -> None:
    """Say of each cell of a table which regions it is in; a table that says so already stays as it is.

    Parameters
    ----------
    path : Path
        Changed in place.
    kind : str
        "csv" or "parquet".
    regions : sequence of Region
        Without any the table stays as it is.
    """
    if regions:
        (_add_to_csv if kind == "csv" else _add_to_parquet)(path, regions)


def record_with_regions(item: ExportItem, record: PlaneRecord) -> PlaneRecord:
    """Count the cells of a result by the regions that the project has now.

    Parameters
    ----------
    record : PlaneRecord
        Of the result.

    Returns
    -------
    PlaneRecord
        The same where the image has no regions in the project: then those of the run stand.

    Raises
    ------
    UserFacingError
        If the table of cells cannot be read.
    """
    from dinocell_app.measurement.regions import count_again

    if not item.regions:
        return record
    counted = count_again(read_table(item), item.regions, record.name, item.shape, record.pixel_size_um)
    return replace(record, regions=tuple(counted))


def _add_to_csv(path: Path, regions: Sequence[Region]) -> None:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    if not rows or not {_AFTER, *_CENTROID} <= set(rows[0]):
        return
    header = rows[0]
    x, y = ([float(row[header.index(name)]) for row in rows[1:]] for name in _CENTROID)
    named = _names(regions, x, y)
    if REGION_COLUMN in header:
        at = header.index(REGION_COLUMN)
        if [row[at] for row in rows[1:]] == named:
            return
        rows = [[*row[:at], *row[at + 1 :]] for row in rows]
    at = header.index(_AFTER) + 1
    columns = [REGION_COLUMN, *named]
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(Rows(target))
        writer.writerows([*row[:at], value, *row[at:]] for row, value in zip(rows, columns, strict=True))


def _add_to_parquet(path: Path, regions: Sequence[Region]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read(use_threads=False)
    if not {_AFTER, *_CENTROID} <= set(table.column_names):
        return
    named = _names(regions, *(table.column(name).to_pylist() for name in _CENTROID))
    if REGION_COLUMN in table.column_names:
        if table.column(REGION_COLUMN).to_pylist() == named:
            return
        table = table.drop_columns([REGION_COLUMN])
    at = table.column_names.index(_AFTER) + 1
    pq.write_table(table.add_column(at, REGION_COLUMN, pa.array(named, pa.string())), path)


def _names(regions: Sequence[Region], x: Sequence[float], y: Sequence[float]) -> list[str]:
    import numpy as np

    # A centroid is that of pixel numbers, and a corner lies on the edges of pixels.
    return names_at(regions, *(np.asarray(values, np.float64) + 0.5 for values in (x, y)))
