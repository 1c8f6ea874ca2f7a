"""The typical cell diameter and the smallest cell as a person enters them: a number, px or µm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.lengths import Area, Length

Unit = Literal["px", "um"]

FIRST_GUESS_PX = 30.0
"""Shown when somebody turns to a number of their own before anything was measured."""

PIXEL_SIZE_UNKNOWN = (
    "The size of a pixel is not known for this image, so sizes are in px. "
    "Set it under Image ▸ Set pixel size to use µm."
)


@dataclass(frozen=True)
class CellSize:
    """How big cells are.

    Parameters
    ----------
    value : float or None
        Diameter; None to measure it in each image.
    unit : {"px", "um"}
    """

    value: float | None = None
    unit: Unit = "px"

    @classmethod
    def parse(cls, text: str) -> CellSize:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            "18um", "40px", or empty for measuring.

        Returns
        -------
        CellSize
            Measuring when the text is no length, such as in a damaged preset.
        """
        if not text.strip():
            return cls()
        try:
            length = Length.parse(text)
        except InvalidParameterError:
            return cls()
        return cls(length.value, length.unit)

    def __str__(self) -> str:
        return "" if self.value is None else str(Length(value=self.value, unit=self.unit))

    def in_unit(self, unit: Unit, pixel_size_um: float | None) -> CellSize:
        """Say the same size in another unit.

        Parameters
        ----------
        unit : {"px", "um"}

        Returns
        -------
        CellSize
            The number stays as it is when the pixel size is unknown.
        """
        if self.value is None or unit == self.unit:
            return replace(self, unit=unit)
        if pixel_size_um is None:
            return replace(self, unit=unit)
        factor = pixel_size_um if unit == "um" else 1 / pixel_size_um
        return CellSize(round(self.value * factor, 2), unit)


def drawn_size(length_px: float, unit: Unit, pixel_size_um: float | None) -> CellSize:
    """Turn a drawn line into a size.

    Parameters
    ----------
    length_px : float
        Length of the line in pixels of the image.
    unit : {"px", "um"}
        Wanted; pixels are taken when the pixel size is unknown.

    Returns
    -------
    CellSize
        To a tenth of a pixel, which is finer than a hand can draw.
    """
    size = CellSize(round(length_px, 1), "px")
    return size.in_unit("um", pixel_size_um) if unit == "um" and pixel_size_um is not None else size


def describe_size(size: CellSize, pixel_size_um: float | None) -> str:
    """Say a size in the other unit, or why that cannot be done.

    Returns
    -------
    str
        A short text to stand under the number.
    """
    if size.value is None:
        return "The cell size is measured in each image before it is segmented."
    if pixel_size_um is None:
        if size.unit == "um":
            return "A size in µm needs the size of a pixel. Set it under Image ▸ Set pixel size, or use px."
        return PIXEL_SIZE_UNKNOWN
    other: Unit = "um" if size.unit == "px" else "px"
    converted = size.in_unit(other, pixel_size_um)
    return f"= {converted.value:.4g} {'µm' if other == 'um' else 'px'} at {pixel_size_um:.4g} µm per pixel"


def smallest_cell_text(value: float, unit: Unit) -> str:
    """Write the smallest cell for a job.

    Parameters
    ----------
    value : float
        Below 0 for the default, which depends on the cells of each image.
    unit : {"px", "um"}
        Of the edge of a square: "um" stands for µm².

    Returns
    -------
    str
        As `lengths.Area` reads it; empty for the default.
    """
    return "" if value < 0 else str(Area(value=value, unit="px" if unit == "px" else "um2"))


def parse_smallest_cell(text: str) -> tuple[float, Unit]:
    """Read the smallest cell; the inverse of `smallest_cell_text`.

    Returns
    -------
    value : float
        -1 for the default.
    unit : {"px", "um"}
    """
    if not text.strip():
        return -1.0, "px"
    try:
        area = Area.parse(text)
    except InvalidParameterError:
        return -1.0, "px"
    return area.value, "px" if area.unit == "px" else "um"
