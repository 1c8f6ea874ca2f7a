"""Looks at a fine-tuning while it runs: a sample after every epoch, and an end to what is doomed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from dinocell_app.jobs.events import EpochFinished, Event, JobStarted, Notice, StepFinished
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_training.fine_tuning_data import LabelledData
from dinocell_training.sample_prediction import (
    Sample,
    choose_sample,
    earlier_sample,
    predict_sample,
    write_sample,
)
from dinocell_training.training_check import (
    Finding,
    LossWatch,
    concerns_of_prediction,
    look_like_classes,
    stop_if_doomed,
)


class FineTuningWatch:
    """Follows the events of a fine-tuning.

    Parameters
    ----------
    run_folder : Path
        Samples are written there.
    model : callable
        Gives the model as it is now.
    """

    def __init__(
        self,
        job: FineTuneJob,
        data: LabelledData,
        run_folder: Path,
        model: Callable[[], SegmentationModel],
    ) -> None:
        self.job = job
        self.data = data
        self.run_folder = run_folder
        self.model = model
        self._losses = LossWatch(job.training.learning_rate)
        self._sample: Sample | None = None

    def after(self, event: Event) -> Iterator[Event]:
        """Do what is to be done after an event.

        Parameters
        ----------
        event : Event
            Of the training.

        Yields
        ------
        Event
            SamplePredicted and Notice.

        Raises
        ------
        DoomedTrainingError
            If going on is no use.
        """
        match event:
            case JobStarted():
                self._sample = choose_sample((*self.data.held_out, *self.data.training))
                if event.finished == 0 and self.job.base_model is not None:
                    yield from self._predict(0)
            case StepFinished():
                self._losses.see(event.losses)
            case EpochFinished() if event.epoch:
                yield from self._predict(event.epoch)
                if event.epoch == 1:
                    yield from self._check()

    def _predict(self, epoch: int) -> Iterator[Event]:
        if self._sample is not None:
            labels = predict_sample(self._sample, self.model())
            yield write_sample(self._sample, labels, epoch, self.run_folder)

    def _check(self) -> Iterator[Event]:
        now, before = self._finding(1), self._finding(0)
        if now is None:
            return
        concerns = concerns_of_prediction(
            now,
            before,
            learning_rate=self.job.training.learning_rate,
            labels_are_classes=look_like_classes(self.data.training),
        )
        stop_if_doomed(concerns)
        yield from (Notice(str(concern)) for concern in concerns)

    def _finding(self, epoch: int) -> Finding | None:
        found = earlier_sample(epoch, self.run_folder)
        if found is None or self._sample is None or found.shape != self._sample.labels.shape:
            return None
        return Finding.of(found, self._sample.labels)
