"""The runs of the open project as the window sees them: asked for here, done elsewhere, followed on disk."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.base.file_locks import is_held
from dinocell_app.jobs.job_kinds import SegmentJob, TrainingJob
from dinocell_app.project.moved_jobs import bring_up_to_date, job_of_today, segment_job_of
from dinocell_app.run_queue import intents
from dinocell_app.run_queue.order import ask_for, next_entry, put_in_order, withdraw
from dinocell_app.run_queue.processes import start_worker
from dinocell_app.run_queue.worker import WORKER_LOCK_NAME
from dinocell_app.ui.processes.followed_runs import FollowedRuns

if TYPE_CHECKING:
    from dinocell_app.project.project import Project
    from dinocell_app.project.records import RunRecord


class Queue(FollowedRuns):
    """Asks for runs and follows them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workers: list[subprocess.Popen[bytes]] = []

    def follow(self, project: Project | None) -> None:
        """Follow the runs of a project, and begin with those that still wait.

        Parameters
        ----------
        project : Project or None
            None when the project is closed; its runs go on.
        """
        super().follow(project)
        if project is None or project.read_only_reason is not None:
            return
        if not is_held(project.runs_folder / WORKER_LOCK_NAME):
            # What waited when the computer was switched off is still wanted.
            self._work_on(project.runs_folder)

    def enqueue(self, name: str, job: SegmentJob, image_ids: Sequence[int]) -> RunRecord:
        """Put a run at the end of the queue; a process begins with it when its turn comes.

        Parameters
        ----------
        name : str
            Of the set of results.
        image_ids : sequence of int
            Images of the project that the job has, in its order.

        Raises
        ------
        UserFacingError
            If the project cannot be written to, or no process can be started.
        """
        return self._begin(self._open_project().runs.add(name, job, image_ids))

    def enqueue_training(self, name: str, make_job: Callable[[Path], TrainingJob]) -> RunRecord:
        """Put a training at the end of the queue.

        Parameters
        ----------
        name : str
            Of the model.
        make_job : callable
            Makes the job for a run folder.

        Raises
        ------
        UserFacingError
            If the project cannot be written to, or no process can be started.
        """
        return self._begin(self._open_project().runs.add_training(name, make_job))

    def _begin(self, record: RunRecord) -> RunRecord:
        self._states[record.id] = record.state
        ask_for(record.folder.parent, record.folder.name)
        self._work_on(record.folder.parent)
        self._changed(record.id)
        return record

    def pause(self, run_id: int) -> None:
        """Make a run wait, within a tile."""
        intents.pause(self._folder(run_id))
        self._changed(run_id)

    def resume(self, run_id: int) -> None:
        """Let a run go on that was paused, stopped or interrupted; what is finished stays."""
        folder = self._folder(run_id)
        bring_up_to_date(self._open_project(), run_id)
        if intents.resume(folder):
            self._work_on(folder.parent)
        self._enter(run_id, "queued")
        self._changed(run_id)

    def stop(self, run_id: int) -> None:
        """End a run when the image in hand is finished."""
        intents.stop_after_image(self._folder(run_id))
        self._changed(run_id)

    def cancel(self, run_id: int) -> None:
        """End a run within a tile."""
        intents.cancel(self._folder(run_id))
        self._changed(run_id)

    def retry_failed(self, run_id: int, *, replace: bool = False) -> RunRecord:
        """Put a run of the failed images of another one into the queue.

        Parameters
        ----------
        replace : bool
            Whether earlier results that are in the way are replaced.

        Raises
        ------
        UserFacingError
            If no image failed.
        """
        project = self._open_project()
        record = project.runs.get(run_id)
        follower = self._follower(run_id)
        while follower.read():
            pass
        job = intents.retry_job(segment_job_of(record.folder), follower.progress("").failures)
        known = project.runs.image_paths(run_id)
        ids = [known[str(path)] for path in job.inputs if str(path) in known]
        places = project.images.paths()
        job = job_of_today(project, run_id).model_copy(
            update={"inputs": tuple(places[image_id] for image_id in ids), "overwrite": replace}
        )
        return self.enqueue(record.name, job, ids)

    def reorder(self, run_ids: Sequence[int]) -> None:
        """Give the waiting runs another order."""
        project = self._open_project()
        project.runs.reorder(list(run_ids))
        put_in_order(project.runs_folder, [project.runs.get(run_id).folder.name for run_id in run_ids])
        for run_id in run_ids:
            self.run_changed.emit(run_id)

    def remove(self, run_id: int) -> None:
        """Forget a run that is over or waits; its results stay.

        Raises
        ------
        InvalidParameterError
            If a process is at it.
        """
        project, folder = self._open_project(), self._folder(run_id)
        if self._follower(run_id).facts().executing:
            raise InvalidParameterError("The run is going on", remedy="Stop it first")
        withdraw(folder.parent, folder.name)
        project.runs.remove(run_id)
        for known in (self._followers, self._states):
            known.pop(run_id, None)
        self._unread.discard(run_id)

    def _has_more_to_come(self) -> bool:
        # A worker that has just been started may not hold its lock yet.
        self._workers = [worker for worker in self._workers if worker.poll() is None]
        return super()._has_more_to_come() or bool(self._workers)

    def _work_on(self, runs: Path) -> None:
        if next_entry(runs) is None:
            return
        try:
            self._workers.append(start_worker(runs))
        except OSError as error:
            raise UserFacingError(
                f"The process that does the runs cannot be started ({error})",
                remedy="Start the computer anew",
            ) from error
