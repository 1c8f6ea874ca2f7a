"""Hand images to workers, one each, until none is left; whatever happens on the way becomes an event."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dinocell_app.base.errors import EndedEarlyError, UserFacingError
from dinocell_app.distributed.cluster_errors import ClusterError, LostClusterError, UnfitWorkerError
from dinocell_app.distributed.worker_group import WorkerGroup, named
from dinocell_app.distributed.worker_images import Answer, segment_image
from dinocell_app.jobs.events import Event, ImageFailed, Notice, TilesPredicted
from dinocell_app.pipeline.inputs import PlannedImage
from dinocell_app.pipeline.isolation import FailedImage, FinishedImage, Outcome

if TYPE_CHECKING:
    from distributed import Future

POLL_SECONDS = 0.2
RENEW_SECONDS = 5.0
WAIT_SECONDS = 30.0
"""How long a worker waits on its own when the run that asked it to pause is gone."""
LONELY_SECONDS = 10.0
"""Without any worker before a person is told."""
STOP_SECONDS = 30.0
"""How long a request to stop waits for images that a worker has not begun, busy with the work of others."""


@dataclass(frozen=True)
class Wishes:
    """What may be asked of a run while it goes on.

    Parameters
    ----------
    should_stop : callable
        Whether to stop between two tiles.
    should_stop_after_image : callable
        Whether to begin no further image.
    should_wait : callable
        Whether to pause.
    """

    should_stop: Callable[[], bool] = lambda: False
    should_stop_after_image: Callable[[], bool] = lambda: False
    should_wait: Callable[[], bool] = lambda: False


class HandingOut:
    """The images of a run on their way to workers and back."""

    def __init__(self, workers: WorkerGroup, images: Sequence[PlannedImage], wishes: Wishes) -> None:
        self.workers = workers
        self.images = images
        self.wishes = wishes
        self.finished: list[FinishedImage] = []
        self.ended: EndedEarlyError | None = None
        self.failed: list[FailedImage] = []
        self._inbox: queue.SimpleQueue[Future | TilesPredicted] = queue.SimpleQueue()
        self._out: dict[Future, PlannedImage] = {}
        self._stopping_since: float | None = None
        self._stopping_now = False
        self._renewed: float | None = None

    def events(self) -> Generator[Event, None, Outcome]:
        """Do all images.

        Yields
        ------
        Event
            Those of a plain run; images end in any order.

        Raises
        ------
        UserFacingError
            If the scheduler goes away, a worker is unfit, or the model cannot be used.
        """
        left = deque(self.images)
        topic = self.workers.run.key
        self.workers.client.subscribe_topic(topic, self._on_progress)
        lonely_since: float | None = None
        known: set[str] = set()
        try:
            while (left or self._out) and self.ended is None:
                self.workers.require_scheduler()
                self._obey()
                if self._stopping_since is not None and not self._out:
                    break
                workers = self.workers.addresses()
                for gone in sorted(known - set(workers)):
                    yield Notice(f"The dask worker {gone} ended; what it was doing is done by another")
                known = set(workers)
                n_workers = len(workers)
                lonely_since = (lonely_since or time.monotonic()) if n_workers == 0 else None
                if lonely_since is not None and 0 < lonely_since < time.monotonic() - LONELY_SECONDS:
                    lonely_since = float("inf")
                    yield Notice("No dask worker is connected; the run waits for one")
                if self._stopping_since is None and self._renewed is None:
                    while left and len(self._out) < n_workers:
                        self._hand_out(left.popleft())
                yield from self._received()
        finally:
            self.workers.client.unsubscribe_topic(topic)
            for future in self._out:
                future.cancel()
        order = {image.path: number for number, image in enumerate(self.images)}
        finished = sorted(self.finished, key=lambda image: order[image.path])
        failed = sorted(self.failed, key=lambda image: order[image.path])
        stopped = self.ended is None and len(finished) + len(failed) < len(self.images)
        return Outcome(tuple(finished), tuple(failed), stopped, self.ended)

    def _obey(self) -> None:
        """Pass on what is asked, once, and a pause again and again."""
        waiting = self.wishes.should_wait()
        if waiting:
            if self._renewed is None or time.monotonic() - self._renewed > RENEW_SECONDS:
                self._renewed = time.monotonic()
                self.workers.ask(wait_seconds=WAIT_SECONDS)
            return
        if self._renewed is not None:
            self._renewed = None
            self.workers.ask()
        if not self._stopping_now and self.wishes.should_stop():
            self._stopping_now = True
            self._stopping_since = time.monotonic()
            self.workers.ask(stop=True)
        elif self._stopping_since is None and self.wishes.should_stop_after_image():
            self._stopping_since = time.monotonic()
            self.workers.ask(begin_nothing=True)
        if self._stopping_now and time.monotonic() - (self._stopping_since or 0) > STOP_SECONDS:
            self._out.clear()

    def _hand_out(self, image: PlannedImage) -> None:
        future = self.workers.submit(f"segment {image.path}", segment_image, image)
        self._out[future] = image
        future.add_done_callback(self._inbox.put)

    def _on_progress(self, message: tuple[float, tuple[str, int, int]]) -> None:
        _, (image, done, total) = message
        self._inbox.put(TilesPredicted(image, done, total))

    def _received(self) -> Generator[Event, None, None]:
        try:
            got = self._inbox.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        if isinstance(got, TilesPredicted):
            if got.image in {image.name for image in self._out.values()}:
                yield got
        elif got in self._out:
            yield from self._settled(got, self._out.pop(got))

    def _settled(self, future: Future, image: PlannedImage) -> Generator[Event, None, None]:
        from distributed.scheduler import KilledWorker

        if future.status in ("cancelled", "lost"):
            raise LostClusterError
        error = future.exception() if future.status == "error" else None
        if error is None:
            answer: Answer = future.result()
            self.finished += answer.outcome.finished
            self.ended = self.ended or answer.outcome.ended
            self.failed += answer.outcome.failed
            yield from answer.events
        elif isinstance(error, KilledWorker):
            reason = UserFacingError(
                "every worker that tried this image ended without a word, most likely for want of memory",
                path=image.path,
                remedy="Give the workers more memory, or try the image in a plain run",
            )
            self.failed.append(FailedImage(image.name, image.path, str(reason)))
            yield ImageFailed(image.name, str(reason), str(image.path))
        elif isinstance(error, UnfitWorkerError):
            raise named(error, "that joined last") from error
        elif isinstance(error, UserFacingError):
            raise error
        else:
            raise ClusterError(
                f"A worker could not do {image.name} ({type(error).__name__}: {str(error)[:200]})",
                remedy="The log of the worker has more; everything finished is kept",
            ) from error
