"""From the settings of a job to how an image is segmented."""

from __future__ import annotations

from dataclasses import replace

from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.segmentation.parameters import SegmentationParameters


def segmentation_parameters(job: SegmentJob, pixel_size_um: float | None) -> SegmentationParameters:
    """Say how the images of a job are segmented.

    Parameters
    ----------
    pixel_size_um : float or None
        Of the image; None when unknown.

    Returns
    -------
    SegmentationParameters
        Lengths and areas in pixels.

    Raises
    ------
    InvalidParameterError
        If a length or an area is in um and the pixel size unknown.
    """
    decoding = DecodingParameters(
        cell_probability_threshold=job.cell_probability_threshold,
        flow_threshold=job.flow_threshold,
        max_fraction=job.max_fraction,
    )
    size_share = SegmentationParameters.min_size_share
    if job.min_size is not None:
        decoding, size_share = replace(decoding, min_size=job.min_size.in_px(pixel_size_um)), 0.0
    confidence_share = SegmentationParameters.confidence_share
    if job.min_confidence is not None:
        decoding, confidence_share = replace(decoding, min_confidence=job.min_confidence), 0.0
    return SegmentationParameters(
        diameter_px=job.diameter.in_px(pixel_size_um) if job.diameter else None,
        decoding=decoding,
        min_size_share=size_share,
        confidence_share=confidence_share,
        batch_size=job.batch_size,
        precision=job.precision,
        careful=job.careful,
    )
