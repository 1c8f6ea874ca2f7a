"""How long and how thoroughly a model is taught: the presets of the window and of the shell.

The rates are those with which the shipped model was made, lowered for data of one laboratory; the paper's own
are for full-size networks on a cluster (DINOCell, section 3.3.3), and are the defaults of a job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dinocell_app.jobs.training_settings import AugmentationSettings, TrainingSettings


@dataclass(frozen=True)
class TrainingPreset:
    """A way to teach.

    Parameters
    ----------
    description : str
        One sentence.
    crop_size : int
        Pixels.
    patience : int
        Epochs without better held-out images after which teaching ends.
    """

    title: str
    description: str
    training: TrainingSettings
    crop_size: int = 256
    patience: int = 0

    def fields(self) -> dict[str, Any]:
        """Give the fields of a `FineTuneJob` that it chooses."""
        return {
            "crop_size": self.crop_size,
            "synthetic_share": REPLAYED_SHARE,
            "augmentation": AUGMENTATION.model_dump(),
            "training": self.training.model_dump(),
            "patience": self.patience,
        }


REPLAYED_SHARE = 0.15
"""Of drawn crops among those taught: the base model learned from such itself, so that they keep it from
forgetting. They need no file."""


def _settings(epochs: int, steps: int, encoder_rate: float) -> TrainingSettings:
    return TrainingSettings(
        epochs=epochs,
        steps_per_epoch=steps,
        batch_size=4,
        learning_rate=1e-4,
        encoder_learning_rate=encoder_rate,
        weight_decay=1e-2,
        warmup_epochs=1,
        average_decay=0.98,
        gradient_clip=5.0,
        precision="auto",
        loss_weights={"flow_y": 0.5, "flow_x": 0.5, "cell_probability": 2.0},
    )


PRESETS: Mapping[str, TrainingPreset] = MappingProxyType(
    {
        "fast": TrainingPreset(
            "Fast",
            "Teaches the last layers only: a try, or a model that is nearly right already.",
            _settings(8, 50, 0.0),
            crop_size=192,
        ),
        "balanced": TrainingPreset(
            "Balanced",
            "Teaches the whole network for a while; right for most data.",
            _settings(20, 75, 2e-5),
            crop_size=192,
            patience=8,
        ),
        "thorough": TrainingPreset(
            "Thorough",
            "Teaches the whole network for long, with larger crops; overnight without a graphics card.",
            _settings(40, 150, 2e-5),
            patience=12,
        ),
    }
)

AUGMENTATION = AugmentationSettings(brightness=(0.8, 1.2), inversion=0.0)
"""A laboratory's pictures have one polarity; to invert them would teach what it never shows."""

DEFAULT_PRESET = "balanced"
PAPER = "paper"
"""Not among the presets of the window: 37 hours of a processor's core."""

SHELL_PRESETS = (*PRESETS, PAPER)


def preset_fields(name: str) -> dict[str, Any]:
    """Give the fields of a `FineTuneJob` that a preset of the shell chooses; none for the paper's."""
    return {} if name == PAPER else PRESETS[name].fields()
