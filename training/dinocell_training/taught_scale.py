"""The size at which cells are taught: that at which the finished model will be shown them."""

from __future__ import annotations

from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.training_settings import AugmentationSettings
from dinocell_app.model.manifest import Manifest

MARGIN = 1.25
"""A measured diameter may be a quarter off, and the cells of an image differ by as much from their median."""

WIDEST = 6.0
"""A model for a wider range of diameters is shown images as they are, so that they are taught as they are."""


def taught_diameters(job: FineTuneJob, manifest: Manifest) -> tuple[float, float] | None:
    """Choose the diameters that cells are brought to in training.

    Parameters
    ----------
    manifest : Manifest
        With the diameter range of the base model.

    Returns
    -------
    tuple of float or None
        Pixels: the range that the job names, or that of the base model with a margin, as images are resampled
        to it for segmentation. None to teach images at their own scale: without a base model, and with one
        that is never shown a resampled image.
    """
    if job.augmentation.diameter_range is not None:
        return job.augmentation.diameter_range
    low, high = manifest.cell_diameter_range_px
    if job.base_model is None or high > WIDEST * low:
        return None
    return low / MARGIN, high * MARGIN


def augmentation_of(job: FineTuneJob, manifest: Manifest) -> AugmentationSettings:
    """Make the changes of crops that a job asks for, at the scale of `taught_diameters`."""
    return job.augmentation.model_copy(update={"diameter_range": taught_diameters(job, manifest)})
