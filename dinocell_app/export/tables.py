"""Tables as files: CSV that every program reads the same way, Parquet, and whole-run collections."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from dinocell_app.base.ascii_text import ascii_spelling
from dinocell_app.base.csv_rows import LINE_END, Rows
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.writing import whole_file

if TYPE_CHECKING:
    import pandas as pd

IMAGE_COLUMN = "image"
"""The column of whole-run tables that names the image a row belongs to."""


def ascii_headers(names: Iterable[str]) -> list[str]:
    """Column names in ASCII letters, each still different from the others.

    Parameters
    ----------
    names : iterable of str
        Names that may carry channel names in any script.

    Returns
    -------
    list of str
        Accents are dropped, µ is u, Greek letters are spelled by name, anything else is an underscore;
        a name that would then occur twice is numbered.
    """
    taken: set[str] = set()
    headers = []
    for name in names:
        header = base = ascii_spelling(str(name))
        number = 2
        while header in taken:
            header, number = f"{base}_{number}", number + 1
        taken.add(header)
        headers.append(header)
    return headers


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a CSV file: UTF-8, comma between fields, dot in decimals, ASCII headers, empty for missing.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    table : pandas.DataFrame
        Its index is not written; without rows the file has the header alone. Numbers are written so that
        reading them gives the same value.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    named = table.set_axis(ascii_headers(table.columns), axis="columns")
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as target:
        named.to_csv(cast("TextIO", Rows(target)), index=False, lineterminator=LINE_END)


def write_cells_csv(path: Path, image: LabelledImage) -> None:
    """Write the table of an image as CSV.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    image : LabelledImage
        With its table.

    Raises
    ------
    ValueError
        If the image has no table.
    UserFacingError
        If the file cannot be written.
    """
    write_table(path, _table_of(image))


def write_cells_parquet(path: Path, image: LabelledImage) -> None:
    """Write the table of an image as Parquet, which keeps the type of each column.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    image : LabelledImage
        With its table.

    Raises
    ------
    ValueError
        If the image has no table.
    UserFacingError
        If the file cannot be written.
    """
    write_parquet(path, _table_of(image))


def write_parquet(path: Path, table: pd.DataFrame) -> None:
    """Write any table as Parquet.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    table : pandas.DataFrame
        Its index is not written.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    named = table.set_axis(ascii_headers(table.columns), axis="columns")
    with whole_file(path) as beside:
        named.to_parquet(beside, engine="pyarrow", index=False)


def combine_csv(path: Path, parts: Sequence[tuple[str, Path]]) -> None:
    """Put the CSV tables of many images below each other.

    Rows are copied as text, one image at a time, so values stay as written and memory stays small.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    parts : sequence of (str, Path)
        Name and CSV file of each image. Columns that some images lack, such as those in um where the
        pixel size is unknown, are empty there. A column `image` is put first unless the files have it.

    Raises
    ------
    UserFacingError
        If a file cannot be read or written.
    """
    columns: dict[str, None] = {IMAGE_COLUMN: None}
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as target:
        for _, part in parts:
            with part.open(encoding="utf-8", newline="") as lines:
                columns.update(dict.fromkeys(next(csv.reader(lines), [])))
        writer = csv.DictWriter(Rows(target), list(columns), restval="")
        writer.writeheader()
        for name, part in parts:
            with part.open(encoding="utf-8", newline="") as lines:
                for row in csv.DictReader(lines):
                    writer.writerow({IMAGE_COLUMN: name, **row})


def combine_parquet(path: Path, parts: Sequence[tuple[str, Path]]) -> None:
    """Put the Parquet tables of many images below each other.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    parts : sequence of (str, Path)
        Name and Parquet file of each image, as in `combine_csv`.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for name, part in parts:
        table = pq.read_table(part)
        if IMAGE_COLUMN not in table.column_names:
            table = table.add_column(0, IMAGE_COLUMN, pa.array([name] * table.num_rows, pa.string()))
        tables.append(table)
    combined = pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})
    with whole_file(path) as beside:
        pq.write_table(combined, beside)


def write_data_dictionary(path: Path, columns: Sequence[Mapping[str, str]]) -> None:
    """Write what the columns of the tables mean.

    Parameters
    ----------
    path : Path
        The CSV file to create or replace.
    columns : sequence of mapping
        One for each column, with the same keys: name, unit, dtype, description, source and so on.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as target:
        keys = list(columns[0]) if columns else ["name", "unit", "dtype", "description", "source"]
        writer = csv.DictWriter(Rows(target), keys)
        writer.writeheader()
        writer.writerows(columns)


def _table_of(image: LabelledImage) -> pd.DataFrame:
    if image.table is None:
        raise ValueError(f"no table was measured for {image.name}")
    return image.table
