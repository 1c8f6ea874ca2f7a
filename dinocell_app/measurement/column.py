"""What a measurement and a column of a table are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Quantity(Enum):
    """How a value changes with the size of a pixel; the value is the exponent of the length."""

    PLAIN = 0
    LENGTH = 1
    AREA = 2


@dataclass(frozen=True)
class Measurement:
    """What is measured, before units and channels make columns of it.

    Parameters
    ----------
    stem : str
        Name without unit and channel.
    description : str
        What it means, in a sentence.
    source : str
        Where the formula comes from.
    quantity : Quantity
        Lengths and areas have a column in pixels and, when the pixel size is known, one in micrometres.
    dtype : str
        Type of the column in pixels; those in micrometres are float64.
    unit : str
        Unit of a plain quantity, empty for numbers without one.
    """

    stem: str
    description: str
    source: str
    quantity: Quantity = Quantity.PLAIN
    dtype: str = "float64"
    unit: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        ASCII name of the column.
    unit : str
        px, px2, um, um2, deg, grey value or empty.
    dtype : str
        Type in the table.
    description : str
        What it means, in a sentence.
    source : str
        Where the formula comes from.
    stem : str
        The measurement the column shows.
    exponent : int or None
        Power of the pixel size in micrometres the value is multiplied with; 0 leaves it as measured.
    """

    name: str
    unit: str
    dtype: str
    description: str
    source: str
    stem: str
    exponent: int = 0
