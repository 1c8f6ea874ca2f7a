"""Lengths and areas that a person gives in pixels or in um."""

from __future__ import annotations

import math
import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dinocell_app.base.errors import InvalidParameterError

LengthUnit = Literal["px", "um"]
AreaUnit = Literal["px", "um2"]

_NUMBER_AND_UNIT = re.compile(
    r"\s*((?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?)\s*([^\s0-9]\S*)?\s*"
)
_SPELLINGS = {"px": "px", "pixel": "px", "pixels": "px", "um": "um", "µm": "um", "μm": "um"}
_LARGEST_EXACT = 2**53
_SQUARES = ("²", "2", "^2")


class _Measure(BaseModel):
    """A number with its unit; may be given as text, or as a number of pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes."""
        raise NotImplementedError

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:  # noqa: ANN401 - whatever a file holds
        if isinstance(given, int | float) and not isinstance(given, bool):
            return {"value": given}
        if not isinstance(given, str):
            return given
        try:
            return cls.parse(given).model_dump()
        except InvalidParameterError as error:
            raise ValueError(f"{error.what}; {error.remedy[0].lower()}{error.remedy[1:]}") from error

    def __str__(self) -> str:
        return f"{plain_number(self.value)}{self.unit}"


class Length(_Measure):
    """A length in pixels of the image or in um.

    Parameters
    ----------
    value : float
        Above 0.
    unit : {"px", "um"}
    """

    value: float = Field(gt=0, allow_inf_nan=False)
    unit: LengthUnit = "px"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            `18um`, `40 px`, `40` (pixels), `18,5 µm`.

        Raises
        ------
        InvalidParameterError
            If the text is no positive length.
        """
        value, unit = _number_and_unit(text)
        known = _SPELLINGS.get(unit)
        if known is None or value <= 0:
            raise InvalidParameterError(
                f"'{text}' is not a length", remedy="Give a positive number with its unit, as in 18um or 40px"
            )
        return cls.model_validate({"value": value, "unit": known})

    def in_px(self, pixel_size_um: float | None) -> float:
        """Convert to pixels.

        Parameters
        ----------
        pixel_size_um : float or None
            Edge of a pixel in um; None when unknown.

        Raises
        ------
        InvalidParameterError
            If the length is in um and the pixel size unknown.
        """
        if self.unit == "px":
            return self.value
        return self.value / _known(pixel_size_um, str(self))


class Area(_Measure):
    """An area in pixels of the image or in um2.

    Parameters
    ----------
    value : float
        0 or more.
    unit : {"px", "um2"}
    """

    value: float = Field(ge=0, allow_inf_nan=False)
    unit: AreaUnit = "px"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            `15`, `15px`, `20um2`, `20 µm²`.

        Raises
        ------
        InvalidParameterError
            If the text is no area.
        """
        value, unit = _number_and_unit(text)
        square = next((mark for mark in _SQUARES if unit.endswith(mark)), "")
        length = _SPELLINGS.get(unit.removesuffix(square))
        # Pixels are counted, so "15 px" is an area; "15 um" is a length and nothing else.
        if length is None or (length == "um" and not square):
            raise InvalidParameterError(
                f"'{text}' is not an area", remedy="Give a number with its unit, as in 15px or 20um2"
            )
        return cls.model_validate({"value": value, "unit": "px" if length == "px" else "um2"})

    def in_px(self, pixel_size_um: float | None) -> int:
        """Convert to a number of pixels.

        Parameters
        ----------
        pixel_size_um : float or None
            Edge of a pixel in um; None when unknown.

        Returns
        -------
        int
            Rounded to the nearest.

        Raises
        ------
        InvalidParameterError
            If the area is in um2 and the pixel size unknown.
        """
        if self.unit == "px":
            return round(self.value)
        return round(self.value / _known(pixel_size_um, str(self)) ** 2)


def plain_number(value: float) -> str:
    """Write a number so that reading it gives the same one.

    Returns
    -------
    str
        Without ".0" for whole numbers.
    """
    return str(int(value)) if value.is_integer() and abs(value) < _LARGEST_EXACT else repr(value)


def _number_and_unit(text: str) -> tuple[float, str]:
    found = _NUMBER_AND_UNIT.fullmatch(text)
    if found is None:
        return math.nan, ""
    return float(found[1].replace(",", ".")), (found[2] or "px").lower()


def _known(pixel_size_um: float | None, asked: str) -> float:
    if pixel_size_um is None:
        raise InvalidParameterError(
            f"{asked} cannot be turned into pixels, because the size of a pixel is unknown",
            remedy="Say how large a pixel is (Image ▸ Set pixel size in the window, --pixel-size 0.65 in a "
            "terminal), or give the number in px",
        )
    return pixel_size_um
