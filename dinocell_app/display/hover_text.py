"""The line below the picture: where the mouse is and what is there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class HoverInfo:
    """What is under the mouse.

    Parameters
    ----------
    values : tuple of float
        Of each channel.
    label : int
        0 for background.
    area_px : int
        Pixels of the cell.
    """

    row: int
    column: int
    values: tuple[float, ...]
    label: int = 0
    area_px: int = 0


def hover_text(info: HoverInfo | None, names: Sequence[str], pixel_size_um: float | None) -> str:
    """Say what is under the mouse.

    Parameters
    ----------
    names : sequence of str
        Of the channels.
    pixel_size_um : float or None
        Edge of a pixel.

    Returns
    -------
    str
        x and y count from 0 at the upper left, as in the tables.
    """
    if info is None:
        return ""
    place = f"x {info.column}, y {info.row} px"
    if pixel_size_um is not None:
        place += f" ({info.column * pixel_size_um:.1f}, {info.row * pixel_size_um:.1f} µm)"
    several = len(info.values) > 1
    values = ", ".join(
        f"{name} {_value_text(value)}" if several else f"value {_value_text(value)}"
        for name, value in zip(names, info.values, strict=False)
    )
    parts = [place, values]
    if info.label:
        cell = f"cell {info.label}: {info.area_px:,} px"
        if pixel_size_um is not None:
            cell += f", {info.area_px * pixel_size_um**2:,.1f} µm²"
        parts.append(cell)
    return "   ·   ".join(part for part in parts if part)


def length_text(length_px: float, pixel_size_um: float | None) -> str:
    """Say how long a drawn line is."""
    pixels = f"{length_px:.1f} px"
    if pixel_size_um is None:
        return f"Length {pixels}; set a pixel size to see µm"
    return f"Length {length_px * pixel_size_um:.2f} µm ({pixels})"


def _value_text(value: float) -> str:
    """Write counts of a camera in full, other numbers to six figures."""
    whole = math.isfinite(value) and value == int(value) and abs(value) < 1e15
    return f"{value:.0f}" if whole else f"{value:g}"
