"""How long a training will take and how much memory it needs, from a few steps that are really taken."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch.utils.data import Subset

from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.objectives import objective_by_name
from dinocell_app.model.segmenter import Segmenter
from dinocell_training.candidates import SHARES
from dinocell_training.decoded_scores import DecodedScores
from dinocell_training.fine_tuning import FineTuning, FineTuningData
from dinocell_training.fine_tuning_data import LabelledData, crops, for_scoring, read_data
from dinocell_training.peak_memory import peak_memory_bytes
from dinocell_training.processes import training_device
from dinocell_training.starting_point import known_to_base, starting_point
from dinocell_training.training_loop import Training, step_within_memory

MEASURED_STEPS = 3


@dataclass(frozen=True)
class Estimate:
    """What a training will cost.

    Parameters
    ----------
    seconds_per_step, total_seconds : float
        The total is of all steps and validations, from the beginning.
    peak_memory_bytes : int
        On the accelerator, or of the process where there is none; 0 where the system does not say.
    seconds_validation : float
        Of one validation; there is one after every epoch.
    loading_share : float
        Share of a step in which the device waits for crops.
    device : str
        The device truly used.
    n_training, n_held_out : int
        Pictures.
    seconds_scoring : float
        Of all looks at held-out pictures together: after each epoch, for the choice and for the verdict.
    """

    seconds_per_step: float
    total_seconds: float
    peak_memory_bytes: int
    seconds_validation: float
    loading_share: float
    n_steps: int
    device: str
    n_training: int = 0
    n_held_out: int = 0
    seconds_scoring: float = 0.0


def estimate(job: FineTuneJob, run_folder: Path | None = None) -> Estimate:
    """Take three steps of a training and judge by them; nothing is written.

    Parameters
    ----------
    run_folder : Path, optional
        Its choice of held-out pictures stands.

    Raises
    ------
    UserFacingError
        If data, base model or device cannot be used.
    """
    device = training_device(job.device)
    data = read_data(job, run_folder, known_to_base(job))
    network, manifest = starting_point(job)
    objective = objective_by_name(manifest.objective)
    parameters = job.training
    examples = crops(job, data, objective, manifest)
    n_batches, some = 0, examples
    if examples.validation is not None:
        length = len(cast("Sized", examples.validation))
        n_batches = math.ceil(length / parameters.batch_size)
        first = Subset(examples.validation, range(min(parameters.batch_size, length)))
        some = FineTuningData(examples.training, first)
    run = FineTuning(network, objective, some, parameters, device)
    seconds, share = time_steps(run, lambda: run.loading_seconds)
    validation = n_batches * _timed_validation(run)
    n_models = len(data.turns) + 1
    scoring = validation * parameters.epochs + _seconds_of_scoring(job, data, manifest, run)
    n_steps = n_models * parameters.total_steps
    return Estimate(
        seconds_per_step=seconds,
        total_seconds=seconds * n_steps + scoring,
        peak_memory_bytes=peak_memory_bytes(device),
        seconds_validation=validation,
        loading_share=share,
        n_steps=n_steps,
        device=str(device),
        n_training=len(data.training),
        n_held_out=len(data.held_out),
        seconds_scoring=scoring,
    )


def _seconds_of_scoring(job: FineTuneJob, data: LabelledData, manifest: Manifest, run: FineTuning) -> float:
    """Time one look at one picture, and count how many there will be."""
    judged = data.held_out or tuple(pair for group in data.turns for pair in group)
    images = DecodedScores(for_scoring(judged), manifest)
    if not len(images):
        return 0.0
    network = run.result.eval()
    if not isinstance(network, Segmenter):
        raise TypeError(f"a {type(network).__name__} cannot segment")
    model = SegmentationModel(manifest, network, run.objective, run.device)
    started = time.perf_counter()
    images.first().of(model, lambda: False)
    _finish(run.device)
    once = time.perf_counter() - started
    has_base = job.base_model is not None
    epochs = job.training.epochs if data.held_out else 1
    looks = epochs + (1 + len(SHARES) if has_base else 0)
    # The verdict measures the size of cells, too, which is another look.
    n_models = 2 if has_base else 1
    return once * (looks * len(images) + 2 * n_models * len(judged))


def time_steps(
    training: Training, loading_seconds: Callable[[], float], n_steps: int = MEASURED_STEPS
) -> tuple[float, float]:
    """Take steps from the beginning and measure them.

    Parameters
    ----------
    training : Training
        Its weights change.
    loading_seconds : callable
        Tells how long examples were waited for since the start.

    Returns
    -------
    seconds : float
        Median of a step.
    loading_share : float
        Share of the time in which the device waited for examples, the first step left out if there are more.
    """
    training.start(0)
    took, waited = [], []
    for _ in range(n_steps):
        waited_before, started = loading_seconds(), time.perf_counter()
        step_within_memory(training)
        _finish(training.device)
        took.append(time.perf_counter() - started)
        waited.append(loading_seconds() - waited_before)
    return statistics.median(took), sum(waited[1:] or waited) / max(sum(took[1:] or took), 1e-9)


def _timed_validation(run: FineTuning) -> float:
    started = time.perf_counter()
    run.validate()
    _finish(run.device)
    return time.perf_counter() - started


def _finish(device: torch.device) -> None:
    """Wait for what the device has still to do: it works on while Python goes on."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
