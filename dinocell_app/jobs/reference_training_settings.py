"""What a user may choose about training the head for reference cells, as it stands in a job."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field

from dinocell_app.jobs.setting import Setting, Settings
from dinocell_app.jobs.training_settings import Count, CountOrZero, Factor, Seed

N_EPOCHS, N_LAST_EPOCHS = 60, 10
"""Of the paper (4.1); the last ones have a tenth of the rate."""


class ReferenceTrainingSettings(Settings):
    """How the head is trained."""

    epochs: Annotated[Count, Setting("Epochs", "Number of epochs, with the last ones.")] = N_EPOCHS
    last_epochs: Annotated[
        CountOrZero, Setting("Last epochs", "Epochs at the end with a tenth of the learning rate.")
    ] = N_LAST_EPOCHS
    steps_per_epoch: Annotated[
        Count, Setting("Steps per epoch", "Steps in each epoch.", flags=("--steps",))
    ] = 20
    batch_size: Annotated[Count, Setting("Batch size", "Crops in a step.")] = 8
    maps_per_step: Annotated[
        CountOrZero,
        Setting(
            "Crops with maps",
            "Crops of a step, at most, that train the maps of the paper, too; the others train the score of "
            "whole cells alone, which is much faster.",
            flags=("--maps",),
        ),
    ] = 1
    crops: Annotated[
        CountOrZero,
        Setting(
            "Mixed crops", "Crops that are made and encoded once; 0 to make each anew, as the paper does."
        ),
    ] = 600
    held_out_crops: Annotated[
        Count,
        Setting(
            "Held-out crops",
            "Crops for scoring, of types that are trained on and of types that are not, each.",
        ),
    ] = 48
    drawn: Annotated[
        CountOrZero,
        Setting("Synthetic images", "Images that are drawn, of five shapes of cells in eight modalities."),
    ] = 400
    learning_rate: Annotated[float, Setting("Learning rate", "Learning rate of the head.")] = Field(
        default=3e-4, gt=0, allow_inf_nan=False
    )
    weight_decay: Annotated[Factor, Setting("Weight decay", "Keeps weights small, against overfitting.")] = (
        0.1
    )
    seed: Seed = Field(default=0, ge=0)

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    @property
    def accumulation(self) -> int:
        """Batches of a step."""
        return 1

    @property
    def workers(self) -> int | None:
        """Loader processes: crops are made where the training runs."""
        return 0

    @classmethod
    def of_paper(cls, n_pictures: int, chosen: Self) -> ReferenceTrainingSettings:
        """Give the schedule of the paper (4.1): one crop a step, every picture once an epoch, none kept.

        Parameters
        ----------
        n_pictures : int
            To train on.
        chosen : ReferenceTrainingSettings
            The seed and the numbers of pictures and held-out crops are taken from it.
        """
        return cls(
            steps_per_epoch=max(1, n_pictures),
            batch_size=1,
            maps_per_step=1,
            crops=0,
            held_out_crops=chosen.held_out_crops,
            drawn=chosen.drawn,
            learning_rate=1e-4,
            seed=chosen.seed,
        )
