"""What a dask worker does: it checks that it can do a run, loads the model once, and segments single images.

Everything here runs in the process of a worker. A process does one image at a time, whatever number of
threads it was started with: those are for the arithmetic of that image.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import dinocell_app
from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.long_work import LongWork
from dinocell_app.base.standing_folders import standing
from dinocell_app.distributed.cluster_errors import UnfitWorkerError
from dinocell_app.jobs.events import Event, TilesPredicted
from dinocell_app.jobs.job_files import job_from_json
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.pipeline.inputs import PlannedImage
from dinocell_app.pipeline.isolation import Outcome, over_images
from dinocell_app.pipeline.segmentation_job import SegmentationRun

TILES_SECONDS = 0.5
"""Between two reports about the same image; the scheduler passes them on."""
_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class ClusterRun:
    """A run as every worker gets it.

    Parameters
    ----------
    key : str
        Unlike that of every other run; also the topic of its progress.
    job : str
        The job as JSON.
    version : str
        Of the application where the run was started.
    model_sha256 : str
        Checksum of the model's weights there.
    seen : tuple of Path
        Folders and files that a worker has to see.
    token : Path
        A file in the output folder whose text is `key`.
    """

    key: str
    job: str
    version: str
    model_sha256: str
    seen: tuple[Path, ...]
    token: Path


@dataclass(frozen=True)
class Answer:
    """How an image came out.

    Parameters
    ----------
    events : tuple of Event
        What happened, but for tiles.
    """

    events: tuple[Event, ...]
    outcome: Outcome


@dataclass
class _Wish:
    """What is asked of a run while it goes on."""

    stop: bool = False
    begin_nothing: bool = False
    wait_until: float = 0.0

    def should_stop(self) -> bool:
        """Tell whether to stop between two tiles; waits here while asked to."""
        while not self.stop and time.monotonic() < self.wait_until:
            time.sleep(_WAIT_SECONDS)
        return self.stop

    def should_stop_before_image(self) -> bool:
        return self.begin_nothing or self.should_stop()


_one_at_a_time = threading.Lock()
_prepared: dict[str, SegmentationRun] = {}
_held: dict[str, contextlib.ExitStack] = {}
_wishes: dict[str, _Wish] = {}


def ask(key: str, *, stop: bool = False, begin_nothing: bool = False, wait_seconds: float = 0.0) -> None:
    """Tell this worker what is asked of a run.

    Parameters
    ----------
    key : str
        Of the run.
    stop : bool
        Stop after the current tile.
    begin_nothing : bool
        Begin no further image.
    wait_seconds : float
        Wait before the next tile, for this long unless asked again: who asks may disappear.
    """
    wish = _wishes.setdefault(key, _Wish())
    wish.stop, wish.begin_nothing = stop, begin_nothing
    wish.wait_until = time.monotonic() + wait_seconds


def forget(key: str) -> None:
    """Give back what a run holds in this worker: its model above all.

    Parameters
    ----------
    key : str
        Of the run.
    """
    _give_up(key)
    _wishes.pop(key, None)


def prepare(run: ClusterRun) -> str:
    """Check that this worker can do the images of a run.

    Returns
    -------
    str
        The device it will use.

    Raises
    ------
    UnfitWorkerError
        If it cannot.
    """
    with _one_at_a_time:
        return str(_segmentation(run).device)


def segment_image(run: ClusterRun, image: PlannedImage) -> Answer:
    """Segment an image of a run.

    Returns
    -------
    Answer
        An image that failed is an answer, too.

    Raises
    ------
    UnfitWorkerError
        If this worker cannot do images of the run.
    ModelError
        Because a model that cannot be used fails for every image.
    """
    with _one_at_a_time:
        segmentation = _segmentation(run)
        wish = _wishes.setdefault(run.key, _Wish())
        work = LongWork(
            over_images([image], segmentation.segment, wish.should_stop_before_image, run.token.parent)
        )
        events: list[Event] = []
        reported = 0.0
        for event in work:
            if not isinstance(event, TilesPredicted):
                events.append(event)
            elif time.monotonic() - reported > TILES_SECONDS:
                reported = time.monotonic()
                _report(run.key, event)
        return Answer(tuple(events), work.result)


def _segmentation(run: ClusterRun) -> SegmentationRun:
    """Give the run as this process prepared it; one before it is given up with its model."""
    if run.key not in _prepared:
        for earlier in list(_prepared):
            _give_up(earlier)
        wish = _wishes.setdefault(run.key, _Wish())
        try:
            _prepared[run.key] = _made(run, wish)
            held = contextlib.ExitStack()
            held.enter_context(standing(run.token.parent))
            _held[run.key] = held
        except UnfitWorkerError:
            raise
        except UserFacingError as error:
            raise UnfitWorkerError(f"cannot do the job ({str(error).rstrip('.')})") from error
    return _prepared[run.key]


def _give_up(key: str) -> None:
    _prepared.pop(key, None)
    if (held := _held.pop(key, None)) is not None:
        held.close()


def _made(run: ClusterRun, wish: _Wish) -> SegmentationRun:
    if dinocell_app.__version__ != run.version:
        raise UnfitWorkerError(
            f"has version {dinocell_app.__version__} of this application, and this is {run.version}",
            remedy="Install the same version on all computers",
        )
    _require_folders(run)
    job = job_from_json(run.job)
    if not isinstance(job, SegmentJob):
        raise TypeError(f"a {type(job).__name__} where a SegmentJob was sent")
    _use_given_threads()
    made = SegmentationRun(job, wish.should_stop)
    if made.manifest.sha256 != run.model_sha256:
        raise UnfitWorkerError(
            f"has another model by the name of {job.model}",
            remedy="Name a model folder that all computers see, or import the same model on each",
        )
    return made


def _require_folders(run: ClusterRun) -> None:
    for path in run.seen:
        if not path.exists():
            raise UnfitWorkerError(
                f"does not see {path}", remedy="Use folders that all computers have under the same name"
            )
    try:
        same = run.token.read_text(encoding="utf-8") == run.key
    except OSError:
        same = False
    if not same:
        raise UnfitWorkerError(
            f"does not see the output folder {run.token.parent}",
            remedy="Use a folder that all computers have under the same name",
        )
    try:
        with tempfile.TemporaryFile(dir=run.token.parent):
            pass
    except OSError as error:
        raise UnfitWorkerError(
            f"cannot write to the output folder {run.token.parent} ({error.strerror})",
            remedy="Allow the user that the worker runs as to write there",
        ) from error


def _use_given_threads() -> None:
    """Give the arithmetic the threads that the worker was started with; dask's own default is one."""
    import torch
    from distributed import get_worker

    with contextlib.suppress(ValueError):  # not in a worker, in tests
        torch.set_num_threads(get_worker().state.nthreads)


def _report(topic: str, event: TilesPredicted) -> None:
    from distributed import get_worker

    try:
        get_worker().log_event(topic, (event.image, event.done, event.total))
    except Exception:
        # Progress that is not seen is no reason to lose an image.
        logging.getLogger(__name__).debug("progress could not be reported", exc_info=True)
