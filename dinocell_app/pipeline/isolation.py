"""Work on many images of which any may be bad: the others go on, and a request to stop is honoured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from dinocell_app.base.disk_errors import unreadable
from dinocell_app.base.errors import (
    Cancelled,
    EndedEarlyError,
    ModelError,
    ResultsInTheWayError,
    UserFacingError,
)
from dinocell_app.base.memory_errors import is_out_of_memory
from dinocell_app.jobs.events import Event, ImageFailed, ImageSegmented, ImageSkipped
from dinocell_app.pipeline.drive_watch import DriveWatch

_logger = logging.getLogger(__name__)


class NamedFile(Protocol):
    """An image of a job."""

    @property
    def name(self) -> str:
        """How events and tables call it."""

    @property
    def path(self) -> Path:
        """Where it is."""


Image = TypeVar("Image", bound=NamedFile)


@dataclass(frozen=True)
class FailedImage:
    """An image without results.

    Parameters
    ----------
    reason : str
        A sentence.
    """

    name: str
    path: Path
    reason: str


@dataclass(frozen=True)
class FinishedImage:
    """An image with results.

    Attributes
    ----------
    outputs : tuple of str
        Their files, relative to the output folder.
    """

    name: str
    path: Path
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How the images of a job came out.

    Attributes
    ----------
    finished : tuple of FinishedImage
        Those finished in earlier runs included.
    stopped : bool
        Whether images are left because the user asked to stop.
    ended : EndedEarlyError or None
        Why images are left because none of them could have been done.
    """

    finished: tuple[FinishedImage, ...]
    failed: tuple[FailedImage, ...]
    stopped: bool
    ended: EndedEarlyError | None = None

    @property
    def n_finished(self) -> int:
        """Number of images with results."""
        return len(self.finished)


def over_images(
    images: Iterable[Image],
    work: Callable[[Image], Generator[Event, None, Event]],
    should_stop: Callable[[], bool],
    output: Path,
) -> Generator[Event, None, Outcome]:
    """Do the work on each image in turn.

    Parameters
    ----------
    work : callable
        Yields what happens and returns the event that closes the image; raises Cancelled to stop.
    should_stop : callable
        Asked before each image.
    output : Path
        Folder of the results; when it takes none, the images that are left are not begun.

    Yields
    ------
    Event
        Those of the work, and ImageFailed for an image on which it raised.

    Raises
    ------
    ModelError
        Because a model that cannot be used fails for every image.
    """
    finished, failed = list[FinishedImage](), list[FailedImage]()
    drive = DriveWatch(output)
    for image in images:
        try:
            if should_stop():
                return Outcome(tuple(finished), tuple(failed), stopped=True)
            closing = yield from work(image)
            outputs = closing.outputs if isinstance(closing, ImageSegmented | ImageSkipped) else ()
            finished.append(FinishedImage(image.name, image.path, outputs))
            drive.succeeded()
            yield closing
        except Cancelled:
            return Outcome(tuple(finished), tuple(failed), stopped=True)
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one image, the others are wanted
            failed.append(FailedImage(image.name, image.path, _reason(error, image.path)))
            in_the_way = isinstance(error, ResultsInTheWayError)
            yield ImageFailed(image.name, failed[-1].reason, str(image.path), in_the_way)
            if (ended := drive.failed(error, image.path)) is not None:
                return Outcome(tuple(finished), tuple(failed), stopped=False, ended=ended)
    return Outcome(tuple(finished), tuple(failed), stopped=False)


def _reason(error: Exception, path: Path) -> str:
    """Say in a sentence why an image failed."""
    if isinstance(error, UserFacingError):
        _logger.info("%s failed: %s", path, error)
        return str(error)
    if isinstance(error, MemoryError):
        return str(UserFacingError("there is not enough memory", path=path, remedy="Close other programs"))
    if is_out_of_memory(error):
        _logger.info("%s failed: %s", path, error)
        what = "the memory of the device ran out"
        remedy = "Close other programs that use the graphics card, or choose the processor as the device"
        return str(UserFacingError(what, path=path, remedy=remedy))
    if isinstance(error, OSError) and (refused := unreadable(error, path)) is not None:
        _logger.info("%s failed: %s", path, error)
        return str(refused)
    _logger.error("%s failed", path, exc_info=error)
    fault = UserFacingError(
        f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
        path=path,
        remedy="This is a fault of the program",
    )
    return str(fault)
