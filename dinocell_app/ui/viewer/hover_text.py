"""The line below the picture: where the mouse is and what is there."""

from __future__ import annotations

from collections.abc import Sequence

from dinocell_app.ui.viewer.image_viewer import HoverInfo


def hover_text(info: HoverInfo | None, names: Sequence[str], pixel_size_um: float | None) -> str:
    """Say what is under the mouse.

    Parameters
    ----------
    info : HoverInfo or None
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
        f"{name} {value:g}" if several else f"value {value:g}"
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
    """Say how long a drawn line is.

    Parameters
    ----------
    length_px : float
    pixel_size_um : float or None

    Returns
    -------
    str
    """
    pixels = f"{length_px:.1f} px"
    if pixel_size_um is None:
        return f"Length {pixels}; set a pixel size to see µm"
    return f"Length {length_px * pixel_size_um:.2f} µm ({pixels})"
