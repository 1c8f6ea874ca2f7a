"""How many cells of each type an image has, and how like the pictures of the references it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dinocell_app.base.ascii_text import ascii_spelling
from dinocell_app.measurement.column import Column

if TYPE_CHECKING:
    import pandas as pd

TYPE_COUNT = "n_type_"
"""How the names of columns begin that count cells of a type."""

REFERENCE_LIKENESS = Column(
    "reference_likeness",
    "",
    "float64",
    "How like the pictures of the reference cells the image looks: below 0.6 its scores mean little.",
    "highest cosine similarity of the network's features of a cell to those of a reference",
    "reference_likeness",
)
"""The column that only images compared with reference cells have."""


def type_columns(types: Iterable[str]) -> dict[str, Column]:
    """Give the columns that count cells of each type.

    Parameters
    ----------
    types : iterable of str
        Names in any script, each different.

    Returns
    -------
    dict of str to Column
        By type, in the order given; names that would be the same in ASCII get a number.
    """
    names = {each: _ascii(each) for each in types}
    endings = list(names.values())
    return {
        each: Column(
            f"{TYPE_COUNT}{ending}" if endings.count(ending) == 1 else f"{TYPE_COUNT}{ending}_{index}",
            "",
            "int64",
            f"Cells of the type {each} (cell_type).",
            "counted",
            f"{TYPE_COUNT}{ending}",
        )
        for index, (each, ending) in enumerate(names.items(), start=1)
    }


def count_types(cells: pd.DataFrame, types: Sequence[str]) -> dict[str, int]:
    """Count the cells of each type.

    Parameters
    ----------
    cells : pandas.DataFrame
        With the column `cell_type`.
    types : sequence of str
        Looked for; a type without a cell counts 0.

    Returns
    -------
    dict of str to int
        By the names of `type_columns`.
    """
    return {
        column.name: int((cells["cell_type"] == each).sum()) for each, column in type_columns(types).items()
    }


def _ascii(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", ascii_spelling(name)).strip("_") or "cells"
