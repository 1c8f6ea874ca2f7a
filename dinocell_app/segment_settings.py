"""What a person chooses in the window before a segmentation; jobs and previews are made from it."""

from __future__ import annotations

from dataclasses import dataclass

from dinocell_app.jobs import DEFAULT_MODEL
from dinocell_app.model.decoding_parameters import DecodingParameters

_DECODING = DecodingParameters()


@dataclass(frozen=True)
class SegmentSettings:
    """Choices of the Segment dock, as the fields of a job are written.

    Parameters
    ----------
    model : str
        Name of a model, or a model folder.
    device : str
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    channel : str
        As `imaging.planes.ChannelChoice` reads it.
    plane : str
        As `imaging.planes.PlaneChoice` reads it.
    diameter : str
        Such as "18um" or "40px"; empty to measure it in each image.
    cell_probability : float
        Threshold, 0 to 1.
    flow_threshold : float
        0 switches the check off.
    min_size : str
        Smallest cell, such as "15px" or "20um2", as `lengths.Area` reads it; empty for the default.
    formats : tuple of str
        Output files, of `export.names.SUFFIXES`.
    texture : bool
        Whether Haralick texture is measured too.
    """

    model: str = DEFAULT_MODEL
    device: str = "auto"
    channel: str = "grey"
    plane: str = "each"
    diameter: str = ""
    cell_probability: float = _DECODING.cell_probability_threshold
    flow_threshold: float = _DECODING.flow_threshold
    min_size: str = ""
    formats: tuple[str, ...] = ("labels", "overlay", "csv")
    texture: bool = False
