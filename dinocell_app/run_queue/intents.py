"""What a person asks of a run, as files that its process or the worker finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.events import ImageFailed
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.run_queue.order import ask_for, withdraw


def pause(run: Path) -> None:
    """Make a run wait: within a tile when it is going on, before its turn when it is in the queue.

    Parameters
    ----------
    run : Path
        Its folder, here and below.
    """
    RunFolder(run).pause_path.touch()


def resume(run: Path) -> bool:
    """Let a run go on that was paused, stopped or interrupted.

    Returns
    -------
    bool
        Whether the queue has to be worked on; False when a process is at the run and just goes on.
    """
    folder = RunFolder(run)
    asked_to_end = folder.stop_path.exists() or folder.should_stop_after_image()
    for request in (folder.stop_path, folder.stop_after_image_path, folder.pause_path):
        request.unlink(missing_ok=True)
    # A process that was asked to end may have seen it: the run gets one more turn, which skips what is done.
    if folder.is_executing() and not asked_to_end:
        return False
    ask_for(run.parent, run.name)
    return True


def stop_after_image(run: Path) -> None:
    """End a run when the image in hand is finished; one in the queue is taken out of it."""
    _ask_to_end(RunFolder(run).stop_after_image_path)


def cancel(run: Path) -> None:
    """End a run within a tile; one in the queue is taken out of it."""
    _ask_to_end(RunFolder(run).stop_path)


def retry_job(job: SegmentJob, failures: Sequence[ImageFailed]) -> SegmentJob:
    """Make the job that does the failed images of another one again.

    Raises
    ------
    InvalidParameterError
        If no image failed.
    """
    paths = dict.fromkeys(Path(failure.path) for failure in failures if failure.path)
    if not paths:
        raise InvalidParameterError("No image of this run failed", remedy="Choose a run with failed images")
    return job.model_copy(update={"inputs": tuple(paths)})


def _ask_to_end(request: Path) -> None:
    run = request.parent
    withdraw(run.parent, run.name)
    request.touch()
    # A paused run goes on so that it can end.
    RunFolder(run).pause_path.unlink(missing_ok=True)
