"""What a training has done so far, from its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dinocell_app.jobs.events import (
    EpochFinished,
    Event,
    JobFailed,
    JobFinished,
    JobStarted,
    Notice,
    SamplePredicted,
    StepFinished,
    TilesPredicted,
)


@dataclass(frozen=True)
class TrainingProgress:
    """What a training has done.

    Parameters
    ----------
    phase : str
        Kind of the job whose steps these are: "adapt" or "finetune"; empty before the first.
    losses, validation : tuple of (int, float)
        Step and loss, of every step and after every epoch on held-out crops.
    judging : str
        Name of the held-out image that is segmented; empty before and while the network is taught.
    """

    phase: str = ""
    step: int = 0
    total: int = 0
    losses: tuple[tuple[int, float], ...] = ()
    validation: tuple[tuple[int, float], ...] = ()
    epochs: int = 0
    total_epochs: int = 0
    epoch_seconds: tuple[float, ...] = ()
    samples: tuple[SamplePredicted, ...] = ()
    notices: tuple[str, ...] = ()
    final: JobFinished | JobFailed | None = None
    device: str = ""
    judging: str = ""

    @property
    def remaining_seconds(self) -> float | None:
        """How long it still takes; None before an epoch is over."""
        if not self.epoch_seconds or not self.total:
            return None
        recent = self.epoch_seconds[-5:]
        left = self.total_epochs * (1 - self.step / self.total)
        return sum(recent) / len(recent) * left

    def after(self, events: Sequence[Event]) -> TrainingProgress:
        """Add what happened since."""
        now = _Growing(self)
        for event in events:
            now.add(event)
        return now.progress()


@dataclass
class _Growing:
    """Lists that many events are added to at once, which tuples would copy for each."""

    start: TrainingProgress
    losses: list[tuple[int, float]] = field(init=False)
    validation: list[tuple[int, float]] = field(init=False)
    seconds: list[float] = field(init=False)
    samples: list[SamplePredicted] = field(init=False)
    notices: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.losses, self.validation = list(self.start.losses), list(self.start.validation)
        self.seconds, self.samples = list(self.start.epoch_seconds), list(self.start.samples)
        self.notices = list(self.start.notices)

    def add(self, event: Event) -> None:
        match event:
            case JobStarted():
                self._begin(event)
            case StepFinished():
                # A training that was killed takes the steps since its checkpoint once more.
                if self.losses and self.losses[-1][0] >= event.step:
                    self.losses = [point for point in self.losses if point[0] < event.step]
                self.losses.append((event.step, float(event.losses.get("total", 0.0))))
                self.start = replace(self.start, step=event.step, total=event.total, judging="")
            case TilesPredicted():
                self.start = replace(self.start, judging=event.image)
            case EpochFinished():
                self._finish_epoch(event)
            case SamplePredicted():
                self.samples = [sample for sample in self.samples if sample.epoch < event.epoch]
                self.samples.append(event)
            case Notice():
                self.notices.append(event.message)
            case JobFinished() | JobFailed():
                self.start = replace(self.start, final=event, judging="")
            case _:
                pass

    def _finish_epoch(self, event: EpochFinished) -> None:
        if event.epoch:
            self.seconds.append(event.seconds)
        if "total" in event.validation:
            self.validation = [p for p in self.validation if p[0] < self.start.step]
            self.validation.append((self.start.step, float(event.validation["total"])))
        self.start = replace(self.start, epochs=event.epoch, total_epochs=event.total)

    def _begin(self, event: JobStarted) -> None:
        if self.start.phase not in ("", event.kind):
            self.losses, self.validation, self.seconds = [], [], []
            self.start = replace(self.start, step=0, epochs=0, total_epochs=0)
        self.start = replace(self.start, phase=event.kind, device=event.device, total=event.total, final=None)

    def progress(self) -> TrainingProgress:
        return replace(
            self.start,
            losses=tuple(self.losses),
            validation=tuple(self.validation),
            epoch_seconds=tuple(self.seconds),
            samples=tuple(self.samples),
            notices=tuple(self.notices),
        )
