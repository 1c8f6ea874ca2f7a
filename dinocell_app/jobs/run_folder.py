"""The folder of a run: what to do, what happened, and how to ask it to stop or to wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.base.disk_errors import writing_explained
from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError, UserFacingError
from dinocell_app.base.file_locks import holding, is_held
from dinocell_app.base.files import write_text
from dinocell_app.base.line_files import LogFile, appending
from dinocell_app.jobs.events import Event, JobFailed, JobFinished, from_json_line, to_json_line
from dinocell_app.jobs.job_kinds import Job
from dinocell_app.jobs.job_places import job_from_moving_json, job_to_moving_json

JOB_NAME = "job.json"
EVENTS_NAME = "events.jsonl"
LOG_NAME = "log.txt"
STOP_NAME = "STOP"
STOP_AFTER_IMAGE_NAME = "STOP_AFTER_IMAGE"
PAUSE_NAME = "PAUSE"
LOCK_NAME = "LOCK"
CHECKPOINTS_NAME = "checkpoints"

EVENTS_AT_ONCE = 1 << 20
"""Bytes of a file that is read whole."""

PAUSE_POLL_SECONDS = 0.2
LOCK_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True)
class NewEvents:
    """What a run reported from a place in its events on.

    Parameters
    ----------
    events : tuple of Event
        Without lines that a killed process left unfinished, and events of other versions.
    end : int
        Bytes up to which whole lines were read.
    """

    events: tuple[Event, ...]
    end: int


class RunFolder:
    """One run on disk.

    Parameters
    ----------
    path : Path
        The folder; `create` makes one.
    moved : sequence of (str, str)
        Folders that the job names, and where they are on this computer.
    """

    def __init__(self, path: Path, moved: Sequence[tuple[str, str]] = ()) -> None:
        self.path = path
        self._moved = tuple(moved)

    @classmethod
    def create(cls, path: Path, job: Job) -> RunFolder:
        """Make a run folder, or open the one that has the same job.

        Raises
        ------
        InvalidParameterError
            If the folder is the run of another job.
        """
        folder = cls(path)
        if folder.job_path.exists():
            if folder.read_job() != job:
                raise InvalidParameterError(
                    "is the run of another job",
                    path=path,
                    remedy="Choose another run folder, or remove this one when it is no longer needed",
                )
            return folder
        with writing_explained(folder.job_path):
            write_text(folder.job_path, job_to_moving_json(job, path))
        return folder

    @property
    def job_path(self) -> Path:
        """What to do."""
        return self.path / JOB_NAME

    @property
    def events_path(self) -> Path:
        """What happened, one JSON object a line, append only."""
        return self.path / EVENTS_NAME

    @property
    def log_path(self) -> Path:
        """Everything else."""
        return self.path / LOG_NAME

    @property
    def stop_path(self) -> Path:
        """Asks the run to end when it exists; removed by the run that obeyed."""
        return self.path / STOP_NAME

    @property
    def stop_after_image_path(self) -> Path:
        """Asks the run to end before the next image; removed by the run that obeyed."""
        return self.path / STOP_AFTER_IMAGE_NAME

    @property
    def pause_path(self) -> Path:
        """Makes the run wait for as long as it exists."""
        return self.path / PAUSE_NAME

    @property
    def checkpoints(self) -> Path:
        """Folder for states of a training."""
        return self.path / CHECKPOINTS_NAME

    def read_job(self) -> Job:
        """Read what to do.

        Raises
        ------
        UserFacingError
            If there is no job that can be read.
        """
        if not self.path.is_dir():
            raise InvalidParameterError(
                "is no run folder", path=self.path, remedy="Name a folder that holds a job.json"
            )
        try:
            text = self.job_path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableFileError(
                f"the job cannot be read ({error})", path=self.job_path, remedy="Check the run folder"
            ) from error
        return job_from_moving_json(text, self.path, self._moved, self.job_path)

    def events(self) -> list[Event]:
        """Read what happened so far, without what a killed process left unfinished."""
        events: list[Event] = []
        end = 0
        while (new := self.events_from(end, EVENTS_AT_ONCE)).end > end:
            events += new.events
            end = new.end
        return events

    def events_from(self, start: int, at_most: int) -> NewEvents:
        """Read what happened since.

        Parameters
        ----------
        start : int
            Bytes that were read before.
        at_most : int
            Bytes to read; more only where a line is longer.

        Returns
        -------
        NewEvents
            A line that is being written is left for the next time.
        """
        try:
            with self.events_path.open("rb") as file:
                file.seek(start)
                chunk = file.read(at_most)
                while b"\n" not in chunk and (more := file.read(at_most)):
                    chunk += more
        except OSError:
            return NewEvents((), start)
        whole = chunk[: chunk.rfind(b"\n") + 1]
        events = []
        for line in whole.decode("utf-8", errors="replace").split("\n"):
            if line.strip():
                try:
                    events.append(from_json_line(line))
                except (ValueError, AttributeError):
                    logging.getLogger(__name__).debug("unreadable event: %s", line[:200])
        return NewEvents(tuple(events), start + len(whole))

    def finished(self) -> bool:
        """Tell whether the job is done; a run that was stopped or killed is not."""
        events = self.events()
        return bool(events) and isinstance(events[-1], JobFinished) and not events[-1].stopped

    def should_stop(self) -> bool:
        """Tell whether the run is asked to end; waits here for as long as it is asked to pause."""
        while self.should_wait():
            time.sleep(PAUSE_POLL_SECONDS)
        return self.stop_path.exists()

    def should_wait(self) -> bool:
        """Tell whether the run is asked to pause."""
        return self.pause_path.exists() and not self.stop_path.exists()

    def should_stop_after_image(self) -> bool:
        """Tell whether the run is asked to end before the next image."""
        return self.stop_after_image_path.exists()

    def record(self, events: Iterator[Event]) -> Iterator[Event]:
        """Append each event to `events.jsonl` before it is passed on.

        Raises
        ------
        UserFacingError
            What ended the job; it is recorded as JobFailed first.
        """
        with appending(self.events_path) as append:
            try:
                for event in events:
                    append(to_json_line(event))
                    yield event
            except UserFacingError as error:
                with suppress(UserFacingError):  # the first one says why
                    append(to_json_line(JobFailed(str(error))))
                raise
        self.stop_path.unlink(missing_ok=True)
        self.stop_after_image_path.unlink(missing_ok=True)

    @contextmanager
    def locked(self, patience_seconds: float = 0.0) -> Iterator[None]:
        """Hold the folder for one process; a crash releases it.

        Parameters
        ----------
        patience_seconds : float
            How long to try, see `holding`.

        Raises
        ------
        UserFacingError
            If another process executes the run.
        """
        with ExitStack() as stack:
            with writing_explained(self.path / LOCK_NAME):
                held = stack.enter_context(holding(self.path / LOCK_NAME, patience_seconds))
            if not held:
                raise UserFacingError(
                    "is being executed by another process",
                    path=self.path,
                    remedy="Wait until it ends, or ask it to by creating a file named STOP in the folder",
                )
            yield

    def is_executing(self) -> bool:
        """Tell whether a process executes the run now."""
        return is_held(self.path / LOCK_NAME)

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Send log records to `log.txt` inside the block."""
        with writing_explained(self.log_path):
            handler = LogFile(self.log_path, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        before = root.level
        root.addHandler(handler)
        root.setLevel(min(before, logging.INFO))
        try:
            yield
        finally:
            root.setLevel(before)
            root.removeHandler(handler)
            handler.close()
