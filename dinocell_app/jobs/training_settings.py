"""What a user may choose about a training, as it stands in a job.

The training packages are above the jobs, so their parameters are mirrored here; a test holds names and
types together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Settings(BaseModel):
    """Frozen settings that refuse names they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AugmentationSettings(_Settings):
    """How far crops are changed; the fields of `dinocell_training.augmentation.Augmentation`.

    Parameters
    ----------
    geometric : bool
        Flips, any rotation, scale and elastic deformation.
    diameter_range : tuple of float or None
        Pixels; the cells of a crop are brought to a diameter drawn from this range. None for that at which
        the base model will be shown them (`dinocell_training.taught_scale`).
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
    """How the network is trained; the fields of `dinocell_training.fine_tuning.FineTuningParameters`.

    Parameters
    ----------
    epochs, steps_per_epoch, batch_size : int
        A step takes `batch_size` crops on each process.
    accumulation : int
        Batches whose gradients are added up before a step.
    learning_rate : float
        Of the whole network, or of all but the encoder.
    encoder_learning_rate : float or None
        None for the same rate throughout; 0 leaves the encoder as it is, which is much faster.
    decay_start_epoch : int or None
        None for the end of the warm-up.
    average_decay : float
        Of the moving average of the weights; 0 for none.
    gradient_clip : float
        Greatest norm of the gradient; 0 for none.
    precision : {"auto", "fp32", "bf16", "fp16"}
    loss_weights : dict of str to float
        Factors of loss terms, 1 where not named.
    workers : int or None
        Loader processes; None for a few beside a GPU and none otherwise.
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
    workers: int | None = Field(default=None, ge=0)
    seed: int = 0


class AdaptationSettings(_Settings):
    """How a transformer learns from pictures without labels; the defaults are the preset "dinocell-paper".

    Values of the DINOCell paper (3.3.2 and 3.3.4) go before those of DINOv2
    (`ssl_default_config.yaml`), which hold where the paper names none.

    Parameters
    ----------
    epochs, steps_per_epoch, batch_size : int
        A step takes `batch_size` pictures on each process; the paper's epochs are of 1,000 pictures a GPU.
    accumulation : int
        Batches whose gradients are added up before a step.
    global_size, local_size : int
        Edge of the views in pixels, rounded up to whole patches: 508 becomes 518 with patches of 14, which
        is the size DINOv2 ends its training with.
    n_local : int
        Small views of a picture, beside two large ones.
    n_prototypes, hidden_width, bottleneck_width : int
        Of the heads.
    separate_heads : bool
        Whether class and patch tokens have a head each.
    centering : {"moving_average", "sinkhorn_knopp"}
        Of the teacher's scores.
    patch_loss_weight, koleo_weight : float
        Factors of these loss terms beside that of class tokens; 0 leaves a term out.
    mask_probability : float
        Share of the large views that have patches hidden.
    mask_share : tuple of float
        Smallest and largest share of the patches that is hidden.
    learning_rate : float
        For `reference_batch_size` pictures in a step; it goes with the root of their number.
    layer_decay : float
        Factor of the learning rate from one block to the one before it.
    patch_embedding_rate : float
        Factor of the learning rate of the patch projection.
    warmup_epochs : int
        In which the learning rate rises.
    frozen_last_layer_epochs : int
        In which the prototypes stay as they are.
    teacher_momentum : float
        Share of the old teacher in the new one at first; it rises to 1.
    drop_path : float
        Rate of stochastic depth in all blocks of the student.
    gradient_clip : float
        Greatest norm of the gradient of the transformer and of each head; 0 for none.
    precision : {"auto", "fp32", "bf16", "fp16"}
    workers : int
        Loader processes.
    """

    epochs: int = Field(default=100, ge=1)
    steps_per_epoch: int = Field(default=63, ge=1)
    batch_size: int = Field(default=16, ge=1)
    accumulation: int = Field(default=1, ge=1)
    global_size: int = Field(default=508, ge=16)
    local_size: int = Field(default=210, ge=8)
    n_local: int = Field(default=8, ge=0)
    n_prototypes: int = Field(default=8192, ge=2)
    hidden_width: int = Field(default=2048, ge=1)
    bottleneck_width: int = Field(default=256, ge=2)
    separate_heads: bool = True
    centering: Literal["moving_average", "sinkhorn_knopp"] = "moving_average"
    patch_loss_weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    koleo_weight: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    mask_probability: float = Field(default=0.5, ge=0, le=1)
    mask_share: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]] = (0.1, 0.5)
    learning_rate: float = Field(default=2e-4, gt=0, allow_inf_nan=False)
    reference_batch_size: int = Field(default=1024, ge=1)
    final_learning_rate: float = Field(default=1e-6, ge=0, allow_inf_nan=False)
    layer_decay: float = Field(default=0.9, gt=0, le=1)
    patch_embedding_rate: float = Field(default=0.2, ge=0, le=1)
    weight_decay: float = Field(default=0.04, ge=0, allow_inf_nan=False)
    final_weight_decay: float = Field(default=0.4, ge=0, allow_inf_nan=False)
    warmup_epochs: int = Field(default=10, ge=0)
    frozen_last_layer_epochs: int = Field(default=1, ge=0)
    teacher_momentum: float = Field(default=0.992, ge=0, le=1)
    warmup_teacher_temperature: float = Field(default=0.04, gt=0, allow_inf_nan=False)
    teacher_temperature: float = Field(default=0.07, gt=0, allow_inf_nan=False)
    temperature_warmup_epochs: int = Field(default=30, ge=0)
    drop_path: float = Field(default=0.2, ge=0, lt=1)
    gradient_clip: float = Field(default=3.0, ge=0, allow_inf_nan=False)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    workers: int = Field(default=0, ge=0)
    seed: int = 0

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch
