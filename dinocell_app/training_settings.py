"""What a user may choose about a training, as it stands in a job.

The training packages are above the jobs, so their parameters are mirrored here; a test holds names and
types together.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Settings(BaseModel):
    """Frozen settings that refuse names they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AugmentationSettings(_Settings):
    """How far crops are changed; the fields of `training.augmentation.Augmentation`.

    Parameters
    ----------
    geometric : bool
        Flips, any rotation, scale and elastic deformation.
    diameter_range : tuple of float or None
        Pixels; the cells of a crop are brought to a diameter drawn from this range.
    elastic : float
        Greatest displacement as a share of the crop's edge.
    brightness : tuple of float
        Range of the brightness factor.
    inversion : float
        Probability that grey values are inverted.
    strong_intensity : bool
        Also gamma, contrast, blur, noise and uneven light.
    """

    geometric: bool = True
    diameter_range: tuple[float, float] | None = None
    elastic: float = Field(default=0.03, ge=0, le=0.5)
    brightness: tuple[float, float] = (0.95, 1.05)
    inversion: float = Field(default=0.5, ge=0, le=1)
    strong_intensity: bool = False


class TrainingSettings(_Settings):
    """How the network is trained; the fields of `training.fine_tuning.FineTuningParameters`.

    Parameters
    ----------
    epochs, steps_per_epoch, batch_size : int
        A step takes `batch_size` crops on each process.
    accumulation : int
        Batches whose gradients are added up before a step.
    learning_rate : float
        Of the whole network, or of all but the encoder.
    encoder_learning_rate : float or None
        None for the same rate throughout.
    weight_decay : float
    warmup_epochs : int
    decay_start_epoch : int or None
        None for the end of the warm-up.
    average_decay : float
        Of the moving average of the weights; 0 for none.
    gradient_clip : float
        Greatest norm of the gradient; 0 for none.
    precision : {"auto", "fp32", "bf16", "fp16"}
    loss_weights : dict of str to float
        Factors of loss terms, 1 where not named.
    workers : int
        Loader processes.
    seed : int
    """

    epochs: int = Field(default=40, ge=1)
    steps_per_epoch: int = Field(default=250, ge=1)
    batch_size: int = Field(default=8, ge=1)
    accumulation: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=2e-5, gt=0, allow_inf_nan=False)
    encoder_learning_rate: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    weight_decay: float = Field(default=1e-4, ge=0, allow_inf_nan=False)
    warmup_epochs: int = Field(default=8, ge=0)
    decay_start_epoch: int | None = Field(default=None, ge=0)
    average_decay: float = Field(default=0.0, ge=0, lt=1)
    gradient_clip: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "fp32"
    loss_weights: dict[str, float] = Field(default_factory=dict)
    workers: int = Field(default=0, ge=0)
    seed: int = 0
