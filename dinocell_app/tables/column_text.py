"""What a column of the tables means, and how its values are written for reading."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

from dinocell_app.measurement.column import Column
from dinocell_app.measurement.columns import channel_columns, table_columns
from dinocell_app.measurement.summary import summary_columns

_UNITS = {"um": "µm", "um2": "µm²", "px2": "px²", "deg": "°", "1/mm2": "1/mm²"}
_ANY_CHANNEL = "CHANNEL"
_SIGNIFICANT_DIGITS = 4
_SMALLEST_PLAIN = 1e-3
_LARGEST_PLAIN = 1e7

_OWN = {
    "folder": ("Folder of the image within the project.", "given"),
    "tags": ("Tags of the image.", "given"),
    "plane": ("Time point and slice the cell was found in; empty for an image of one plane.", "given"),
    "review": ("What was said in the Review dock: keep, delete or fix; empty while not judged.", "given"),
    "n_cells_shown": ("Cells of the image that pass the filter.", "counted"),
    "reason": ("Why the image failed; empty for the others.", "given"),
}


@dataclass(frozen=True)
class ColumnText:
    """How a column is called and explained.

    Parameters
    ----------
    name : str
        Name in the files and in filters.
    title : str
        Name for headers and axes, without the unit.
    unit : str
        Unit for reading, such as µm; empty for plain numbers.
    description : str
        What the column means, in a sentence.
    source : str
        Where the formula comes from.
    """

    name: str
    title: str
    unit: str = ""
    description: str = ""
    source: str = ""

    @property
    def label(self) -> str:
        """Title and unit, as axes show them."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def tooltip(self) -> str:
        """Everything known about the column, one fact a line."""
        lines = [self.label, self.description]
        if self.source:
            lines.append(f"Formula: {self.source}")
        lines.append(f"Name in files and filters: {self.name}")
        return "\n".join(line for line in lines if line)


@cache
def column_text(name: str) -> ColumnText:
    """Explain a column by its name.

    Parameters
    ----------
    name : str
        As in the files, with or without unit and channel.

    Returns
    -------
    ColumnText
        Without description where the column is not one of this program's.
    """
    for statistic in ("mean", "median"):
        base = name.removesuffix(f"_{statistic}")
        if base != name and (base in _declared() or any(map(base.startswith, _channel_prefixes()))):
            text = column_text(base)
            description = f"{statistic.capitalize()} over the cells. {text.description}"
            return replace(text, name=name, title=f"{text.title}, {statistic}", description=description)
    known = _declared().get(name)
    if known is not None:
        return _text(known, name, "")
    if name in _OWN:
        description, source = _OWN[name]
        return ColumnText(name, _title(name), "", description, source)
    prefixes = [prefix for prefix in _channel_prefixes() if name.startswith(prefix)]
    if prefixes:
        prefix = max(prefixes, key=len)
        return _text(_channel_prefixes()[prefix], name, name.removeprefix(prefix))
    return ColumnText(name, _title(name))


def number_text(value: float) -> str:
    """Write a number for reading.

    Parameters
    ----------
    value : float
        A whole number or any other; NaN is missing.

    Returns
    -------
    str
        Four significant digits, whole numbers in full, empty for missing values.
    """
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size == 0:
        return "0"
    if not _SMALLEST_PLAIN <= size < _LARGEST_PLAIN:
        return f"{value:.{_SIGNIFICANT_DIGITS - 1}e}"
    decimals = max(0, _SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(size)))
    return f"{value:.{decimals}f}"


def _text(column: Column, name: str, channel: str) -> ColumnText:
    stem = column.stem or name
    for unit in ("_um2", "_px2", "_um", "_px", "_deg", "_per_mm2"):
        stem = stem.removesuffix(unit)
    title = _title(stem)
    if channel:
        title = f"{title}, {channel.replace('_', ' ')}"
    return ColumnText(name, title, _UNITS.get(column.unit, column.unit), column.description, column.source)


def _title(stem: str) -> str:
    words = stem.removeprefix("n_").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


@cache
def _declared() -> dict[str, Column]:
    cells = table_columns(pixel_size_known=True, confidence=True, reference_score=True, cell_type=True)
    images = summary_columns(cells, pixel_size_known=True)
    return {column.name: column for column in (*images, *cells)}


@cache
def _channel_prefixes() -> dict[str, Column]:
    columns = channel_columns(_ANY_CHANNEL, pixel_size_known=True, texture=True)
    return {column.name.removesuffix(_ANY_CHANNEL): column for column in columns}
