"""Looks at the loss of an adaptation: ends what runs away, and tells when nothing was learned."""

from __future__ import annotations

from collections.abc import Iterator

from dinocell_app.jobs.events import EpochFinished, Event, JobFinished, Notice, StepFinished
from dinocell_training.training_check import LossWatch

RISEN = 1.02
"""Times the loss of the first epochs. The loss of a moving teacher goes up and down a little."""

COMPARED = 3
"""Epochs at each end; their lowest loss counts."""

LEARNING_RATE = 2e-4
"""Of `AdaptationSettings`, for advice."""


class AdaptationWatch:
    """Follows the events of an adaptation."""

    def __init__(self) -> None:
        self._losses = LossWatch(LEARNING_RATE)
        self._epochs: list[float] = []

    def after(self, event: Event) -> Iterator[Event]:
        """Look at an event.

        Yields
        ------
        Event
            Notice.

        Raises
        ------
        DoomedTrainingError
            If the weights run away.
        """
        match event:
            case StepFinished():
                self._losses.see(event.losses)
            case EpochFinished() if "total" in event.losses:
                self._epochs.append(event.losses["total"])
            case JobFinished() if len(self._epochs) >= 2 * COMPARED:
                first, last = min(self._epochs[:COMPARED]), min(self._epochs[-COMPARED:])
                if last > RISEN * first:
                    yield Notice(
                        f"The loss has risen from {first:.2f} to {last:.2f}: the network has learned nothing "
                        "of use from these images. Teach the model it was made from, or adapt for longer "
                        "with more images"
                    )
