"""How long a scale bar is and what it says."""

from __future__ import annotations

import math

LONGEST_SCREEN_PX = 160.0


def scale_bar(screen_px_per_pixel: float, pixel_size_um: float | None) -> tuple[float, str]:
    """Choose a round length that fits.

    Parameters
    ----------
    screen_px_per_pixel : float
        Magnification: pixels of the screen for one pixel of the picture.
    pixel_size_um : float or None
        Edge of a pixel; None when unknown.

    Returns
    -------
    length : float
        In pixels of the screen, at most `LONGEST_SCREEN_PX`.
    text : str
        1, 2 or 5 times a power of ten, in nm, µm or mm, or in px when the pixel size is unknown.
    """
    unit = 1.0 if pixel_size_um is None else pixel_size_um
    longest = LONGEST_SCREEN_PX / screen_px_per_pixel * unit
    power = 10.0 ** math.floor(math.log10(longest))
    value = max(step * power for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9))
    return value / unit * screen_px_per_pixel, _text(value, pixel_size_um is None)


def _text(value: float, in_pixels: bool) -> str:
    if in_pixels:
        return f"{value:g} px"
    if value < 1:
        return f"{value * 1000:g} nm"
    return f"{value / 1000:g} mm" if value >= 1000 else f"{value:g} µm"
