"""What images of an assay have to keep to, and which do not."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.lengths import plain_number

Verdict = Literal["pass", "look", "fail"]
_SPELLED = re.compile(
    r"(?:(?P<least>[-+.\deE]+)\s*<=?\s*)?(?P<column>[A-Za-z_]\w*)\s*(?:(?P<sign><=?|>=?)\s*(?P<bound>[-+.\deE]+))?"
)


class Limit(BaseModel):
    """A range in which a column of the table of images has to lie.

    Parameters
    ----------
    column : str
        Such as "n_cells", "confluency" or "reference_likeness".
    at_least, at_most : float or None
        Both belong to the range.
    otherwise : {"look", "fail"}
        What becomes of an image outside of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = Field(min_length=1)
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    otherwise: Literal["look", "fail"] = "fail"

    @model_validator(mode="after")
    def _is_a_range(self) -> Limit:
        if self.at_least is None and self.at_most is None:
            raise ValueError("a limit needs a lowest or a highest value")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("the lowest value is above the highest")
        return self

    def __str__(self) -> str:
        least = f"{plain_number(self.at_least)} <= " if self.at_least is not None else ""
        most = f" <= {plain_number(self.at_most)}" if self.at_most is not None else ""
        return f"{least}{self.column}{most}"

    def problem(self, row: Mapping[str, Any]) -> str:
        """Say how a row of the table of images breaks the limit.

        Returns
        -------
        str
            Empty when it keeps to it.
        """
        value = number_of(row.get(self.column))
        if value is None:
            return f"{self.column} is not known"
        if self.at_least is not None and value < self.at_least:
            return f"{self.column} is {value:.4g}, below {plain_number(self.at_least)}"
        if self.at_most is not None and value > self.at_most:
            return f"{self.column} is {value:.4g}, above {plain_number(self.at_most)}"
        return ""


def parse_limit(text: str, otherwise: Literal["look", "fail"] = "fail") -> Limit:
    """Read a limit as it is typed.

    Parameters
    ----------
    text : str
        Such as "n_cells >= 20" or "0.1 <= confluency <= 0.9"; bounds belong to the range.

    Raises
    ------
    InvalidParameterError
        If it is no such condition.
    """
    match = _SPELLED.fullmatch(text.strip())
    least, most = (match["least"], match["bound"]) if match is not None else (None, None)
    from_below = match is not None and (match["sign"] or "").startswith(">")
    if from_below:
        least, most = (None, None) if least is not None else (most, None)
    try:
        return Limit(
            column=match["column"] if match is not None else "",
            at_least=None if least is None else float(least),
            at_most=None if most is None else float(most),
            otherwise=otherwise,
        )
    except ValueError as error:
        raise InvalidParameterError(
            f"{text!r} is no limit",
            remedy='Write it as in "n_cells >= 20" or "0.1 <= confluency <= 0.9"',
        ) from error


@dataclass(frozen=True)
class ImageQuality:
    """Whether an image keeps to the limits of an assay."""

    image: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()


def judge_images(rows: Iterable[Mapping[str, Any]], limits: Sequence[Limit]) -> list[ImageQuality]:
    """Hold the rows of a table of images against limits.

    Parameters
    ----------
    rows : iterable of mapping
        Of `images.csv`, with the columns "image", "status" and "reason".

    Returns
    -------
    list of ImageQuality
        In the order of the rows. A failed image fails; a value that is not known is to be looked at.
    """
    return [_judged(row, limits) for row in rows]


def _judged(row: Mapping[str, Any], limits: Sequence[Limit]) -> ImageQuality:
    name = str(row.get("image", ""))
    if row.get("status") == "failed":
        return ImageQuality(name, "fail", (str(row.get("reason") or "The image failed."),))
    broken = [(limit, problem) for limit in limits if (problem := limit.problem(row))]
    fails = any(
        limit.otherwise == "fail" and number_of(row.get(limit.column)) is not None for limit, _ in broken
    )
    verdict: Verdict = "fail" if fails else "look" if broken else "pass"
    return ImageQuality(name, verdict, tuple(problem for _, problem in broken))


def number_of(value: object) -> float | None:
    """Read a number from a table; None for whatever is no finite number."""
    try:
        number = float(value)  # type: ignore[arg-type] # whatever is no number is unknown
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
