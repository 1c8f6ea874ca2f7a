"""The end of a run: its tables, and a last look at whether what it finished is there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from dinocell_app.base.disk_errors import writing_explained
from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.files import remove_leftovers
from dinocell_app.base.standing_folders import standing
from dinocell_app.jobs.events import Event, JobFinished, ResultsLost
from dinocell_app.pipeline.isolation import FailedImage, Outcome
from dinocell_app.pipeline.run_tables import write_run_tables


@contextmanager
def results_standing(output: Path) -> Iterator[None]:
    """Make the folder of results, and refuse to write within the block once it is another one.

    What processes that were killed left in it is removed.

    Raises
    ------
    RefusedWriteError
        If it cannot be made.
    """
    with ExitStack() as held:
        with writing_explained(output):
            held.enter_context(standing(output))
        remove_leftovers(output)
        yield


def end_run(output: Path, formats: Sequence[str], outcome: Outcome, started: float) -> Iterator[Event]:
    """Write the tables of a run, and say how it came out.

    Parameters
    ----------
    output : Path
        Folder of the results.
    started : float
        When the run began, as `time.monotonic` tells it.

    Yields
    ------
    Event
        ResultsLost for each image whose files are not there any more, at last JobFinished.

    Raises
    ------
    EndedEarlyError
        If the run ended because no further image could have been done.
    UserFacingError
        If the tables cannot be written.
    """
    lost = lost_results(output, outcome)
    for image in lost:
        yield ResultsLost(image.name, image.reason, str(image.path))
    outcome = without(outcome, lost)
    if outcome.ended is not None:
        # The next attempt may be days away, and what is finished is wanted now.
        with suppress(UserFacingError):
            write_run_tables(output, formats, outcome.failed)
        raise outcome.ended
    outputs = write_run_tables(output, formats, outcome.failed)
    seconds = time.monotonic() - started
    yield JobFinished(outcome.n_finished, len(outcome.failed), seconds, outcome.stopped, outputs)


def lost_results(output: Path, outcome: Outcome) -> tuple[FailedImage, ...]:
    """Find the images that were finished, and of whose files one is missing now."""
    lost = []
    for image in outcome.finished:
        missing = next((name for name in image.outputs if not (output / name).exists()), None)
        if missing is not None:
            reason = UserFacingError(
                "this result was written and is not there any more",
                path=output / missing,
                remedy="Check that the drive is connected and that nobody removes files there, then run "
                "again: only what is missing is made",
            )
            lost.append(FailedImage(image.name, image.path, str(reason)))
    return tuple(lost)


def without(outcome: Outcome, lost: Sequence[FailedImage]) -> Outcome:
    """Count images whose results are lost as failed."""
    names = {image.name for image in lost}
    finished = tuple(image for image in outcome.finished if image.name not in names)
    return replace(outcome, finished=finished, failed=(*outcome.failed, *lost))
