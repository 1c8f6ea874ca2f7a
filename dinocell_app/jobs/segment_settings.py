"""What a person chooses about the segmentation of images; presets, previews and jobs hold it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field

from dinocell_app.base.lengths import Area, Length
from dinocell_app.jobs.common_fields import DEFAULT_MODEL, Channel, Device, Formats, Planes, Texture
from dinocell_app.jobs.setting import Record, Setting, Settings, declared
from dinocell_app.model.decoding_parameters import DecodingParameters

_EMPTY_IS_NONE = BeforeValidator(lambda given: None if given == "" else given)
"""Presets of early versions."""


class SegmentSettings(Settings):
    """How images are segmented, whichever they are."""

    model: Annotated[
        str,
        Setting(
            "Model",
            "The network that finds the cells.",
            typed="the name of a model, or a model folder",
            record=Record.RESOLVED,
        ),
    ] = Field(default=DEFAULT_MODEL, min_length=1)
    device: Device = "auto"
    channel: Channel = "colour"
    plane: Planes = "each"
    diameter: Annotated[
        Length | None,
        _EMPTY_IS_NONE,
        Setting(
            "Cell diameter",
            "Diameter of a typical cell.",
            typed="as in 18um or 40px",
            automatic="measured",
            record=Record.ALWAYS,
        ),
    ] = None
    cell_probability_threshold: Annotated[
        float,
        Setting(
            "Cell probability threshold",
            "Pixels with a higher cell probability belong to cells. Lower it to find more and larger cells, "
            "raise it to keep only clear ones.",
            metavar="P",
            record=Record.ALWAYS,
            after_network=True,
        ),
    ] = Field(
        default=DecodingParameters.cell_probability_threshold,
        ge=0,
        le=1,
        validation_alias=AliasChoices("cell_probability_threshold", "cell_probability"),
    )
    flow_threshold: Annotated[
        float,
        Setting(
            "Flow threshold",
            "Cells whose shape disagrees more with the predicted flows are left out. Raise it to keep more "
            "cells; 0 keeps all.",
            metavar="F",
            record=Record.ALWAYS,
            after_network=True,
        ),
    ] = Field(default=DecodingParameters.flow_threshold, ge=0, allow_inf_nan=False)
    min_confidence: Annotated[
        float | None,
        Setting(
            "Minimum confidence",
            "Cells whose mean cell probability is lower are left out; 0 keeps all. Without a number, it is "
            "half-way from the cell probability threshold to 1. Raise it when cells are found in the "
            "background.",
            automatic="half-way to 1",
            metavar="P",
            record=Record.ALWAYS,
            after_network=True,
        ),
    ] = Field(default=None, ge=0, le=1)
    min_size: Annotated[
        Area | None,
        _EMPTY_IS_NONE,
        Setting(
            "Minimum cell size",
            "Cells with a smaller area are left out. Lower it to keep small cells, raise it to drop "
            "fragments.",
            typed="as in 15px or 20um2",
            automatic="a tenth of the typical cell",
            record=Record.ALWAYS,
            after_network=True,
        ),
    ] = None
    max_fraction: Annotated[
        float,
        Setting(
            "Maximum share of the image",
            "Cells that cover more of the image are left out.",
            metavar="F",
            record=Record.ALWAYS,
            after_network=True,
        ),
    ] = Field(default=DecodingParameters.max_fraction, gt=0, le=1)
    precision: Annotated[
        Literal["auto", "fp32", "bf16", "fp16"],
        Setting("Precision", "Arithmetic of the network.", record=Record.ALWAYS),
    ] = "auto"
    batch_size: Annotated[
        int | None,
        Setting(
            "Batch size",
            "Tiles that the network sees at once.",
            automatic="as memory allows",
            record=Record.NO_EFFECT,
        ),
    ] = Field(default=None, ge=1)
    careful: Annotated[
        bool,
        Setting(
            "Careful (twice the time)",
            "Show each image to the network in a mirror as well, and average both.",
        ),
    ] = False
    formats: Formats = ("labels", "overlay", "csv")
    texture: Texture = False

    def with_decoding(self, other: SegmentSettings) -> Self:
        """Take what matters once the network has run from other settings."""
        return self.model_copy(
            update={
                name: getattr(other, name)
                for name, each in declared(SegmentSettings).items()
                if each.setting.after_network
            }
        )

    def changes_network(self, other: SegmentSettings) -> bool:
        """Tell whether other settings need the network to run again, rather than a new decoding."""
        return any(
            getattr(self, name) != getattr(other, name)
            for name, each in declared(SegmentSettings).items()
            if not each.setting.after_network
        )
