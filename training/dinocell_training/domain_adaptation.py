"""Self-supervised domain adaptation: a transformer goes on learning as DINOv2 did, from pictures alone.

Paper 3.3.1 and 3.3.2. A generator of events like fine-tuning, with the same checkpoints and stops.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from dinocell_app.jobs.events import Event
from dinocell_app.jobs.training_settings import AdaptationSettings
from dinocell_app.model.precision import autocast
from dinocell_training.checkpoint import TrainingState
from dinocell_training.processes import agreed, process_rank, together, without_averaging
from dinocell_training.self_distillation.collapse import CollapseWatch
from dinocell_training.self_distillation.masks import MaskParameters, view_masks
from dinocell_training.self_distillation.multi_crop import N_LARGE, ViewSizes
from dinocell_training.self_distillation.pictures import Picture, ViewDataset
from dinocell_training.self_distillation.schedules import AdaptationSchedule, layer_groups
from dinocell_training.self_distillation.student_teacher import (
    DistillationNetwork,
    Teacher,
    Views,
    distillation_loss,
    set_drop_path,
)
from dinocell_training.training_loop import (
    Share,
    TimedBatches,
    batches_from,
    choose_attention,
    loss_scaler,
    mean_losses,
    training_events,
)


class DomainAdaptation:
    """One run: student, teacher, optimiser and where it stands.

    Parameters
    ----------
    backbone : VisionTransformer
        What is adapted; it is copied.
    """

    kind = "adapt"

    def __init__(
        self,
        backbone: VisionTransformer,
        pictures: Sequence[Picture],
        settings: AdaptationSettings,
        device: torch.device,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings = self.plan = settings
        self.device = device
        self.rank, self.world_size = process_rank()
        edge = patch_edge(backbone)
        sizes = ViewSizes(
            _whole_patches(settings.global_size, edge),
            _whole_patches(settings.local_size, edge),
            settings.n_local,
        )
        self._grid = sizes.large // edge
        self._data = ViewDataset(pictures, sizes, settings.seed)
        student = DistillationNetwork(copy.deepcopy(backbone).requires_grad_(True), settings)
        set_drop_path(student.backbone, settings.drop_path)
        choose_attention(student, device, settings.precision)
        student = student.to(device).train()
        teacher = Teacher(student, settings).to(device)
        self.schedule = AdaptationSchedule(settings, self.world_size)
        # Rates are set before each step.
        optimiser = torch.optim.AdamW(layer_groups(student, len(backbone.blocks), settings), lr=0.0)
        self._scaler = loss_scaler(settings.precision, device)
        self.state = TrainingState(student, teacher, optimiser, scaler=self._scaler)
        self._student, self._teacher = student, teacher
        self._trained = together(student)
        self._batches = TimedBatches(iter(()))
        self._watch = CollapseWatch(settings.n_prototypes)

    @property
    def result(self) -> VisionTransformer:
        """The adapted transformer: the teacher's, which is the better of the two."""
        return self._teacher.network.backbone

    @property
    def loading_seconds(self) -> float:
        """How long views were waited for since the start."""
        return self._batches.seconds

    def run(self, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Adapt to the end or until asked to stop.

        Parameters
        ----------
        folder : Path
            Run folder; `checkpoints/` in it is resumed from and written to.
        should_stop : callable
            Asked before every step.

        Returns
        -------
        iterator of Event
            JobStarted, StepFinished, Notice, EpochFinished and at last JobFinished.
        """
        return training_events(self, folder, agreed(should_stop, self.device))

    def start(self, step: int) -> None:
        """Load from the example on which a step begins."""
        share = Share(self.rank, self.world_size, self.device)
        self._batches = batches_from(self._data, self.settings, step, share)

    def learning_rate(self) -> float:
        """Tell the base learning rate of the step just taken."""
        return self.schedule.learning_rate(max(0, self.state.step - 1))

    def validate(self) -> dict[str, float] | None:
        """Measure nothing: there are no labels, and the loss of a moving teacher has no meaning of its own.

        Returns
        -------
        dict of str to float
            Empty.
        """
        return {}

    def notices(self) -> Iterable[str]:
        """Say whether pictures are still told apart."""
        return self._watch.report()

    def take_step(self) -> dict[str, float]:
        """Take the next step.

        Returns
        -------
        dict of str to float
            Terms of the loss and their sum "total".
        """
        settings, state = self.settings, self.state
        # Blocks are dropped at random: a step that draws from its own number resumes exactly.
        torch.manual_seed(
            int(np.random.SeedSequence((settings.seed, state.step, self.rank)).generate_state(1)[0])
        )
        self.schedule.apply(state.optimiser.param_groups, state.step)
        state.optimiser.zero_grad(set_to_none=True)
        reported = []
        for index in range(settings.accumulation):
            views = self._next_views(index)
            last = index == settings.accumulation - 1
            with nullcontext() if last else without_averaging(self._trained):
                with autocast(settings.precision, self.device):
                    targets = self._teacher.targets(views, self.schedule.teacher_temperature(state.step))
                    losses = distillation_loss(self._trained, targets, views, settings)
                scaled = self._scaler.scale(losses["total"] / settings.accumulation)
                scaled.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
            self._watch.add(targets["class"], targets["features"])
            reported.append({name: float(value.detach()) for name, value in losses.items()})
        self._clip_gradients()
        self._scaler.step(state.optimiser)
        self._scaler.update()
        self._teacher.follow(self._student, self.schedule.teacher_momentum(state.step))
        state.step += 1
        return mean_losses(reported)

    def _next_views(self, index: int) -> Views:
        large, small = (part.to(self.device, non_blocking=True) for part in next(self._batches))
        settings = self.settings
        rng = np.random.default_rng((settings.seed, 2, self.state.step, index, self.rank))
        parameters = MaskParameters(settings.mask_probability, settings.mask_share)
        masks = view_masks(rng, N_LARGE * len(large), (self._grid, self._grid), parameters)
        return Views(
            large.transpose(0, 1).contiguous(),
            small.transpose(0, 1).contiguous(),
            torch.from_numpy(masks).to(self.device),
        )

    def _clip_gradients(self) -> None:
        if not self.settings.gradient_clip:
            return
        self._scaler.unscale_(self.state.optimiser)
        for part in (self._student.backbone, self._student.class_head, self._student.patch_head):
            if part is not None:
                nn.utils.clip_grad_norm_(part.parameters(), self.settings.gradient_clip)


def patch_edge(backbone: VisionTransformer) -> int:
    """Tell the edge of a patch.

    Returns
    -------
    int
        Pixels.
    """
    return int(backbone.patch_embed.patch_size[0])


def _whole_patches(edge: int, patch: int) -> int:
    return math.ceil(edge / patch) * patch
