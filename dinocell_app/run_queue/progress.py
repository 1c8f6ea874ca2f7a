"""How far a run is, worked out from its events."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from dinocell_app.jobs.events import (
    EpochFinished,
    Event,
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    JobFailed,
    JobFinished,
    JobStarted,
    ReferencesDoubted,
    ResultsLost,
    StepFinished,
    TilesPredicted,
)

RECENT_IMAGES = 20
"""Speed is the mean over this many images, so that it follows a change of their size."""
INTERRUPTION = 20
"""An image that took this many times the median was held up, by a computer that slept or was paused."""


@dataclass(frozen=True)
class RunProgress:
    """How far a run is.

    Parameters
    ----------
    state : str
        "queued", "running", "paused", "finished", "stopped", "failed" or "interrupted".
    done, failed, total : int
        Images.
    current_image : str
        Name of the image in hand; empty between images.
    tile_done, tile_total : int
        Of the image in hand; 0 before the first is done.
    n_cells : int
        Found so far.
    seconds_per_image : float or None
        Mean over the images segmented lately; None before the first.
    remaining_seconds : float or None
        None when it cannot be known yet, 0 when nothing is left.
    failures : tuple of ImageFailed
        With the reason of each.
    device : str
        What the network runs on; empty before the start.
    reason : str
        Why the run as a whole failed, empty otherwise.
    doubted : tuple of ReferencesDoubted
        Images unlike those that the references are from.
    """

    state: str
    done: int = 0
    failed: int = 0
    total: int = 0
    current_image: str = ""
    tile_done: int = 0
    tile_total: int = 0
    n_cells: int = 0
    seconds_per_image: float | None = None
    remaining_seconds: float | None = None
    failures: tuple[ImageFailed, ...] = ()
    device: str = ""
    reason: str = ""
    doubted: tuple[ReferencesDoubted, ...] = ()

    @property
    def left(self) -> int:
        """Number of images that are neither done nor failed."""
        return max(0, self.total - self.done - self.failed)


@dataclass
class ProgressCount:
    """What the events of a run add up to; the last attempt counts.

    Parameters
    ----------
    total : int
        Images expected before the run says how many it found.
    done : int
        Images finished, skipped or failed.
    n_cells : int
        Cells of the finished images.
    current_image : str
        Image that is worked on.
    tile_done, tile_total : int
        Tiles of the current image.
    device : str
        The device truly used.
    seconds : deque of float
        Seconds of the newest images, or of a step in each of the last epochs.
    final : JobFinished, JobFailed or None
        How the run ended.
    kind : str
        Of the job that goes on; "" before the first begins.
    epoch_start : int
        Step after which the epoch of a training began.
    """

    total: int = 0
    done: int = 0
    n_cells: int = 0
    current_image: str = ""
    tile_done: int = 0
    tile_total: int = 0
    device: str = ""
    failures: list[ImageFailed] = field(default_factory=list)
    doubted: list[ReferencesDoubted] = field(default_factory=list)
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_IMAGES))
    final: JobFinished | JobFailed | None = None
    kind: str = ""
    epoch_start: int = 0

    def add(self, event: Event) -> None:
        """Count an event."""
        match event:
            case JobStarted():
                self._begin(event)
            case TilesPredicted():
                self.current_image, self.tile_done, self.tile_total = event.image, event.done, event.total
            case ImageSegmented() | ImageSkipped():
                self._close_image(event)
            case ImageFailed():
                self.done -= isinstance(event, ResultsLost)
                self.failures.append(event)
                self._leave_image()
            case ReferencesDoubted():
                self.doubted.append(event)
            case StepFinished():
                self.done, self.total = event.step, event.total
            case EpochFinished():
                self._close_epoch(event)
            case JobFinished() | JobFailed():
                self.final = event
                self._leave_image()

    def progress(self, state: str) -> RunProgress:
        """Say how far the run is.

        Parameters
        ----------
        state : str
            Of the run, which its events alone do not tell.
        """
        speed = _typical(self.seconds)
        left = max(0, self.total - self.done - len(self.failures))
        share = self.tile_done / self.tile_total if self.tile_total and left else 0.0
        known = self.final is not None or self.device
        remaining = 0.0 if known and not left else None if speed is None else speed * (left - share)
        return RunProgress(
            state=state,
            done=self.done,
            failed=len(self.failures),
            total=self.total,
            current_image=self.current_image,
            tile_done=self.tile_done,
            tile_total=self.tile_total,
            n_cells=self.n_cells,
            seconds_per_image=speed,
            remaining_seconds=remaining,
            failures=tuple(self.failures),
            device=self.device,
            reason=self.final.reason if isinstance(self.final, JobFailed) else "",
            doubted=tuple(self.doubted),
        )

    def _begin(self, event: JobStarted) -> None:
        if event.kind != self.kind:
            self.seconds.clear()
        self.kind, self.epoch_start = event.kind, event.finished
        self.total, self.done, self.device = event.total, event.finished, event.device
        self.n_cells, self.final = 0, None
        self.failures.clear()
        self.doubted.clear()
        self._leave_image()

    def _close_image(self, event: ImageSegmented | ImageSkipped) -> None:
        if isinstance(event, ImageSegmented):
            self.seconds.append(event.seconds)
        self.done += 1
        self.n_cells += event.n_cells
        self._leave_image()

    def _close_epoch(self, event: EpochFinished) -> None:
        if self.done > self.epoch_start:
            self.seconds.append(event.seconds / (self.done - self.epoch_start))
        self.epoch_start = self.done

    def _leave_image(self) -> None:
        self.current_image, self.tile_done, self.tile_total = "", 0, 0


def _typical(seconds: Collection[float]) -> float | None:
    """Give the mean time of an image, without those that were held up."""
    if not seconds:
        return None
    most = INTERRUPTION * statistics.median(seconds)
    return statistics.fmean(value for value in seconds if value <= most)
