"""What changes over a self-distillation run, and the rates of its layers (DINOv2)."""

from __future__ import annotations

import math
import re
from typing import Any

from torch import nn

from dinocell_app.jobs.training_settings import AdaptationSettings

FINAL_TEACHER_MOMENTUM = 1.0
_LAST_LAYER = "prototypes"


def warmed_cosine(step: int, *, warmup: int, total: int, values: tuple[float, float, float]) -> float:
    """Go in a line to a peak, then along half a cosine to an end.

    Parameters
    ----------
    step : int
        Counted from 0.
    warmup : int
        Steps of the line; the peak is reached at this step.
    total : int
        Steps of the whole run.
    values : tuple of float
        At step 0, at the peak and at the end.
    """
    start, peak, end = values
    if step < warmup:
        return start + (peak - start) * step / warmup
    progress = min(1.0, (step - warmup) / max(1, total - warmup))
    return end + 0.5 * (peak - end) * (1 + math.cos(math.pi * progress))


class AdaptationSchedule:
    """Rates, temperature and momentum at every step.

    Parameters
    ----------
    n_processes : int
        The learning rate grows with the root of the pictures in a step of all processes.
    """

    def __init__(self, settings: AdaptationSettings, n_processes: int = 1) -> None:
        self.settings = settings
        pictures = settings.batch_size * settings.accumulation * n_processes
        self.peak_learning_rate = settings.learning_rate * math.sqrt(pictures / settings.reference_batch_size)

    def learning_rate(self, step: int) -> float:
        """Give the base learning rate.

        Returns
        -------
        float
            From 0 to its peak in the warm-up, then a cosine to `final_learning_rate`.
        """
        settings = self.settings
        peak = self.peak_learning_rate
        return warmed_cosine(
            step,
            warmup=settings.warmup_epochs * settings.steps_per_epoch,
            total=settings.total_steps,
            values=(0.0, peak, min(settings.final_learning_rate, peak)),
        )

    def weight_decay(self, step: int) -> float:
        """Give the weight decay.

        Returns
        -------
        float
            A cosine over the whole run.
        """
        start, end = self.settings.weight_decay, self.settings.final_weight_decay
        return warmed_cosine(step, warmup=0, total=self.settings.total_steps, values=(start, start, end))

    def teacher_momentum(self, step: int) -> float:
        """Give the share of the old teacher in the new one.

        Returns
        -------
        float
            A cosine to 1, at which the teacher stands still.
        """
        start = self.settings.teacher_momentum
        return warmed_cosine(
            step, warmup=0, total=self.settings.total_steps, values=(start, start, FINAL_TEACHER_MOMENTUM)
        )

    def teacher_temperature(self, step: int) -> float:
        """Give the temperature of the teacher's softmax.

        Returns
        -------
        float
            A line in the warm-up, constant afterwards.
        """
        settings = self.settings
        start, end = settings.warmup_teacher_temperature, settings.teacher_temperature
        warmup = settings.temperature_warmup_epochs * settings.steps_per_epoch
        return warmed_cosine(step, warmup=warmup, total=settings.total_steps, values=(start, end, end))

    def is_last_layer_frozen(self, step: int) -> bool:
        """Tell whether the prototypes stay as they are, which steadies the beginning."""
        return step < self.settings.frozen_last_layer_epochs * self.settings.steps_per_epoch

    def apply(self, groups: list[dict[str, Any]], step: int) -> None:
        """Set the rates of an optimiser's groups.

        Parameters
        ----------
        groups : list of dict
            From `layer_groups`.
        step : int
            The one about to be taken.
        """
        rate, decay = self.learning_rate(step), self.weight_decay(step)
        frozen = self.is_last_layer_frozen(step)
        for group in groups:
            still = frozen and group["is_last_layer"]
            group["lr"] = 0.0 if still else rate * group["rate_factor"]
            group["weight_decay"] = decay * group["decay_factor"]


def layer_groups(network: nn.Module, n_blocks: int, settings: AdaptationSettings) -> list[dict[str, Any]]:
    """Split the student's parameters by learning rate, weight decay and freezing.

    Parameters
    ----------
    network : Module
        With the transformer below `backbone`, a `mask_token` and heads.
    n_blocks : int
        Of the transformer.

    Returns
    -------
    list of dict
        Groups for a torch optimiser, with "rate_factor", "decay_factor" and "is_last_layer".
    """
    groups: dict[tuple[float, float, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        layer = _layer(name, n_blocks)
        rate = settings.layer_decay ** (n_blocks + 1 - layer)
        if "patch_embed" in name:
            rate *= settings.patch_embedding_rate
        decayed = not (name.endswith((".bias", ".gamma")) or "norm" in name)
        key = (rate, float(decayed), name.endswith(_LAST_LAYER))
        groups.setdefault(key, []).append(parameter)
    return [
        {"params": parameters, "rate_factor": rate, "decay_factor": decay, "is_last_layer": last}
        for (rate, decay, last), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def _layer(name: str, n_blocks: int) -> int:
    """Give a layer's number, from 0 for embeddings and tokens to `n_blocks` + 1 for the heads."""
    block = re.match(r"backbone\.blocks\.(\d+)\.", name)
    if block:
        return int(block[1]) + 1
    embeds = ("backbone.patch_embed", "backbone.pos_embed", "backbone.cls_token", "backbone.reg_token")
    return 0 if name.startswith((*embeds, "mask_token")) else n_blocks + 1
