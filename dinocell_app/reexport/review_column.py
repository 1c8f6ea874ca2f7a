"""The column `review` of exported tables: what was said about cells while looking through them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from dinocell_app.base.csv_rows import Rows

REVIEW = "review"
_LABEL = "label"


def add_review(path: Path, kind: str, judgements: Sequence[tuple[int, str]]) -> None:
    """Give a table the column, as its last.

    Parameters
    ----------
    path : Path
        Changed in place.
    kind : str
        "csv" or "parquet".
    judgements : sequence of (int, str)
        By label; without any the table stays as it is.
    """
    if judgements:
        (_add_to_csv if kind == "csv" else _add_to_parquet)(path, dict(judgements))


def _add_to_csv(path: Path, judgements: dict[int, str]) -> None:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    if not rows or _LABEL not in rows[0]:
        return
    at = rows[0].index(_LABEL)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(Rows(target))
        writer.writerow([*rows[0], REVIEW])
        writer.writerows([*row, judgements.get(int(row[at]), "")] for row in rows[1:])


def _add_to_parquet(path: Path, judgements: dict[int, str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read(use_threads=False)
    if _LABEL in table.column_names:
        said = [judgements.get(label, "") for label in table.column(_LABEL).to_pylist()]
        pq.write_table(table.append_column(REVIEW, pa.array(said, pa.string())), path)
