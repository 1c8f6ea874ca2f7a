"""Supervised fine-tuning of the segmentation network (paper 3.3.3 to 3.3.5).

A generator of events: it takes one set of parameters, yields what happened and knows neither thread
nor progress bar. Runs resume on the very step where they stopped.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from dinocell_app.jobs.events import Event
from dinocell_app.jobs.training_settings import TrainingSettings
from dinocell_app.model.objective import Objective
from dinocell_app.model.precision import autocast
from dinocell_training.checkpoint import TrainingState
from dinocell_training.processes import agreed, process_rank, together, without_averaging
from dinocell_training.schedule import parameter_groups, schedule_of
from dinocell_training.training_loop import (
    Share,
    TimedBatches,
    batches_from,
    choose_attention,
    loss_scaler,
    mean_losses,
    training_events,
)
from dinocell_training.validation_history import KeepBest, restore_best

CropBatch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class FineTuningData:
    """Where examples come from.

    Parameters
    ----------
    training : Dataset
        The n-th example depends on n alone (`dinocell_training.crops.CropDataset`).
    validation : Dataset or None
        Held-out crops for the validation loss; as many as its length.
    decoded : callable or None
        Scores a network on held-out images after an epoch, whose number it is told; it asks whether it
        should stop, and gives None when it should.
    """

    training: Dataset[CropBatch]
    validation: Dataset[CropBatch] | None = None
    decoded: Callable[[nn.Module, int, Callable[[], bool]], dict[str, float] | None] | None = None


class FineTuning:
    """One run: network, optimiser, averaged weights and where it stands.

    Parameters
    ----------
    network : Segmenter
        Trained in place.
    """

    kind = "finetune"

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        data: FineTuningData,
        parameters: TrainingSettings,
        device: torch.device,
    ) -> None:
        torch.manual_seed(parameters.seed)
        self.objective = objective
        self.data = data
        self.parameters = self.plan = parameters
        self.device = device
        self.rank, self.world_size = process_rank()
        network = network.to(device).to(memory_format=torch.channels_last)
        if parameters.encoder_learning_rate == 0:
            # A still encoder needs no gradients: less than half of the time, and far less memory.
            network.get_submodule("backbone").requires_grad_(False)
        _freeze_first_blocks(network, parameters.frozen_blocks)
        choose_attention(network, device, parameters.precision)
        average = copy.deepcopy(network).requires_grad_(False).eval() if parameters.average_decay else None
        rate = parameters.learning_rate
        encoder_rate = parameters.encoder_learning_rate
        optimiser = torch.optim.AdamW(
            parameter_groups(
                network, rate, rate if encoder_rate is None else encoder_rate, parameters.weight_decay
            )
        )
        self._scaler = loss_scaler(parameters.precision, device)
        self.state = TrainingState(network, average, optimiser, scaler=self._scaler)
        self._trained = together(network)
        self._batches = TimedBatches(iter(()))
        self._should_stop: Callable[[], bool] = lambda: False

    @property
    def result(self) -> nn.Module:
        """The network to keep: the moving average where there is one."""
        return self.state.average if self.state.average is not None else self.state.network

    @property
    def loading_seconds(self) -> float:
        """How long crops were waited for since the start."""
        return self._batches.seconds

    def run(
        self,
        folder: Path,
        should_stop: Callable[[], bool] = lambda: False,
        *,
        patience: int = 0,
        scores_start: bool = False,
    ) -> Iterator[Event]:
        """Train to the end, until held-out crops say that it is no use, or until asked to stop.

        Parameters
        ----------
        folder : Path
            Run folder; `checkpoints/` in it is resumed from and written to after each epoch.
        should_stop : callable
            Asked before every step, and in the first process between the batches of a validation.
        patience : int
            Epochs that do not do better on held-out images after which training ends; 0 for never.
        scores_start : bool
            Whether the untouched network is scored before the first step.

        Returns
        -------
        iterator of Event
            JobStarted, StepFinished, EpochFinished and at last JobFinished.
        """
        self._should_stop = should_stop
        keep = KeepBest(self.result, patience, scores_start)
        return training_events(self, folder, agreed(should_stop, self.device), keep)

    def restore_best(self, folder: Path) -> int | None:
        """Give the result the weights of the epoch that did best on held-out images.

        Parameters
        ----------
        folder : Path
            Run folder.

        Returns
        -------
        int or None
            The epoch; None when nothing was held out or no epoch ended, and the result is left as it is.
        """
        return restore_best(self.result, folder / "checkpoints")

    def start(self, step: int) -> None:
        """Load from the example on which a step begins."""
        share = Share(self.rank, self.world_size, self.device)
        self._batches = batches_from(self.data.training, self.parameters, step, share)

    def learning_rate(self) -> float:
        """Tell the learning rate of the step just taken, of all but the encoder."""
        return float(self.state.optimiser.param_groups[-1]["lr"])

    def notices(self) -> Iterable[str]:
        """Say what the person should know at the end of an epoch.

        Returns
        -------
        iterable of str
            Nothing.
        """
        return ()

    def validate(self) -> dict[str, float] | None:
        """Measure the result on what is held out.

        Returns
        -------
        dict of str to float or None
            Mean of each loss term over the held-out crops and their sum "total", and what `data.decoded`
            gives; empty without either. None when it was asked to stop before the end.
        """
        losses = self._held_out_losses()
        if losses is None or self.data.decoded is None:
            return losses
        epoch = self.state.step // self.parameters.steps_per_epoch
        decoded = self.data.decoded(self.result, epoch, self._should_stop)
        return None if decoded is None else {**losses, **decoded}

    def _held_out_losses(self) -> dict[str, float] | None:
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
                if self._should_stop():
                    break
                losses.append({name: float(v) for name, v in self._losses(network, batch).items()})
        network.train(was_training)
        return mean_losses(losses) if len(losses) == len(crops) else None

    def take_step(self) -> dict[str, float]:
        """Take the next step.

        Returns
        -------
        dict of str to float
            Terms of the loss and their sum "total".
        """
        parameters, state = self.parameters, self.state
        factor = schedule_of(parameters).factor(state.step)
        for group in state.optimiser.param_groups:
            group["lr"] = group["base_rate"] * factor
        self._trained.train()
        state.optimiser.zero_grad(set_to_none=True)
        reported = []
        for index in range(parameters.accumulation):
            last = index == parameters.accumulation - 1
            with nullcontext() if last else without_averaging(self._trained):
                losses = self._losses(self._trained, next(self._batches))
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


def _freeze_first_blocks(network: nn.Module, n_blocks: int) -> None:
    """Leave the first blocks of the encoder, and what comes before them, without gradients."""
    if not n_blocks:
        return
    backbone = network.get_submodule("backbone")
    first = {f"blocks.{number}." for number in range(n_blocks)}
    for name, parameter in backbone.named_parameters():
        if not name.startswith(("blocks.", "norm.")) or any(name.startswith(each) for each in first):
            parameter.requires_grad_(False)
