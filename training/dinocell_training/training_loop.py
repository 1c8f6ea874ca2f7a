"""What every training has in common: steps and epochs as events, checkpoints, resuming, stopping."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.memory_errors import is_out_of_memory
from dinocell_app.jobs.events import EpochFinished, Event, JobFinished, JobStarted, Notice, StepFinished
from dinocell_app.model.precision import Precision, resolve_precision
from dinocell_training.checkpoint import TrainingState, load_checkpoint, remove_unfinished, save_checkpoint
from dinocell_training.processes import shared_result, wait_for_all
from dinocell_training.validation_history import KeepBest, ValidationHistory

LOADER_PROCESSES = 4
"""A process makes about fifty crops of 256 pixels a second, and a fast GPU learns from some hundred."""

CHECKPOINT_SECONDS = 300.0
"""How much of a long epoch a crash may cost."""


class StepPlan(Protocol):
    """How a run is divided; settings of every training have these."""

    @property
    def epochs(self) -> int:
        """Epochs of the whole run."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch."""

    @property
    def batch_size(self) -> int:
        """Examples at once, on each process."""

    @property
    def accumulation(self) -> int:
        """Batches of a step."""

    @property
    def workers(self) -> int | None:
        """Loader processes; None to choose by device."""

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""


class Training(Protocol):
    """A training that `training_events` can lead through its steps."""

    kind: str
    state: TrainingState
    device: torch.device
    rank: int

    @property
    def plan(self) -> StepPlan:
        """How the run is divided."""

    def start(self, step: int) -> None:
        """Get ready for the given step, the first one of this process."""

    def take_step(self) -> dict[str, float]:
        """Take the next step; give the terms of its loss and their sum "total"."""

    def learning_rate(self) -> float:
        """Tell the learning rate of the step just taken."""

    def validate(self) -> dict[str, float] | None:
        """Measure on held-out examples at the end of an epoch; empty without any, None when broken off."""

    def notices(self) -> Iterable[str]:
        """Say what the person should know at the end of an epoch."""


