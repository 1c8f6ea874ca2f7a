"""What a user may choose about a training, as it stands in a job."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dinocell_app.jobs.setting import Setting, Settings

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]
PrecisionName = Annotated[
    Literal["auto", "fp32", "bf16", "fp16"],
    Setting(
        "Precision", "Arithmetic of the network; half precision is faster on graphics cards and some CPUs."
    ),
]
Epochs = Annotated[
    Count, Setting("Epochs", "Number of epochs; the network is scored on held-out data after each.")
]
Accumulation = Annotated[
    Count,
    Setting("Gradient accumulation", "Batches in a step: a larger batch without more memory."),
]
WarmupEpochs = Annotated[
    CountOrZero, Setting("Warm-up", "Epochs in which the learning rate rises.", unit="epochs")
]
GradientClip = Annotated[
    Factor, Setting("Gradient clipping", "Gradients of a larger norm are scaled down to it; 0 for no limit.")
]
Seed = Annotated[int, Setting("Random seed", "The same seed draws the same examples.")]


class AugmentationSettings(Settings):
    """How far crops are changed.

    The paper leaves geometry alone because its targets were too slow to recompute (3.3.4); its brightness is
    0.95 to 1.05.
    """

    geometric: Annotated[
        bool,
        Setting(
            "Rotation, flips and scaling",
            "Any rotation, flips, scaling and elastic deformation.",
            off="Neither rotate, flip, scale nor deform crops.",
            flags=("--no-geometry",),
        ),
    ] = True
    diameter_range: Annotated[
        tuple[float, float] | None,
        Setting(
            "Cell diameters",
            "Cells are scaled to a median diameter drawn from this range.",
            typed="as in 15,72",
            unit="px",
            automatic="that of the base model",
            metavar="PX",
        ),
    ] = None
    elastic: Annotated[
        float, Setting("Elastic deformation", "Greatest displacement as a share of the crop's edge.")
    ] = Field(default=0.03, ge=0, le=0.5)
    brightness: Annotated[
        tuple[float, float], Setting("Brightness", "Range of the brightness factor.", typed="as in 0.95,1.05")
    ] = (0.95, 1.05)
    inversion: Annotated[Share, Setting("Inversion", "Share of crops whose grey values are inverted.")] = 0.5
    strong_intensity: Annotated[
        bool,
        Setting(
            "Strong intensity changes", "Also change gamma, contrast, blur, noise and evenness of light."
        ),
    ] = False


class TrainingSettings(Settings):
    """How the network is trained; the defaults are the paper's (3.3.3)."""

    epochs: Epochs = 40
    steps_per_epoch: Annotated[
        Count, Setting("Steps per epoch", "Steps in each epoch, between two scorings.", flags=("--steps",))
    ] = 250
    batch_size: Annotated[
        Count,
        Setting("Batch size", "Crops in a batch, on each process; larger is steadier and needs more memory."),
    ] = 8
    accumulation: Accumulation = 1
    learning_rate: Annotated[float, Setting("Learning rate", "Learning rate of all but the encoder.")] = (
        Field(default=2e-5, gt=0, allow_inf_nan=False)
    )
    encoder_learning_rate: Annotated[
        float | None,
        Setting(
            "Encoder learning rate",
            "Learning rate of the encoder; 0 leaves it as it is, which is fastest.",
            automatic="the same rate",
        ),
    ] = Field(default=None, ge=0, allow_inf_nan=False)
    frozen_blocks: Annotated[
        CountOrZero,
        Setting(
            "Frozen encoder blocks",
            "So many of the first blocks of the encoder stay as they are: faster, and less is forgotten.",
        ),
    ] = 0
    weight_decay: Annotated[Factor, Setting("Weight decay", "Keeps weights small, against overfitting.")] = (
        1e-4
    )
    warmup_epochs: WarmupEpochs = 8
    decay_start_epoch: Annotated[
        int | None,
        Setting(
            "Decay starts at epoch",
            "The learning rate falls from this epoch on.",
            automatic="the end of the warm-up",
        ),
    ] = Field(default=None, ge=0)
    average_decay: Annotated[
        float,
        Setting(
            "Weight averaging",
            "Decay of the moving average of the weights, which is kept as the result; 0 for no averaging.",
        ),
    ] = Field(default=0.0, ge=0, lt=1)
    gradient_clip: GradientClip = 0.0
    precision: PrecisionName = "fp32"
    loss_weights: Annotated[
        dict[str, float],
        Setting(
            "Loss weights",
            "Factors of loss terms, 1 where not named.",
            typed="as in flow_y=0.5 cell_probability=2",
            metavar="NAME=X",
        ),
    ] = Field(default_factory=dict)
    workers: Annotated[
        int | None,
        Setting(
            "Loader processes",
            "Processes that load crops.",
            automatic="a few beside a graphics card, else none",
        ),
    ] = Field(default=None, ge=0)
    seed: Seed = 0

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch


