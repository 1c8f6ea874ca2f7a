"""Learning rate over a training run and the groups of parameters it applies to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from torch import nn

from dinocell_app.jobs.training_settings import TrainingSettings


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up, an optional constant part, then a cosine decay to zero.

    Parameters
    ----------
    warmup : int
        Steps of linear warm-up (paper 3.3.3: the first 8 of 40 epochs).
    decay_start : int
        Step at which the decay begins; the paper's is the end of the warm-up.
    total : int
        Steps of the whole run.
    """

    warmup: int
    decay_start: int
    total: int

    def factor(self, step: int) -> float:
        """Give the share of the base learning rate at a step.

        Parameters
        ----------
        step : int
            Counted from 0.

        Returns
        -------
        float
            0 to 1.
        """
        if step < self.warmup:
            return (step + 1) / self.warmup
        if step < self.decay_start:
            return 1.0
        progress = (step - self.decay_start) / max(1, self.total - self.decay_start)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def schedule_of(training: TrainingSettings) -> Schedule:
    """Give the learning rate over the steps of a training."""
    start = training.warmup_epochs if training.decay_start_epoch is None else training.decay_start_epoch
    return Schedule(
        warmup=training.warmup_epochs * training.steps_per_epoch,
        decay_start=start * training.steps_per_epoch,
        total=training.total_steps,
    )


def parameter_groups(
    network: nn.Module, learning_rate: float, encoder_learning_rate: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Split parameters by learning rate and by whether weight decay makes sense for them.

    Parameters
    ----------
    network : Module
        A Segmenter; parameters below `backbone` count as the encoder.
    learning_rate, encoder_learning_rate : float
        Base rates of the decoder and the encoder.
    weight_decay : float
        For matrices and kernels; biases, norms, scales, tokens and position embeddings have none.

    Returns
    -------
    list of dict
        Groups for a torch optimiser, with "base_rate" beside the usual keys.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        encoder = name.startswith("backbone.")
        decayed = parameter.ndim > 1 and not name.endswith(("cls_token", "pos_embed", "reg_token"))
        groups.setdefault((encoder, decayed), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": encoder_learning_rate if encoder else learning_rate,
            "base_rate": encoder_learning_rate if encoder else learning_rate,
            "weight_decay": weight_decay if decayed else 0.0,
        }
        for (encoder, decayed), parameters in sorted(groups.items())
    ]
