"""How long an adaptation will take and how much memory it needs, from a few steps that are really taken."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob, FineTuneJob
from dinocell_app.jobs.training_settings import AdaptationSettings
from dinocell_training.adaptation_presets import laptop_settings, seconds_per_step
from dinocell_training.domain_adaptation_job import FEWEST_PICTURES, network_to_adapt
from dinocell_training.estimates import Estimate, estimate
from dinocell_training.peak_memory import peak_memory_bytes
from dinocell_training.processes import training_device
from dinocell_training.self_distillation.pictures import Picture, find_pictures

TRIED_PICTURES = 64
"""More do not change what a step costs; to look at thousands would take longer than the steps."""


def estimate_adaptation(job: AdaptJob) -> Estimate:
    """Take a few steps of an adaptation and judge by them; nothing is written.

    Returns
    -------
    Estimate
        Its pictures are those that were tried, `TRIED_PICTURES` at most.

    Raises
    ------
    UserFacingError
        If pictures, base model or device cannot be used, or the memory does not suffice for a step.
    """
    device = training_device(job.device)
    network, _ = network_to_adapt(job)
    excluded = {path.absolute() for path in job.excluded}
    found = (each for each in find_pictures(job.inputs, recursive=job.recursive) if isinstance(each, Picture))
    usable = (picture for picture in found if Path(picture.path).absolute() not in excluded)
    pictures = tuple(islice(usable, TRIED_PICTURES))
    if len(pictures) < FEWEST_PICTURES:
        raise InvalidParameterError(
            f"has {len(pictures)} of the {FEWEST_PICTURES} pictures that are needed to learn from",
            path=job.inputs[0],
            remedy="Name folders with more images",
        )
    wanted = job.adaptation
    if job.preset == "laptop":
        settings = laptop_settings(network.backbone, pictures, device, job.minutes, wanted)
    elif job.preset == "own":
        settings = wanted
    else:
        settings = AdaptationSettings(seed=wanted.seed, precision=wanted.precision, workers=wanted.workers)
    seconds = seconds_per_step(network.backbone, pictures, settings, device)
    if seconds is None:
        raise InvalidParameterError(
            f"needs more memory than {device} has, with {settings.batch_size} images of "
            f"{settings.global_size} px at once",
            path=job.inputs[0],
            remedy="Take smaller batches or views, or the preset laptop, which finds what fits",
        )
    return Estimate(
        seconds_per_step=seconds,
        total_seconds=seconds * settings.total_steps,
        peak_memory_bytes=peak_memory_bytes(device),
        seconds_validation=0.0,
        loading_share=0.0,
        n_steps=settings.total_steps,
        device=str(device),
        n_training=len(pictures),
    )


def estimate_adapting_and_teaching(job: AdaptThenTeachJob) -> Estimate:
    """Estimate both parts; to be taught costs the network before it is adapted as much as after.

    Returns
    -------
    Estimate
        The sums; seconds of a step, pictures and share of loading are those of the second part.

    Raises
    ------
    UserFacingError
        As for either part.
    """
    adapting = estimate_adaptation(job.adaptation)
    first = job.adaptation
    start = {
        "base_model": first.base_model,
        "config": first.config,
        "backbone_weights": first.backbone_weights,
    }
    teaching = estimate(job.fine_tuning.model_copy(update=start))
    return replace(
        teaching,
        total_seconds=adapting.total_seconds + teaching.total_seconds,
        peak_memory_bytes=max(adapting.peak_memory_bytes, teaching.peak_memory_bytes),
        n_steps=adapting.n_steps + teaching.n_steps,
    )


def estimate_training(job: FineTuneJob | AdaptJob | AdaptThenTeachJob, run_folder: Path | None) -> Estimate:
    """Estimate a training of any of the three kinds.

    Parameters
    ----------
    run_folder : Path or None
        Its choice of held-out pictures stands.

    Raises
    ------
    UserFacingError
        If data, base model or device cannot be used.
    """
    if isinstance(job, AdaptJob):
        return estimate_adaptation(job)
    if isinstance(job, AdaptThenTeachJob):
        return estimate_adapting_and_teaching(job)
    return estimate(job, run_folder)
