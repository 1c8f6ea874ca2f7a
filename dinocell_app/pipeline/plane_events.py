"""Events of the planes of an image: tiles counted over all planes, a request to stop honoured."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import PurePosixPath
from typing import TypeVar

from dinocell_app.base.errors import Cancelled
from dinocell_app.base.long_work import LongWork
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.jobs.events import Event, PlaneFound, TilesPredicted

Result = TypeVar("Result")


def plane_found(address: PlaneAddress, record: PlaneRecord, stem: PurePosixPath) -> PlaneFound:
    """Say what became of a plane, as events do.

    Parameters
    ----------
    record : PlaneRecord
        Of the files that are there now.
    stem : PurePosixPath
        Folder and stem of the results of the image below the output folder.
    """
    outputs = tuple((stem.parent / name).as_posix() for name in record.outputs.values())
    return PlaneFound(address, record.n_cells or 0, outputs)


def until_asked_to_stop(
    steps: Generator[Event, None, Result], should_stop: Callable[[], bool]
) -> Generator[Event, None, Result]:
    """Pass events on until the work is done or a stop is asked for.

    Parameters
    ----------
    should_stop : callable
        Asked after each event.

    Returns
    -------
    object
        What the work returns.

    Raises
    ------
    Cancelled
        If asked to stop; the work is closed.
    """
    work = LongWork(steps)
    for event in work:
        yield event
        if should_stop():
            work.close()
            raise Cancelled
    return work.result


def over_planes(
    steps: Generator[Event, None, PlaneRecord], name: str, done: int, n_planes: int
) -> Generator[Event, None, PlaneRecord]:
    """Count tiles over all planes of an image, taking each plane to have as many as this one.

    Parameters
    ----------
    steps : generator
        Work on one plane.
    name : str
        Of the image.
    done : int
        Planes that are done.
    n_planes : int
        Planes of the image.

    Returns
    -------
    PlaneRecord
        What the work returns.
    """
    work = LongWork(steps)
    for event in work:
        if isinstance(event, TilesPredicted):
            event = TilesPredicted(name, done * event.total + event.done, n_planes * event.total)
        yield event
    return work.result
