"""Tables with chosen columns only, copied as text so that values stay as written."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from dinocell_app.reexport.export_items import KEY_COLUMNS


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
        writer = csv.DictWriter(written, kept, extrasaction="ignore", lineterminator="\n")
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


def _kept(there: Sequence[str], columns: Sequence[str]) -> list[str]:
    wanted = dict.fromkeys((*KEY_COLUMNS, *columns))
    return [name for name in wanted if name in there]
