"""The typical cell diameter and the smallest cell as a person enters them: in px or in µm."""

from __future__ import annotations

from dinocell_app.base.lengths import Area, AreaUnit, Length, LengthUnit

FIRST_GUESS_PX = 30.0
"""Shown when somebody turns to a number of their own before anything was measured."""

PIXEL_SIZE_UNKNOWN = (
    "The size of a pixel is not known for this image, so sizes are in px. "
    "Set it under Image ▸ Set pixel size to use µm."
)

_DECIMALS = 2


def length_in(length: Length, unit: LengthUnit, pixel_size_um: float | None) -> Length:
    """Convert a length to another unit.

    Returns
    -------
    Length
        Rounded to two decimals; the number stays as it is when the pixel size is unknown.
    """
    if unit == length.unit or pixel_size_um is None:
        return Length(value=length.value, unit=unit)
    value = length.value * pixel_size_um if unit == "um" else length.value / pixel_size_um
    return Length(value=round(value, _DECIMALS) or value, unit=unit)


def area_in(area: Area, unit: AreaUnit, pixel_size_um: float | None) -> Area:
    """Convert an area to another unit.

    Returns
    -------
    Area
        Whole pixels, or µm² to two decimals; the number stays as it is when the pixel size is unknown.
    """
    if unit == area.unit or pixel_size_um is None:
        return Area(value=area.value, unit=unit)
    if unit == "px":
        return Area(value=round(area.value / pixel_size_um**2), unit=unit)
    value = area.value * pixel_size_um**2
    return Area(value=round(value, _DECIMALS) or value, unit=unit)


def drawn_size(length_px: float, pixel_size_um: float | None) -> Length:
    """Turn a drawn line into a size, in µm where the pixel size is known.

    Parameters
    ----------
    length_px : float
        Length of the line in pixels of the image; taken to a tenth, which is finer than a hand can draw.
    """
    size = Length(value=round(length_px, 1) or length_px, unit="px")
    return size if pixel_size_um is None else length_in(size, "um", pixel_size_um)


def describe_size(size: Length | None, pixel_size_um: float | None) -> str:
    """Say a size in the other unit, or why that cannot be done.

    Returns
    -------
    str
        A short text to stand under the number.
    """
    if size is None:
        return "The cell size is measured in each image before it is segmented."
    if pixel_size_um is None:
        if size.unit == "um":
            return "A size in µm needs the size of a pixel. Set it under Image ▸ Set pixel size, or use px."
        return PIXEL_SIZE_UNKNOWN
    converted = length_in(size, "um" if size.unit == "px" else "px", pixel_size_um)
    unit = "µm" if converted.unit == "um" else "px"
    return f"= {converted.value:.4g} {unit} at {pixel_size_um:.4g} µm per pixel"
