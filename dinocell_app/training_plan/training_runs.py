"""Trainings of a project on disk: their folders, and what has happened in each."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.errors import UserFacingError
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob, FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.run_queue import intents
from dinocell_app.run_queue.following import RunFollower, state_of
from dinocell_app.run_queue.processes import start_worker
from dinocell_app.training_plan.planned_jobs import MODEL_NAME
from dinocell_app.training_plan.training_progress import TrainingProgress

if TYPE_CHECKING:
    from dinocell_app.project.project import Project

FOLDER_NAME = "training"
"""Folder of the trainings of older versions, in that of the project; those of today are runs in its queue."""

VERDICT_NAME = "verdict.json"
_NUMBERED = re.compile(r"\d+")


class Training:
    """One training: a run with a model to come, followed like every run."""

    def __init__(self, folder: Path) -> None:
        self._follower = RunFollower(folder)
        self.progress = TrainingProgress()
        self._worker: subprocess.Popen[bytes] | None = None

    @property
    def run(self) -> RunFolder:
        """Its run folder, as files."""
        return self._follower.folder

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.run.path

    @property
    def name(self) -> str:
        """Name of the model, by its job; of the folder when the job cannot be read."""
        try:
            job = self.run.read_job()
        except UserFacingError:
            return self.folder.name
        if isinstance(job, AdaptThenTeachJob):
            job = job.fine_tuning
        return job.name if isinstance(job, FineTuneJob | AdaptJob) and job.name else self.folder.name

    def look(self) -> bool:
        """Read what happened since the last time.

        Returns
        -------
        bool
            Whether there was anything.
        """
        seen = False
        while events := self._follower.read():
            self.progress = self.progress.after(events)
            seen = True
        return seen

    def state(self) -> str:
        """Name the state, as `run_queue.following.state_of` does for every run."""
        if self._worker is not None and self._worker.poll() is not None:
            self._worker = None
        return state_of(self._follower.facts())

    def pause(self) -> None:
        """Ask it to wait; here and below for one that is not in the queue of its project."""
        intents.pause(self.folder)

    def go_on(self) -> None:
        """Let it go on where it was, in a process that outlives the window.

        Raises
        ------
        UserFacingError
            If no process can be started.
        """
        if not intents.resume(self.folder):
            return
        try:
            self._worker = start_worker(self.folder.parent)
        except OSError as error:
            raise UserFacingError(
                f"The process that does the training cannot be started ({error})",
                remedy="Start the computer anew",
            ) from error

    def stop(self) -> None:
        """Ask it to end and keep the best so far."""
        intents.cancel(self.folder)

    def has_model(self) -> bool:
        """Tell whether it offers a model.

        One that was stopped early has none, nor one that did not beat its base.
        """
        return (self.folder / MODEL_NAME / "manifest.json").exists()

    def has_result(self) -> bool:
        """Tell whether there is a model, or a verdict that it is better to keep the base."""
        return self.has_model() or (self.folder / VERDICT_NAME).exists()


def trainings_of(project: Project) -> list[Training]:
    """List the trainings of a project.

    Returns
    -------
    list of Training
        The newest first, those that older versions kept outside the queue last; each has read its events.
    """
    queued = [run.folder for run in project.runs.all() if run.is_training]
    try:
        older = [f for f in (project.folder / FOLDER_NAME).iterdir() if (f / "job.json").is_file()]
    except OSError:
        older = []
    found = [
        Training(folder)
        for folders in (queued, older)
        for folder in sorted(folders, key=training_number, reverse=True)
    ]
    for training in found:
        training.look()
    return found


def training_number(folder: Path) -> int:
    """Give the number of a training by its folder; 0 for one without."""
    found = _NUMBERED.match(folder.name)
    return int(found.group()) if found else 0