def training_events(
    training: Training, folder: Path, should_stop: Callable[[], bool], keep: KeepBest | None = None
) -> Iterator[Event]:
    """Train to the end, until held-out examples say that it is no use, or until asked to stop.

    Parameters
    ----------
    folder : Path
        Run folder; `checkpoints/` in it is resumed from, and written to after and within epochs.
    should_stop : callable
        Asked before every step.
    keep : KeepBest, optional
        The weights that are kept from the best epoch, and how long a better one is waited for.

    Yields
    ------
    Event
        JobStarted, StepFinished, Notice, EpochFinished and at last JobFinished.
    """
    started = epoch_started = time.monotonic()
    checkpoints = folder / "checkpoints"
    plan, state = training.plan, training.state
    resumed = _resume(training, checkpoints)
    history = ValidationHistory(checkpoints)
    history.forget_after(state.step // plan.steps_per_epoch)
    yield JobStarted(training.kind, plan.total_steps, state.step, str(training.device))
    if resumed:
        yield Notice(f"Resumed after step {state.step}")
    training.start(state.step)
    saved = time.monotonic()
    stopped = False
    while True:
        epoch, since = divmod(state.step, plan.steps_per_epoch)
        to_score = not since and (epoch > 0 or (keep is not None and keep.scores_start))
        if to_score and epoch not in history.epochs:
            values = shared_result(training.validate if training.rank == 0 else None)
            if values is None:
                stopped = True
                break
            history.add(epoch, values, keep.network if keep else None, write=training.rank == 0)
            yield from (Notice(message) for message in training.notices())
            sums = state.epoch_losses if epoch else {}
            losses = {name: total / plan.steps_per_epoch for name, total in sums.items()}
            yield EpochFinished(epoch, plan.epochs, losses, values, time.monotonic() - epoch_started)
            epoch_started = time.monotonic()
        if keep and history.is_over(epoch, keep.patience) and not since:
            yield Notice(f"Ended after epoch {epoch}: nothing got better since epoch {history.best_epoch}")
            break
        if state.step >= plan.total_steps:
            break
        if should_stop():
            stopped = True
            _save(training, checkpoints)
            break
        losses = step_within_memory(training)
        state.add_losses(losses, first=not since)
        yield StepFinished(state.step, plan.total_steps, losses, training.learning_rate())
        if state.step % plan.steps_per_epoch == 0:
            _save(training, checkpoints)
            saved = time.monotonic()
        elif training.rank == 0 and time.monotonic() - saved > CHECKPOINT_SECONDS:
            save_checkpoint(state, checkpoints)
            saved = time.monotonic()
    yield JobFinished(state.step // plan.steps_per_epoch, 0, time.monotonic() - started, stopped=stopped)


def step_within_memory(training: Training) -> dict[str, float]:
    """Take the next step, and say what can be done when the memory does not suffice.

    Returns
    -------
    dict of str to float
        Terms of the loss and their sum "total".

    Raises
    ------
    UserFacingError
        If the memory of the device does not suffice.
    """
    try:
        return training.take_step()
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RuntimeError) and not is_out_of_memory(error):
            raise
        raise UserFacingError(
            f"The memory of {training.device} does not suffice for {training.plan.batch_size} examples",
            remedy="Choose a smaller batch (more accumulation keeps the step as it is), or smaller crops",
        ) from error


@dataclass(frozen=True)
class Share:
    """Which of the examples a process takes."""

    rank: int
    world_size: int
    device: torch.device


class TimedBatches(Iterator[Any]):
    """Batches of a loader, and how long they were waited for."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches
        self.seconds = 0.0

    def __next__(self) -> Any:  # noqa: ANN401 - whatever the data set gives
        """Wait for the next batch."""
        started = time.perf_counter()
        try:
            return next(self._batches)
        finally:
            self.seconds += time.perf_counter() - started


def loader_processes(wanted: int | None, device: torch.device) -> int:
    """Choose how many processes load examples.

    Parameters
    ----------
    wanted : int or None
        What a person chose, if they did.

    Returns
    -------
    int
        A GPU would wait for a single process; a CPU is slower than its loader and needs its cores itself.
        A packaged application cannot start copies of itself for this.
    """
    if wanted is not None:
        return wanted
    if device.type != "cuda" or getattr(sys, "frozen", False):
        return 0
    return max(0, min(LOADER_PROCESSES, (os.cpu_count() or 1) - 1))


def batches_from(dataset: Dataset[Any], plan: StepPlan, step: int, share: Share) -> TimedBatches:
    """Load from the example on which a step begins; each process takes its own.

    Parameters
    ----------
    dataset : Dataset
        The n-th example depends on n alone.
    step : int
        The first one.

    Returns
    -------
    TimedBatches
        Batches of examples.
    """
    per_step = plan.batch_size * plan.accumulation
    first = step * per_step * share.world_size + share.rank
    indices = range(first, plan.total_steps * per_step * share.world_size, share.world_size)
    loader = DataLoader(
        dataset,
        batch_size=plan.batch_size,
        sampler=indices,
        num_workers=loader_processes(plan.workers, share.device),
        # A loader without a generator draws from the global one, and a resumed run would differ.
        generator=torch.Generator(),
        pin_memory=share.device.type == "cuda",
    )
    return TimedBatches(iter(loader))


def mean_losses(losses: Sequence[dict[str, float]]) -> dict[str, float]:
    """Average loss terms.

    Returns
    -------
    dict of str to float
        Empty for none.
    """
    if not losses:
        return {}
    return {name: sum(entry[name] for entry in losses) / len(losses) for name in losses[0]}


def loss_scaler(precision: Precision, device: torch.device) -> torch.amp.GradScaler:
    """Make what keeps small gradients from vanishing in fp16.

    Parameters
    ----------
    precision : {"auto", "fp32", "bf16", "fp16"}

    Returns
    -------
    GradScaler
        Does nothing in other precisions.
    """
    half = resolve_precision(precision, device) == torch.float16
    return torch.amp.GradScaler(device.type, enabled=half and device.type == "cuda")


def choose_attention(network: nn.Module, device: torch.device, precision: Precision) -> None:
    """Take plain matrix products for attention on a CPU in bf16: a third faster than the fused kernel.

    Parameters
    ----------
    network : Module
        Its attention layers are changed in place.
    precision : {"auto", "fp32", "bf16", "fp16"}
    """
    fused = not (device.type == "cpu" and resolve_precision(precision, device) == torch.bfloat16)
    for module in network.modules():
        if hasattr(module, "fused_attn"):
            setattr(module, "fused_attn", fused)  # noqa: B010 - mypy takes attributes of modules for tensors


def _resume(training: Training, checkpoints: Path) -> bool:
    if training.rank == 0:
        remove_unfinished(checkpoints)
    return load_checkpoint(training.state, checkpoints)


def _save(training: Training, checkpoints: Path) -> None:
    if training.rank == 0:
        save_checkpoint(training.state, checkpoints)
    wait_for_all()
