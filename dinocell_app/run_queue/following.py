"""A run as it is on disk: its state, and its events as they come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dinocell_app.jobs.events import Event, JobFailed, JobFinished
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.run_queue.order import attempts_begun, is_waiting, read_queue
from dinocell_app.run_queue.progress import ProgressCount, RunProgress
from dinocell_app.run_queue.worker import working_on

CHUNK_BYTES = 1 << 16
"""Read at once: few enough events that a window does not stutter."""

ACTIVE_STATES = ("queued", "running", "paused")


@dataclass(frozen=True)
class RunFacts:
    """What decides the state of a run.

    Parameters
    ----------
    executing : bool
        Whether a process is at it.
    waiting : bool
        Whether it has a turn in the queue to come.
    paused : bool
        Whether it is asked to wait.
    attempted : bool
        Whether work on it ever began.
    final : JobFinished or JobFailed, optional
        How its last attempt ended; None when it did not, or was killed.
    """

    executing: bool
    waiting: bool
    paused: bool
    attempted: bool
    final: JobFinished | JobFailed | None = None


def state_of(facts: RunFacts) -> str:
    """Name the state of a run.

    Returns
    -------
    str
        "queued", "running", "paused", "finished", "stopped", "failed" or "interrupted".
    """
    if facts.executing:
        return "paused" if facts.paused else "running"
    if facts.waiting:
        return "paused" if facts.paused else "queued"
    if isinstance(facts.final, JobFailed):
        return "failed"
    if facts.final is not None:
        return "stopped" if facts.final.stopped else "finished"
    return "interrupted" if facts.attempted else "stopped"


class RunFollower:
    """Follows the events of a run from the first one, whether it goes on now or ended long ago.

    Parameters
    ----------
    path : Path
        Folder of the run, inside the folder of runs.
    total : int
        Images expected before the run says how many it found.
    """

    def __init__(self, path: Path, total: int = 0) -> None:
        self.folder = RunFolder(path)
        self._count = ProgressCount(total)
        self._offset = 0

    def read(self) -> list[Event]:
        """Read some of what is new.

        Returns
        -------
        list of Event
            Empty when there is nothing new. A line that is being written is left for later, and one that
            a killed process left unfinished is passed over.
        """
        new = self.folder.events_from(self._offset, CHUNK_BYTES)
        self._offset = new.end
        for event in new.events:
            self._count.add(event)
        return list(new.events)

    def facts(self) -> RunFacts:
        """Look at the run as it is now.

        Returns
        -------
        RunFacts
            `final` by the events read so far.
        """
        path = self.folder.path
        waiting = any(
            entry.run == path.name and is_waiting(path.parent, entry) for entry in read_queue(path.parent)
        )
        executing = self.folder.is_executing() or working_on(path.parent) == path.name
        attempted = attempts_begun(path) > 0 or self._offset > 0
        return RunFacts(executing, waiting, self.folder.pause_path.exists(), attempted, self._count.final)

    def with_last_event(self, facts: RunFacts) -> RunFacts:
        """Renew what earlier facts say about how the run ended."""
        return replace(facts, final=self._count.final)

    def progress(self, state: str) -> RunProgress:
        """Say how far the run is, by the events read so far."""
        return self._count.progress(state)
