"""What a user may choose about turning network maps into labels, with the ranges that make sense."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dinocell_app.base.errors import InvalidParameterError


@dataclass(frozen=True)
class DecodingParameters:
    """Thresholds of the decoding; the defaults are those of the published DINOCell pipeline and of Cellpose.

    Parameters
    ----------
    cell_probability_threshold : float, default 0.5
        Pixels with a higher cell probability (0 to 1) belong to cells. The distance-map objective has
        thresholds of its own.
    flow_threshold : float, default 0
        Highest mean squared difference, in unit flows, between the flows predicted inside a cell and the
        flows its mask would have; cells above it are dropped. 0 switches the check off, as the published
        pipeline has it; Cellpose's default of 0.4 drops many right, long cells (see the decision records).
    min_size : int, default 15
        Smallest cell that is kept, in pixels of the decoded maps.
    min_confidence : float, default 0
        Cells whose mean cell probability is lower are dropped; 0 keeps all. The distance-map objective has
        no use for it.
    max_fraction : float, default 0.4
        Cells that cover more than this fraction of the image are dropped (as Cellpose does, because such
        a mask is mostly background taken for a cell). 1 keeps everything, which a crop around a single
        cell needs.
    n_iterations : int, default 200
        Highest number of unit steps taken along the flows.
    fill_holes : bool, default True
        Whether background enclosed by one cell becomes part of that cell.

    Raises
    ------
    InvalidParameterError
        When a value lies outside its range.
    """

    cell_probability_threshold: float = 0.5
    flow_threshold: float = 0.0
    min_size: int = 15
    min_confidence: float = 0.0
    max_fraction: float = 0.4
    n_iterations: int = 200
    fill_holes: bool = True

    def __post_init__(self) -> None:
        _require_number("cell probability threshold", self.cell_probability_threshold, 0.0, 1.0)
        _require_number("flow threshold", self.flow_threshold, 0.0, math.inf)
        _require_number("minimum confidence", self.min_confidence, 0.0, 1.0)
        _require_number("maximum share of the image", self.max_fraction, 0.0, 1.0)
        _require_count("minimum size", self.min_size, 0)
        _require_count("number of iterations", self.n_iterations, 1)
        if self.max_fraction == 0:
            raise InvalidParameterError(
                "The largest fraction of the image a cell may cover is 0, which drops every cell",
                remedy="Choose a number above 0 and up to 1",
            )


def _require_number(name: str, value: float, lowest: float, highest: float) -> None:
    allowed = f"from {lowest:g} to {highest:g}" if math.isfinite(highest) else f"of {lowest:g} or more"
    try:
        fits = math.isfinite(value) and lowest <= value <= highest
    except TypeError:
        fits = False
    if not fits:
        raise InvalidParameterError(
            f"The {name} is {value!r}, which cannot be used", remedy=f"Choose a number {allowed}"
        )


def _require_count(name: str, value: int, lowest: int) -> None:
    try:
        fits = int(value) == value and value >= lowest
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise InvalidParameterError(
            f"The {name} is {value!r}, which cannot be used", remedy=f"Choose a whole number from {lowest} on"
        )
