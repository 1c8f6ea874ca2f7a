"""What a person chooses in the window before a segmentation; jobs and previews are made from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from dinocell_app.base.lengths import Area, Length
from dinocell_app.jobs.job_kinds import DEFAULT_MODEL
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
    min_confidence : float or None
        Smallest mean probability of a cell, 0 to 1; None for half-way from `cell_probability` to 1.
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
    min_confidence: float | None = None
    formats: tuple[str, ...] = ("labels", "overlay", "csv")
    texture: bool = False


def job_fields(settings: SegmentSettings) -> dict[str, Any]:
    """Write settings as fields of a `SegmentJob`; its images and its output folder are still to be added.

    Returns
    -------
    dict
        For `job_files.make_job`.

    Raises
    ------
    InvalidParameterError
        If a length or an area cannot be read.
    """
    return asdict(settings) | {
        "kind": "segment",
        "diameter": Length.parse(settings.diameter) if settings.diameter.strip() else None,
        "min_size": Area.parse(settings.min_size) if settings.min_size.strip() else None,
    }
