"""What a user may choose about training the head for reference cells, as it stands in a job."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

N_EPOCHS, N_LAST_EPOCHS = 60, 10
"""Of the paper (4.1); the last ones have a tenth of the rate."""


class ReferenceTrainingSettings(BaseModel):
    """How the head is trained.

    Parameters
    ----------
    epochs, last_epochs : int
        The last ones have a tenth of the learning rate.
    steps_per_epoch, batch_size : int
        A step takes `batch_size` crops.
    maps_per_step : int
        Crops of a step, at most, whose every patch is looked at for the paper's maps; the others teach the
        judgement of whole cells alone, which is much faster.
    crops : int
        Mixed crops that are made once and encoded once; 0 to make each anew, as the paper does.
    held_out_crops : int
        For scoring, of types that are trained on and of types that are not, each.
    drawn : int
        Pictures that are drawn rather than read from folders, of five shapes in eight modalities.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=N_EPOCHS, ge=1)
    last_epochs: int = Field(default=N_LAST_EPOCHS, ge=0)
    steps_per_epoch: int = Field(default=20, ge=1)
    batch_size: int = Field(default=8, ge=1)
    maps_per_step: int = Field(default=1, ge=0)
    crops: int = Field(default=600, ge=0)
    held_out_crops: int = Field(default=48, ge=1)
    drawn: int = Field(default=400, ge=0)
    learning_rate: float = Field(default=3e-4, gt=0, allow_inf_nan=False)
    weight_decay: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0)

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
