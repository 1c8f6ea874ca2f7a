"""From a job to its events, and from events to an exit code: the one way every command takes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from dinocell_app.base.disk_errors import refused_by_disk
from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.commands.console import Interruption, follow
from dinocell_app.jobs.events import Event
from dinocell_app.jobs.job_kinds import (
    AdaptJob,
    AdaptThenTeachJob,
    EvaluateJob,
    FineTuneJob,
    Job,
    MeasureJob,
    ReferenceTrainingJob,
    SegmentJob,
    TrainingJob,
)
from dinocell_app.jobs.run_folder import LOCK_PATIENCE_SECONDS, RunFolder

_logger = logging.getLogger(__name__)


def events_of(
    job: Job,
    should_stop: Callable[[], bool],
    run_folder: Path | None = None,
    should_stop_after_image: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Start a job; nothing happens before the first event is asked for.

    Parameters
    ----------
    should_stop : callable
        Asked between two tiles or steps.
    run_folder : Path, optional
        Where a training keeps its checkpoints.
    should_stop_after_image : callable
        Asked between two images.

    Raises
    ------
    UserFacingError
        If the job as a whole cannot be done; whatever a disk refused is one, too.
    """
    try:
        yield from _events_of(job, should_stop, run_folder, should_stop_after_image)
    except OSError as error:
        refused = refused_by_disk(error, job.output)
        if refused is None:
            raise
        raise refused from error


def _events_of(
    job: Job,
    should_stop: Callable[[], bool],
    run_folder: Path | None,
    should_stop_after_image: Callable[[], bool],
) -> Iterator[Event]:
    # Each kind imports what it needs: torch takes seconds that measuring and scoring do not have to wait for.
    match job:
        case SegmentJob():
            if job.dask:
                return _on_cluster(job, should_stop, run_folder, should_stop_after_image)
            from dinocell_app.pipeline.segmentation_job import segment_images

            return segment_images(job, should_stop, should_stop_after_image)
        case MeasureJob():
            from dinocell_app.pipeline.measurement_job import measure_images

            return measure_images(job, lambda: should_stop() or should_stop_after_image())
        case EvaluateJob():
            from dinocell_training.evaluation_job import evaluate_images

            return evaluate_images(job, should_stop)
        case FineTuneJob():
            from dinocell_training.fine_tuning_job import fine_tune

            return fine_tune(job, run_folder or default_run_folder(job), should_stop)
        case AdaptJob():
            from dinocell_training.domain_adaptation_job import adapt

            return adapt(job, run_folder or default_run_folder(job), should_stop)
        case AdaptThenTeachJob():
            from dinocell_training.adapted_fine_tuning import adapt_then_teach

            return adapt_then_teach(job, run_folder or default_run_folder(job), should_stop)
        case ReferenceTrainingJob():
            from dinocell_training.reference_training.reference_training_job import train_references

            return train_references(job, run_folder or default_run_folder(job), should_stop)


def _on_cluster(
    job: SegmentJob,
    should_stop: Callable[[], bool],
    run_folder: Path | None,
    should_stop_after_image: Callable[[], bool],
) -> Iterator[Event]:
    """Start a job on a cluster, whose workers cannot wait inside `should_stop` and are told to instead."""
    from dinocell_app.distributed.cluster_job import segment_on_cluster
    from dinocell_app.distributed.handing_out import Wishes

    should_wait = RunFolder(run_folder).should_wait if run_folder else (lambda: False)
    return segment_on_cluster(job, Wishes(should_stop, should_stop_after_image, should_wait))


def default_run_folder(job: TrainingJob) -> Path:
    """Choose where a training keeps its checkpoints when the user does not say.

    Returns
    -------
    Path
        Beside the model folder.
    """
    return job.output.with_name(job.output.name + "-run")


def execute(job: Job, *, json_lines: bool) -> int:
    """Do a job and show its events.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If the job as a whole cannot be done.
    """
    with Interruption() as interruption:
        return follow(events_of(job, interruption.should_stop), json_lines=json_lines)


def execute_run(folder: RunFolder, *, json_lines: bool, dask: str = "") -> int:
    """Do the job of a run folder, recording its events there.

    Parameters
    ----------
    dask : str
        Cluster that does the images of a segmentation, in place of what the job says.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If the job cannot be read or done, or another process is at it.
    """
    job = folder.read_job()
    if dask:
        job = _with_cluster(job, dask, folder.path)
    first = int(os.environ.get("RANK", "0")) == 0
    with ExitStack() as held:
        interruption = held.enter_context(Interruption())

        def should_stop() -> bool:
            if folder.should_wait() and not json_lines and first:
                sys.stderr.write(f"Paused; it goes on when {folder.pause_path} is removed.\n")
            return interruption.should_stop() or folder.should_stop()

        events = events_of(job, should_stop, folder.path, folder.should_stop_after_image)
        if not first:
            return follow(events, json_lines=json_lines, quiet=True)
        held.enter_context(folder.locked(LOCK_PATIENCE_SECONDS))
        held.enter_context(folder.logging())
        try:
            return follow(folder.record(events), json_lines=json_lines)
        except UserFacingError as error:
            _logger.error("the job ended: %s", error)  # noqa: TRY400 - a sentence, no fault of the program
            raise
        except Exception:
            _logger.exception("the job ended by a fault of the program")
            raise


def _with_cluster(job: Job, dask: str, folder: Path) -> SegmentJob:
    if not isinstance(job, SegmentJob):
        raise InvalidParameterError(
            f"is a job to {job.kind}, and dask workers only segment",
            path=folder,
            remedy="Leave out --dask; a training runs on several cards when torchrun starts it",
        )
    return job.model_copy(update={"dask": dask})