class AdaptationSettings(Settings):
    """How a transformer learns from images without labels; the defaults are the preset "dinocell-paper".

    Values of the DINOCell paper (3.3.2 and 3.3.4) go before those of DINOv2
    (`ssl_default_config.yaml`), which hold where the paper names none. The paper's epochs are of 1,000 images
    a GPU. 508 pixels become 518 with patches of 14, which is the size DINOv2 ends its training with.
    """

    epochs: Annotated[
        Count, Setting("Epochs", "Number of epochs; learning rates and temperatures follow them.")
    ] = 100
    steps_per_epoch: Annotated[
        Count, Setting("Steps per epoch", "Steps in each epoch.", flags=("--steps",))
    ] = 63
    batch_size: Annotated[
        Count, Setting("Batch size", "Images in a batch, on each process; larger needs more memory.")
    ] = 16
    accumulation: Accumulation = 1
    global_size: Annotated[
        int,
        Setting(
            "Large views",
            "Edge of the two large views of each image, rounded up to whole patches.",
            unit="px",
            flags=("--large-views",),
        ),
    ] = Field(default=508, ge=16)
    local_size: Annotated[
        int, Setting("Small views", "Edge of the small views.", unit="px", flags=("--small-views",))
    ] = Field(default=210, ge=8)
    n_local: Annotated[
        CountOrZero,
        Setting("Number of small views", "Small views of each image.", flags=("--n-small-views",)),
    ] = 8
    n_prototypes: Annotated[
        int,
        Setting("Prototypes", "Classes that the network invents, for each head.", flags=("--prototypes",)),
    ] = Field(default=8192, ge=2)
    hidden_width: Annotated[Count, Setting("Hidden width", "Width of the hidden layers of the heads.")] = 2048
    bottleneck_width: Annotated[
        int, Setting("Bottleneck width", "Width of the heads before the prototypes.")
    ] = Field(default=256, ge=2)
    separate_heads: Annotated[
        bool,
        Setting(
            "Separate heads",
            "Class and patch tokens have a head each.",
            off="Use one head for class and patch tokens.",
            flags=("--no-separate-heads",),
        ),
    ] = True
    centering: Annotated[
        Literal["moving_average", "sinkhorn_knopp"],
        Setting("Centering", "How the teacher is kept from choosing one class for all."),
    ] = "moving_average"
    patch_loss_weight: Annotated[
        Factor, Setting("Patch loss weight", "Weight of predicting masked patches; 0 leaves the loss out.")
    ] = 1.0
    koleo_weight: Annotated[
        Factor,
        Setting("KoLeo loss weight", "Weight of spreading images apart (KoLeo); 0 leaves the loss out."),
    ] = 0.1
    mask_probability: Annotated[
        Share, Setting("Masked views", "Share of the large views that have patches masked.")
    ] = 0.5
    mask_share: Annotated[
        tuple[Share, Share],
        Setting("Masked patches", "Smallest and largest share of the patches of a view that is masked."),
    ] = (0.1, 0.5)
    learning_rate: Annotated[
        float,
        Setting(
            "Learning rate",
            "Learning rate for the reference batch size; it grows with the root of the batch size.",
        ),
    ] = Field(default=2e-4, gt=0, allow_inf_nan=False)
    reference_batch_size: Annotated[
        Count, Setting("Reference batch size", "Images in a step that the learning rate is for.")
    ] = 1024
    final_learning_rate: Annotated[
        Factor, Setting("Final learning rate", "Learning rate at the end of the last epoch.")
    ] = 1e-6
    layer_decay: Annotated[
        float, Setting("Layer decay", "Factor of the learning rate from one block to the one before it.")
    ] = Field(default=0.9, gt=0, le=1)
    patch_embedding_rate: Annotated[
        Share, Setting("Patch embedding rate", "Factor of the learning rate of the patch projection.")
    ] = 0.2
    weight_decay: Annotated[Factor, Setting("Weight decay", "Weight decay at the beginning.")] = 0.04
    final_weight_decay: Annotated[Factor, Setting("Final weight decay", "Weight decay at the end.")] = 0.4
    warmup_epochs: WarmupEpochs = 10
    frozen_last_layer_epochs: Annotated[
        CountOrZero,
        Setting("Frozen last layer", "Epochs in which the prototypes stay as they are.", unit="epochs"),
    ] = 1
    teacher_momentum: Annotated[
        Share,
        Setting("Teacher momentum", "Share of the old teacher in the new one at first; it rises to 1."),
    ] = 0.992
    warmup_teacher_temperature: Annotated[
        float,
        Setting("Initial teacher temperature", "Temperature of the teacher at first; lower is more decided."),
    ] = Field(default=0.04, gt=0, allow_inf_nan=False)
    teacher_temperature: Annotated[
        float, Setting("Teacher temperature", "Temperature of the teacher after its warm-up.")
    ] = Field(default=0.07, gt=0, allow_inf_nan=False)
    temperature_warmup_epochs: Annotated[
        CountOrZero,
        Setting("Temperature warm-up", "Epochs in which the teacher temperature rises.", unit="epochs"),
    ] = 30
    drop_path: Annotated[
        float, Setting("Drop path", "Rate of stochastic depth in all blocks of the student.")
    ] = Field(default=0.2, ge=0, lt=1)
    gradient_clip: GradientClip = 3.0
    precision: PrecisionName = "auto"
    workers: Annotated[CountOrZero, Setting("Loader processes", "Processes that load images.")] = 0
    seed: Seed = 0

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch
