"""Adaptation, then fine-tuning: one run folder, one stream of events, stopped and resumed as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from dinocell_app.base.files import write_json
from dinocell_app.jobs.events import Event, JobFinished, Notice
from dinocell_app.jobs.job_kinds import AdaptThenTeachJob
from dinocell_training.domain_adaptation_job import adapt
from dinocell_training.fine_tuning_job import fine_tune
from dinocell_training.processes import process_rank, wait_for_all

ADAPTATION_FOLDER = "adaptation"
"""In the run folder: pictures, settings and checkpoints of the first part."""

ADAPTED_NAME = "adapted.json"
"""In the run folder, once the first part is over."""


def adapt_then_teach(
    job: AdaptThenTeachJob, run_folder: Path, should_stop: Callable[[], bool]
) -> Iterator[Event]:
    """Adapt a network, then teach it.

    Asked to stop in the first part, it ends without teaching; started again, it goes on where it was.

    Parameters
    ----------
    should_stop : callable
        Asked before every picture and every step.

    Yields
    ------
    Event
        Those of `adapt` but its last, then those of `fine_tune`.

    Raises
    ------
    UserFacingError
        As either part does.
    """
    if not (run_folder / ADAPTED_NAME).exists():
        for event in adapt(job.adaptation, run_folder / ADAPTATION_FOLDER, should_stop):
            if isinstance(event, JobFinished):
                if event.stopped:
                    yield event
                    return
                break
            yield event
        if process_rank()[0] == 0:
            write_json(run_folder / ADAPTED_NAME, {"model": str(job.adaptation.output)})
        wait_for_all()  # the others begin with the model that the first one has just written
        yield Notice("The network is adapted; now it is taught with the labelled images")
    yield from fine_tune(job.fine_tuning, run_folder, should_stop)
