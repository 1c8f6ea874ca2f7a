"""Every number of a training in words, in the order in which a person would look for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Words:
    """What a parameter is called, and what it does.

    Parameters
    ----------
    explanation : str
        One sentence.
    """

    text: str
    explanation: str


TEACHING: Mapping[str, Words] = MappingProxyType(
    {
        "training.epochs": Words("Epochs", "The held-out images are looked at after each."),
        "training.steps_per_epoch": Words("Steps in an epoch", "Batches between two looks."),
        "training.batch_size": Words("Crops in a batch", "More are steadier and need more memory."),
        "training.accumulation": Words(
            "Batches in a step", "Their gradients are added up: a larger batch without more memory."
        ),
        "patience": Words(
            "Patience (epochs)", "Ends when held-out images got no better for so long; 0 for never."
        ),
        "crop_size": Words("Edge of a crop (px)", "The network sees so much at once; memory grows with it."),
        "training.learning_rate": Words("Learning rate", "Of all but the encoder."),
        "training.encoder_learning_rate": Words(
            "Learning rate of the encoder", "0 leaves it as it is, which is fastest; empty for the same rate."
        ),
        "training.weight_decay": Words("Weight decay", "Pulls weights towards 0, against learning by heart."),
        "training.warmup_epochs": Words("Warm-up (epochs)", "The learning rate rises so long."),
        "training.decay_start_epoch": Words(
            "Decay from epoch", "The learning rate falls from here on; empty for the end of the warm-up."
        ),
        "training.average_decay": Words(
            "Averaging of weights", "Share of the old mean kept in each step; 0 for no averaging."
        ),
        "training.gradient_clip": Words("Longest gradient", "Longer ones are cut to this; 0 for no limit."),
        "training.loss_weights": Words(
            "Weights of the losses", "Names and factors, as in: flow_y 0.5, cell_probability 2."
        ),
        "synthetic_share": Words("Share of drawn cells", "Crops that are drawn rather than cut from images."),
        "cell_diameter_px": Words(
            "Cell diameter (px)", "That the model is for; empty for the base model's or that of the labels."
        ),
        "fully_labelled": Words(
            "Every cell is outlined", "No: what is not outlined hardly counts as background, in all images."
        ),
        "training.precision": Words("Precision", "Half precision is faster on graphics cards and some CPUs."),
        "training.workers": Words("Loading processes", "Empty for a few beside a graphics card, else none."),
        "training.seed": Words("Seed", "The same seed draws the same crops."),
    }
)

CHANGES: Mapping[str, Words] = MappingProxyType(
    {
        "augmentation.geometric": Words("Turn, mirror and stretch", "Cells have no up and down."),
        "augmentation.diameter_range": Words(
            "Cell diameters (px)",
            "Cells are brought to a diameter drawn from this range; empty for that of the base model.",
        ),
        "augmentation.elastic": Words("Bending", "Greatest displacement as a share of the crop's edge."),
        "augmentation.brightness": Words("Brightness", "Range of the factor."),
        "augmentation.inversion": Words("Inverting", "Share of crops whose grey values are turned round."),
        "augmentation.strong_intensity": Words(
            "Strong changes of light", "Also contrast, blur, noise and uneven light."
        ),
    }
)

ADAPTING: Mapping[str, Words] = MappingProxyType(
    {
        "adaptation.epochs": Words("Epochs", "Rounds; rates and temperatures follow them."),
        "adaptation.steps_per_epoch": Words("Steps in an epoch", "Batches in a round."),
        "adaptation.batch_size": Words("Images in a batch", "More teach more and need more memory."),
        "adaptation.accumulation": Words("Batches in a step", "Their gradients are added up."),
        "adaptation.global_size": Words(
            "Large views (px)", "Two of each image, rounded up to whole patches."
        ),
        "adaptation.local_size": Words("Small views (px)", "They must be told from the large ones."),
        "adaptation.n_local": Words("Number of small views", "Of each image."),
        "adaptation.n_prototypes": Words("Prototypes", "Classes that the network invents."),
        "adaptation.hidden_width": Words("Width of the heads", "Of their hidden layers."),
        "adaptation.bottleneck_width": Words("Width before the prototypes", "Of the last layer but one."),
        "adaptation.separate_heads": Words("Separate heads", "For images and for patches."),
        "adaptation.centering": Words(
            "Centering", "How the teacher is kept from choosing one class for all."
        ),
        "adaptation.patch_loss_weight": Words("Weight of the patch loss", "Hidden patches that are guessed."),
        "adaptation.koleo_weight": Words("Weight of spreading", "Pushes images apart (KoLeo)."),
        "adaptation.mask_probability": Words("Views with hidden patches", "Share of the large views."),
        "adaptation.mask_share": Words("Hidden patches", "Smallest and largest share of a view."),
        "adaptation.learning_rate": Words("Learning rate", "For the batch below; goes with its root."),
        "adaptation.reference_batch_size": Words("Batch of that rate", "Images."),
        "adaptation.final_learning_rate": Words("Last learning rate", "At the end of the last epoch."),
        "adaptation.layer_decay": Words("Rate from block to block", "Factor towards the first blocks."),
        "adaptation.patch_embedding_rate": Words("Rate of the first layer", "Factor of the learning rate."),
        "adaptation.weight_decay": Words("Weight decay", "At the beginning."),
        "adaptation.final_weight_decay": Words("Last weight decay", "At the end."),
        "adaptation.warmup_epochs": Words("Warm-up (epochs)", "The learning rate rises so long."),
        "adaptation.frozen_last_layer_epochs": Words(
            "Still prototypes (epochs)", "They begin to move later."
        ),
        "adaptation.teacher_momentum": Words("Momentum of the teacher", "Share of the old teacher kept."),
        "adaptation.warmup_teacher_temperature": Words(
            "First temperature", "Of the teacher; lower is more decided."
        ),
        "adaptation.teacher_temperature": Words("Temperature", "Of the teacher after its warm-up."),
        "adaptation.temperature_warmup_epochs": Words("Warm-up of the temperature", "In epochs."),
        "adaptation.drop_path": Words("Dropped blocks", "Rate at which the student leaves blocks out."),
        "adaptation.gradient_clip": Words("Longest gradient", "Longer ones are cut to this; 0 for no limit."),
        "adaptation.precision": Words(
            "Precision", "Half precision is faster on graphics cards and some CPUs."
        ),
        "adaptation.workers": Words("Loading processes", "Beside the one that learns."),
        "adaptation.seed": Words("Seed", "The same seed draws the same views."),
    }
)

ALL: Mapping[str, Words] = MappingProxyType({**TEACHING, **CHANGES, **ADAPTING})
