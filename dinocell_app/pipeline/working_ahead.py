"""Several images on their way at once: one is read, one on the device, one is measured and written.

Each image is worked on by a thread of its own, and the device is one image's at a time (`Turn`). What happens
is told image by image in their order, as if one were done after the other. Large images are worked on alone.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from dinocell_app.base.errors import Cancelled, UserFacingError
from dinocell_app.base.long_work import LongWork
from dinocell_app.imaging.reading import read_metadata
from dinocell_app.jobs.events import Event
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.pipeline.image_sources import given_axes
from dinocell_app.pipeline.inputs import PlannedImage

AHEAD = 2
"""Images that are begun while an earlier one is not finished."""

AHEAD_DEVICES = frozenset({"cuda"})
"""Devices beside which the processor has time for images; a network on the processor takes all of it."""

LARGEST_PX = 16_000_000
"""Larger images are worked on alone, because several need memory at once."""

_ASK_SECONDS = 0.1

Work = Callable[[PlannedImage], Generator[Event, None, Event]]


class Turn:
    """Something that one thread at a time may have, used in a `with` statement.

    Parameters
    ----------
    called_off : Event of threading
        Once set, nobody waits any more: Cancelled is raised instead.
    """

    def __init__(self, called_off: threading.Event) -> None:
        self._lock = threading.Lock()
        self._called_off = called_off

    def __enter__(self) -> None:
        while not self._lock.acquire(timeout=_ASK_SECONDS):
            if self._called_off.is_set():
                raise Cancelled

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


class SharedRun:
    """What images that are worked on beside each other have in common."""

    def __init__(self) -> None:
        self.called_off = threading.Event()
        self.device: AbstractContextManager[None] = nullcontext()  # nobody waits while images are alone
        self.loading = threading.RLock()
        self.reading = threading.RLock()  # the warnings of readers are collected for the whole process


class AheadRun(Protocol):
    """A run that can work on several images."""

    job: SegmentJob
    shared: SharedRun

    @property
    def works_ahead(self) -> bool:
        """Whether that is worth it."""

    def segment(self, image: PlannedImage) -> Generator[Event, None, Event]:
        """Do one image."""


@contextmanager
def beside_each_other(images: Sequence[PlannedImage], run: AheadRun) -> Iterator[Work]:
    """Choose whether images are worked on one after the other or beside each other.

    Parameters
    ----------
    images : sequence of PlannedImage
        In their order.

    Yields
    ------
    callable
        Does one image; what is begun ends with the block.
    """
    if not run.works_ahead:
        yield run.segment
        return

    def is_small(image: PlannedImage) -> bool:
        try:
            with run.shared.reading:
                metadata = read_metadata(image.path, given_axes(run.job, image.path))
        except UserFacingError:
            return False
        return metadata.height * metadata.width <= LARGEST_PX

    run.shared.device = Turn(run.shared.called_off)
    with WorkingAhead(images, run.segment, is_small, run.shared.called_off) as ahead:
        yield ahead.do


@dataclass(frozen=True)
class _End:
    """How the work on an image came out: the event that closes it, or what was raised."""

    closing: Event | None = None
    error: BaseException | None = None


class WorkingAhead:
    """Work on images in their order, the next ones begun before the last one is finished.

    Use it as a context manager: leaving it calls off what is begun and waits until it has ended.

    Parameters
    ----------
    images : sequence of PlannedImage
        In their order.
    work : callable
        Yields what happens to an image and returns the event that closes it.
    is_small : callable
        Whether an image is so small that others may be worked on beside it.
    called_off : Event of threading
        Set when work that is begun shall end.
    """

    def __init__(
        self,
        images: Sequence[PlannedImage],
        work: Work,
        is_small: Callable[[PlannedImage], bool],
        called_off: threading.Event,
    ) -> None:
        self._images = list(images)
        self._work = work
        self._is_small = is_small
        self._called_off = called_off
        self._workers: dict[int, _Worker] = {}
        self._head = 0
        self._guard = threading.RLock()

    def do(self, image: PlannedImage) -> Generator[Event, None, Event]:
        """Work on an image, or go on with the work that is begun.

        Parameters
        ----------
        image : PlannedImage
            In the order given.

        Yields
        ------
        Event
            What happens to this image.

        Returns
        -------
        Event
            That closes it.
        """
        with self._guard:
            self._head = self._images.index(image, self._head)
            if self._head not in self._workers:
                self._begin(self._head)
            worker = self._workers[self._head]
        self._begin_more()
        while True:
            told = worker.told.get()
            if isinstance(told, Event):
                yield told
                continue
            with self._guard:
                del self._workers[self._head]
            if told.error is not None:
                raise told.error
            if told.closing is None:
                raise Cancelled
            return told.closing

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._called_off.set()
        with self._guard:  # nothing is begun once this has been taken
            begun = list(self._workers.values())
        for worker in begun:
            worker.join()

    def _begin(self, number: int) -> None:
        worker = _Worker(self._images[number], self._work, self._begin_more, self._called_off)
        self._workers[number] = worker
        worker.start()

    def _begin_more(self) -> None:
        """Begin the next image once the one before has its turn at the device, or has ended."""
        with self._guard:
            while self._workers and not self._called_off.is_set():
                latest = max(self._workers)
                following = latest + 1
                room = following <= min(self._head + AHEAD, len(self._images) - 1)
                if not room or not self._workers[latest].has_begun:
                    return
                if not self._is_small(self._images[latest]) or not self._is_small(self._images[following]):
                    return
                self._begin(following)


class _Worker(threading.Thread):
    """The work on one image."""

    def __init__(
        self, image: PlannedImage, work: Work, begun: Callable[[], None], called_off: threading.Event
    ) -> None:
        super().__init__(name=f"segmenting {image.name}")
        self.told: queue.SimpleQueue[Event | _End] = queue.SimpleQueue()
        self.has_begun = False
        self._image = image
        self._work = work
        self._begun = begun
        self._called_off = called_off

    def run(self) -> None:
        """Do the work; whatever is raised is raised again where the events are taken."""
        try:
            self.told.put(_End(closing=self._closing_event()))
        except BaseException as error:  # noqa: BLE001 - raised again by `do`
            self.told.put(_End(error=error))
        finally:
            self._tell_begun()

    def _closing_event(self) -> Event:
        work = LongWork(self._work(self._image))
        for event in work:
            self.told.put(event)
            self._tell_begun()
            if self._called_off.is_set():
                work.close()
                raise Cancelled
        return work.result

    def _tell_begun(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            self._begun()
