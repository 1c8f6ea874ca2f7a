"""The data dictionary that lies beside the tables: each column with its unit, meaning and source."""

from __future__ import annotations

from collections.abc import Iterable

from dinocell_app.measurement.column import Column


def data_dictionary(*tables: tuple[str, Iterable[Column]]) -> list[dict[str, str]]:
    """Describe the columns of tables.

    Parameters
    ----------
    *tables : (str, iterable of Column)
        What a table is called (`cells`, `images`) and its columns.

    Returns
    -------
    list of dict
        One row a column with the keys `table`, `name`, `unit`, `dtype`, `description` and `source`, ready to
        be written as CSV.
    """
    return [
        {
            "table": table,
            "name": column.name,
            "unit": column.unit,
            "dtype": column.dtype,
            "description": column.description,
            "source": column.source,
        }
        for table, columns in tables
        for column in columns
    ]
