"""Supervised fine-tuning of the segmentation network (paper 3.3.3 to 3.3.5).

A generator of events: it takes one set of parameters, yields what happened and knows neither thread
nor progress bar. Runs resume on the very step where they stopped.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from dinocell_app.events import EpochFinished, Event, JobFinished, JobStarted, Notice, StepFinished
from dinocell_app.model.objective import Objective
from dinocell_app.model.precision import Precision, autocast, resolve_precision
from training.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from training.schedule import Schedule, parameter_groups


@dataclass(frozen=True)
class FineTuningParameters:
    """How the network is trained; the defaults are the paper's (3.3.3).

    Parameters
    ----------
    epochs, steps_per_epoch, batch_size : int
        A step takes `batch_size` crops on each process.
    accumulation : int
        Batches whose gradients are added up before a step.
    learning_rate : float
        Of the whole network, or of all but the encoder.
    encoder_learning_rate : float or None
        None for the same rate throughout, as the paper found best.
    weight_decay : float
    warmup_epochs : int
    decay_start_epoch : int or None
        Epoch at which the decay begins; None for the end of the warm-up.
    average_decay : float
        Of the moving average of the weights that is kept as the result; 0 for none.
    gradient_clip : float
        Greatest norm of the gradient; 0 for none.
    precision : {"auto", "fp32", "bf16", "fp16"}
        Of the forward and backward pass; fp16 scales the loss and needs CUDA.
    loss_weights : mapping of str to float
        Factors of the objective's loss terms, 1 where not named.
    workers : int
        Loader processes.
    seed : int
    """

    epochs: int = 40
    steps_per_epoch: int = 250
    batch_size: int = 8
    accumulation: int = 1
    learning_rate: float = 2e-5
    encoder_learning_rate: float | None = None
    weight_decay: float = 1e-4
    warmup_epochs: int = 8
    decay_start_epoch: int | None = None
    average_decay: float = 0.0
    gradient_clip: float = 0.0
    precision: Precision = "fp32"
    loss_weights: dict[str, float] = field(default_factory=dict)
    workers: int = 0
    seed: int = 0

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def schedule(self) -> Schedule:
        """Give the learning rate over the steps.

        Returns
        -------
        Schedule
        """
        start = self.warmup_epochs if self.decay_start_epoch is None else self.decay_start_epoch
        return Schedule(
            warmup=self.warmup_epochs * self.steps_per_epoch,
            decay_start=start * self.steps_per_epoch,
            total=self.total_steps,
        )


CropBatch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class FineTuningData:
    """Where examples come from.

    Parameters
    ----------
    training : Dataset
        The n-th example depends on n alone (`training.crops.CropDataset`).
    validation : Dataset or None
        Held-out crops for the validation loss; as many as its length.
    """

    training: Dataset[CropBatch]
    validation: Dataset[CropBatch] | None = None


class FineTuning:
    """One run: network, optimiser, averaged weights and where it stands.

    Parameters
    ----------
    network : Segmenter
        Trained in place.
    objective : Objective
    data : FineTuningData
    parameters : FineTuningParameters
    device : device
    """

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        data: FineTuningData,
        parameters: FineTuningParameters,
        device: torch.device,
    ) -> None:
        torch.manual_seed(parameters.seed)
        self.objective = objective
        self.data = data
        self.parameters = parameters
        self.device = device
        self.rank, self.world_size = process_rank()
        network = network.to(device).to(memory_format=torch.channels_last)
        _choose_attention(network, device, parameters.precision)
        average = copy.deepcopy(network).requires_grad_(False).eval() if parameters.average_decay else None
        rate = parameters.learning_rate
        encoder_rate = parameters.encoder_learning_rate
        optimiser = torch.optim.AdamW(
            parameter_groups(
                network, rate, rate if encoder_rate is None else encoder_rate, parameters.weight_decay
            )
        )
        self.state = TrainingState(network, average, optimiser)
        self._trained: nn.Module = (
            DistributedDataParallel(network) if distributed.is_initialized() else network
        )
        half = resolve_precision(parameters.precision, device) == torch.float16
        self._scaler = torch.amp.GradScaler(device.type, enabled=half and device.type == "cuda")

    @property
    def result(self) -> nn.Module:
        """The network to keep: the moving average where there is one."""
        return self.state.average if self.state.average is not None else self.state.network

    def run(self, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train to the end, or until asked to stop.

        Parameters
        ----------
        folder : Path
            Run folder; `checkpoints/` in it is resumed from and written to after each epoch.
        should_stop : callable
            Asked before every step.

        Yields
        ------
        Event
            JobStarted, StepFinished, EpochFinished and at last JobFinished.
        """
        started = time.monotonic()
        checkpoints = folder / "checkpoints"
        resumed = load_checkpoint(self.state, checkpoints)
        parameters = self.parameters
        yield JobStarted("finetune", parameters.total_steps, self.state.step, str(self.device))
        if resumed:
            yield Notice(f"Resumed after step {self.state.step}")
        batches = self._batches(self.state.step)
        epoch_losses: list[dict[str, float]] = []
        epoch_started = time.monotonic()
        stopped = False
        while self.state.step < parameters.total_steps:
            if should_stop():
                stopped = True
                break
            losses = self._step(batches)
            epoch_losses.append(losses)
            rate = self.state.optimiser.param_groups[-1]["lr"]
            yield StepFinished(self.state.step, parameters.total_steps, losses, rate)
            if self.state.step % parameters.steps_per_epoch == 0:
                self._save(checkpoints)
                yield EpochFinished(
                    self.state.step // parameters.steps_per_epoch,
                    parameters.epochs,
                    mean_losses(epoch_losses),
                    self.validate(),
                    time.monotonic() - epoch_started,
                )
                epoch_losses, epoch_started = [], time.monotonic()
        if stopped:
            self._save(checkpoints)
        yield JobFinished(
            self.state.step // parameters.steps_per_epoch, 0, time.monotonic() - started, stopped=stopped
        )

    def validate(self) -> dict[str, float]:
        """Measure the loss of the result on the held-out crops.

        Returns
        -------
        dict of str to float
            Mean of each loss term and their sum "total"; empty without held-out crops.
        """
        if self.data.validation is None:
            return {}
        network = self.result
        was_training = network.training
        network.eval()
        losses = []
        with torch.inference_mode():
            crops = DataLoader(
                self.data.validation, batch_size=self.parameters.batch_size, generator=torch.Generator()
            )
            for batch in crops:
                losses.append({name: float(v) for name, v in self._losses(network, batch).items()})
        network.train(was_training)
        return mean_losses(losses)

    def _save(self, checkpoints: Path) -> None:
        if self.rank == 0:
            save_checkpoint(self.state, checkpoints)
        if distributed.is_initialized():
            distributed.barrier()

    def _batches(self, step: int) -> Iterator[CropBatch]:
        """Load from the example on which the given step begins; each process takes its own."""
        parameters = self.parameters
        per_step = parameters.batch_size * parameters.accumulation
        first = step * per_step * self.world_size + self.rank
        indices = range(first, parameters.total_steps * per_step * self.world_size, self.world_size)
        return iter(
            DataLoader(
                self.data.training,
                batch_size=parameters.batch_size,
                sampler=indices,
                num_workers=parameters.workers,
                # A loader without a generator draws from the global one, and a resumed run would differ.
                generator=torch.Generator(),
                pin_memory=self.device.type == "cuda",
            )
        )

    def _step(self, batches: Iterator[CropBatch]) -> dict[str, float]:
        parameters, state = self.parameters, self.state
        factor = parameters.schedule().factor(state.step)
        for group in state.optimiser.param_groups:
            group["lr"] = group["base_rate"] * factor
        self._trained.train()
        state.optimiser.zero_grad(set_to_none=True)
        reported = []
        for index in range(parameters.accumulation):
            last = index == parameters.accumulation - 1
            with nullcontext() if last else self._unsynchronised():
                losses = self._losses(self._trained, next(batches))
                scaled = self._scaler.scale(losses["total"] / parameters.accumulation)
                scaled.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
            reported.append({name: float(value.detach()) for name, value in losses.items()})
        if parameters.gradient_clip:
            self._scaler.unscale_(state.optimiser)
            nn.utils.clip_grad_norm_(state.network.parameters(), parameters.gradient_clip)
        self._scaler.step(state.optimiser)
        self._scaler.update()
        state.step += 1
        self._update_average()
        return mean_losses(reported)

    def _unsynchronised(self) -> AbstractContextManager[object]:
        if isinstance(self._trained, DistributedDataParallel):
            return self._trained.no_sync()
        return nullcontext()

    def _losses(self, network: nn.Module, batch: CropBatch) -> dict[str, torch.Tensor]:
        tiles, target, weight = (part.to(self.device, non_blocking=True) for part in batch)
        tiles = tiles.contiguous(memory_format=torch.channels_last)
        with autocast(self.parameters.precision, self.device):
            prediction = network(tiles)
        terms = self.objective.losses(prediction.float(), target, weight)
        weights = self.parameters.loss_weights
        total = torch.stack([weights.get(name, 1.0) * term for name, term in terms.items()]).sum()
        return {**terms, "total": total}

    @torch.no_grad()
    def _update_average(self) -> None:
        """Move the average towards the weights; early steps move it faster, so that it forgets the start."""
        if self.state.average is None:
            return
        step = self.state.step
        decay = min(self.parameters.average_decay, (1 + step) / (10 + step))
        for mean, value in zip(self.state.average.parameters(), self.state.network.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)


def process_rank() -> tuple[int, int]:
    """Join the processes that `torchrun` started, if it did.

    Returns
    -------
    rank, world_size : int
        0 and 1 in a plain process.
    """
    if "WORLD_SIZE" not in os.environ or not distributed.is_available():
        return 0, 1
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return distributed.get_rank(), distributed.get_world_size()


def mean_losses(losses: Sequence[dict[str, float]]) -> dict[str, float]:
    """Average loss terms.

    Parameters
    ----------
    losses : sequence of dict of str to float

    Returns
    -------
    dict of str to float
        Empty for none.
    """
    if not losses:
        return {}
    return {name: sum(entry[name] for entry in losses) / len(losses) for name in losses[0]}


def _choose_attention(network: nn.Module, device: torch.device, precision: Precision) -> None:
    """Take plain matrix products for attention on a CPU in bf16: a third faster than the fused kernel."""
    fused = not (device.type == "cpu" and resolve_precision(precision, device) == torch.bfloat16)
    for module in network.modules():
        if hasattr(module, "fused_attn"):
            setattr(module, "fused_attn", fused)  # noqa: B010 - mypy takes attributes of modules for tensors
