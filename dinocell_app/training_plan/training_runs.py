"""Trainings of a project on disk: their folders, and what has happened in each."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from dinocell_app.base.errors import UserFacingError
from dinocell_app.jobs.events import Event, JobFailed, from_json_line
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob, FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.run_queue.processes import start_apart
from dinocell_app.training_plan.planned_jobs import MODEL_NAME
from dinocell_app.training_plan.training_progress import TrainingProgress

FOLDER_NAME = "training"
VERDICT_NAME = "verdict.json"
_NUMBERED = re.compile(r"(\d+)_")


class Training:
    """One training: its run folder, and its events as they come."""

    def __init__(self, folder: Path) -> None:
        self.run = RunFolder(folder)
        self.progress = TrainingProgress()
        self._offset = 0
        self._process: subprocess.Popen[bytes] | None = None

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
        try:
            with self.run.events_path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except OSError:
            return False
        whole = content[: content.rfind(b"\n") + 1]
        if not whole:
            return False
        self._offset += len(whole)
        self.progress = self.progress.after(_events(whole))
        return True

    def state(self) -> str:
        """Name the state.

        Returns
        -------
        str
            "running", "paused", "finished", "stopped", "failed" or "interrupted".
        """
        starting = self._process is not None and self._process.poll() is None
        if starting or self.run.is_executing():
            return "paused" if self.run.pause_path.exists() else "running"
        final = self.progress.final
        if isinstance(final, JobFailed):
            return "failed"
        if final is not None:
            return "stopped" if final.stopped else "finished"
        return "interrupted"

    def start(self) -> None:
        """Start, or let it go on where it was, in a process that outlives the window.

        Raises
        ------
        UserFacingError
            If no process can be started.
        """
        for request in (self.run.stop_path, self.run.pause_path):
            request.unlink(missing_ok=True)
        try:
            self._process = start_apart("run", str(self.folder))
        except OSError as error:
            raise UserFacingError(
                f"The process that does the training cannot be started ({error})",
                remedy="Start the computer anew",
            ) from error

    def pause(self) -> None:
        """Ask it to wait."""
        self.run.pause_path.touch()

    def go_on(self) -> None:
        """Let it go on after a pause."""
        self.run.pause_path.unlink(missing_ok=True)

    def stop(self) -> None:
        """Ask it to end and keep the best so far."""
        self.run.stop_path.touch()
        self.go_on()

    def has_model(self) -> bool:
        """Tell whether it offers a model.

        One that was stopped early has none, nor one that did not beat its base.
        """
        return (self.folder / MODEL_NAME / "manifest.json").exists()

    def has_result(self) -> bool:
        """Tell whether there is a model, or a verdict that it is better to keep the base."""
        return self.has_model() or (self.folder / VERDICT_NAME).exists()


def trainings_of(project_folder: Path) -> list[Training]:
    """List the trainings of a project.

    Returns
    -------
    list of Training
        The newest first; each has read its events.
    """
    try:
        folders = [f for f in (project_folder / FOLDER_NAME).iterdir() if (f / "job.json").is_file()]
    except OSError:
        return []
    found = [Training(folder) for folder in sorted(folders, key=_number, reverse=True)]
    for training in found:
        training.look()
    return found


def new_training_folder(project_folder: Path, name: str) -> Path:
    """Choose a folder for a new training.

    Parameters
    ----------
    name : str
        Of the model.

    Returns
    -------
    Path
        That does not exist.
    """
    around = project_folder / FOLDER_NAME
    numbers = [_number(folder) for folder in around.iterdir()] if around.is_dir() else []
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._") or "model"
    return around / f"{max(numbers, default=0) + 1:03d}_{words}"


def _number(folder: Path) -> int:
    found = _NUMBERED.match(folder.name)
    return int(found.group(1)) if found else 0


def _events(lines: bytes) -> list[Event]:
    events = []
    for line in lines.splitlines():
        try:
            events.append(from_json_line(line.decode("utf-8", errors="replace")))
        except ValueError:
            continue
    return events
