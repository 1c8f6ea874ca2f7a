"""Tables with chosen columns only, copied as text so that values stay as written."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from dinocell_app.base.csv_rows import Rows
from dinocell_app.export.plane_record import read_record
from dinocell_app.reexport.export_items import KEY_COLUMNS, ExportItem
from dinocell_app.reexport.labelled_results import read_table


def select_csv(source: Path, target: Path, columns: Sequence[str]) -> None:
    """Copy some columns of a CSV table.

    Parameters
    ----------
    columns : sequence of str
        The image and the label come first in any case; columns that a table lacks are left out.

    Raises
    ------
    UserFacingError
        If the target cannot be written.
    """
    from dinocell_app.export.writing import whole_file

    with (
        source.open(encoding="utf-8", newline="") as lines,
        whole_file(target) as beside,
        beside.open("w", encoding="utf-8", newline="") as written,
    ):
        rows = csv.DictReader(lines)
        kept = _kept(rows.fieldnames or (), columns)
        writer = csv.DictWriter(Rows(written), kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def select_parquet(source: Path, target: Path, columns: Sequence[str]) -> None:
    """Copy some columns of a Parquet table.

    Parameters
    ----------
    columns : sequence of str
        As in `select_csv`.

    Raises
    ------
    UserFacingError
        If the target cannot be written.
    """
    import pyarrow.parquet as pq

    from dinocell_app.export.writing import whole_file

    kept = _kept(pq.read_schema(source).names, columns)
    table = pq.read_table(source, columns=kept)
    with whole_file(target) as beside:
        pq.write_table(table, beside)


def write_cellprofiler(path: Path, items: Sequence[ExportItem]) -> None:
    """Write the cells of all images in one table, under the names that CellProfiler gives its columns.

    Parameters
    ----------
    path : Path
        CSV file; the column Metadata_Image has the name of the image that ImageNumber counts.

    Raises
    ------
    UserFacingError
        If a table cannot be read, or this one not be written.
    """
    import pandas as pd

    from dinocell_app.export.tables import write_table
    from dinocell_app.measurement.cellprofiler import cellprofiler_table

    parts = []
    for number, item in enumerate(items, start=1):
        record = read_record(item.file("sidecar"))
        channels = record.channels if record is not None else ()
        table = cellprofiler_table(read_table(item), number, channels)
        table.insert(1, "Metadata_Image", record.name if record is not None else item.stem.as_posix())
        parts.append(table)
    write_table(path, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())


def _kept(there: Sequence[str], columns: Sequence[str]) -> list[str]:
    wanted = dict.fromkeys((*KEY_COLUMNS, *columns))
    return [name for name in wanted if name in there]
