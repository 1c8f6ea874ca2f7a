"""What a user may choose about the segmentation of an image."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.precision import Precision
from dinocell_app.segmentation.tiling import Blend


@dataclass(frozen=True)
class SegmentationParameters:
    """How an image is segmented.

    Parameters
    ----------
    diameter_px : float or None
        Typical cell diameter in image pixels; None to measure it.
    decoding : DecodingParameters
        Thresholds; `min_size` is in pixels of the image.
    overlap : int or None
        Pixels that neighbouring tiles share; None for the model's own.
    blend : {"smooth", "uniform"} or None
        None for the model's own.
    batch_size : int or None
        Tiles at once; None to choose by memory.
    precision : {"auto", "fp32", "bf16", "fp16"}
        Arithmetic of the network; "auto" as `resolve_precision` has it.
    min_size_share : float
        Cells smaller than this share of the typical cell (a disk of the diameter used) are dropped too:
        broken-off processes and debris. 0 leaves it to `decoding.min_size`.
    confidence_share : float
        Cells are dropped whose mean cell probability is not this far from the threshold towards 1: with 0.5
        and a threshold of 0.5 those below 0.75. 0 leaves it to `decoding.min_confidence`.
    careful : bool
        Whether each tile is shown to the network in a mirror as well, for twice the time.

    Raises
    ------
    InvalidParameterError
        When a value lies outside its range.
    """

    diameter_px: float | None = None
    decoding: DecodingParameters = field(default_factory=DecodingParameters)
    overlap: int | None = None
    blend: Blend | None = None
    batch_size: int | None = None
    precision: Precision = "auto"
    min_size_share: float = 0.1
    confidence_share: float = 0.5
    careful: bool = False

    def __post_init__(self) -> None:
        diameter = self.diameter_px
        if diameter is not None and not (math.isfinite(diameter) and diameter >= 1):
            raise InvalidParameterError(
                f"A cell diameter of {diameter} pixels cannot be used",
                remedy="Give the typical diameter of a cell, at least 1 pixel, or leave it to be measured",
            )
        if not 0 <= self.min_size_share < 1:
            raise InvalidParameterError(
                f"A minimum size of {self.min_size_share} typical cells cannot be used",
                remedy="Choose a share from 0 up to 1",
            )
        if not 0 <= self.confidence_share < 1:
            raise InvalidParameterError(
                f"A minimum confidence of {self.confidence_share} of the way to 1 cannot be used",
                remedy="Choose a share from 0 up to 1",
            )
        if self.batch_size is not None and self.batch_size < 1:
            raise InvalidParameterError(
                f"{self.batch_size} tiles at once is not possible", remedy="Choose 1 or more"
            )
