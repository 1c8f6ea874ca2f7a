"""The runs of the open project as they go on elsewhere, followed on disk."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.events import Event, ImageFailed, ImageSegmented, ImageSkipped
from dinocell_app.run_queue.following import ACTIVE_STATES, RunFollower, state_of
from dinocell_app.run_queue.progress import RunProgress

if TYPE_CHECKING:
    from dinocell_app.project.project import Project

LOOK_MS = 400
"""How often the runs that are not over are looked at."""

OLD_RUNS_AT_ONCE = 2
"""Runs that were over when the project was closed, of which so many are looked at each time."""


class FollowedRuns(QObject):
    """Follows runs; holds nothing that the project and the run folders do not hold."""

    run_changed = Signal(int)
    """A run has another state or is further than before."""
    image_finished = Signal(int)
    """An image of the project has new results, or failed."""
    run_finished = Signal(int)
    """A run is over: finished, stopped, failed or interrupted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._followers: dict[int, RunFollower] = {}
        self._states: dict[int, str] = {}
        self._unread: set[int] = set()
        self._to_check: deque[int] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    def follow(self, project: Project | None) -> None:
        """Follow the runs of a project, those that went on while the window was closed included.

        Parameters
        ----------
        project : Project or None
            None when the project is closed; its runs go on.
        """
        self._timer.stop()
        self._project = project
        for known in (self._followers, self._states, self._unread, self._to_check):
            known.clear()
        if project is None:
            return
        for record in project.runs.all():
            self._states[record.id] = record.state
            if record.state not in ACTIVE_STATES:
                self._to_check.append(record.id)
        self._go_on()

    def progress(self, run_id: int) -> RunProgress:
        """Say how far a run is.

        Returns
        -------
        RunProgress
            Of a long run that was not looked at before, at first by what the project knows; `run_changed` is
            emitted as its events are read.
        """
        if run_id not in self._followers:
            self._follower(run_id)
            self._unread.add(run_id)
            self._go_on()
        return self._follower(run_id).progress(self._states.get(run_id, ""))

    def running(self) -> list[int]:
        """List the runs that a process is at, or will be."""
        return [run_id for run_id, state in self._states.items() if state in ACTIVE_STATES]

    def shut_down(self) -> None:
        """Stop following; runs go on."""
        self.follow(None)

    def look(self) -> None:
        """Look at what the runs have done since the last time."""
        if self._project is None:
            return
        for _ in range(min(OLD_RUNS_AT_ONCE, len(self._to_check))):
            self._look_at_old_run(self._to_check.popleft())
        for run_id in [*self.running(), *self._unread]:
            self._look_at(run_id)
        if not self._has_more_to_come():
            self._timer.stop()

    def _has_more_to_come(self) -> bool:
        return bool(self.running() or self._unread or self._to_check)

    def _look_at(self, run_id: int) -> None:
        follower = self._follower(run_id)
        # First whether a process is at it, then its events: the last one is written before the process ends.
        facts = follower.facts()
        if follower.read():
            self._unread.add(run_id)
            self._record_results(run_id)
            self.run_changed.emit(run_id)
        else:
            self._unread.discard(run_id)
        if facts.executing or facts.waiting or run_id not in self._unread:
            self._enter(run_id, state_of(follower.with_last_event(facts)))

    def _look_at_old_run(self, run_id: int) -> None:
        """Find out whether a run that was over went on without the window, such as by hand in a shell."""
        follower = self._follower(run_id)
        if self._record_results(run_id) or follower.folder.is_executing():
            self._unread.add(run_id)

    def _record_results(self, run_id: int) -> list[Event]:
        project = self._project
        if project is None or project.read_only_reason is not None:
            return []
        events = _apply_new_events(project, run_id)
        for event in events:
            if isinstance(event, ImageSegmented | ImageSkipped | ImageFailed):
                image = project.images.by_path(Path(event.path)) if event.path else None
                if image is not None:
                    self.image_finished.emit(image.id)
        return events

    def _enter(self, run_id: int, state: str) -> None:
        project, before = self._project, self._states.get(run_id)
        if project is None or state == before:
            return
        self._states[run_id] = state
        if project.read_only_reason is None:
            project.runs.set_state(run_id, state)
        self.run_changed.emit(run_id)
        if before in ACTIVE_STATES and state not in ACTIVE_STATES:
            self.run_finished.emit(run_id)

    def _changed(self, run_id: int) -> None:
        self._unread.add(run_id)
        self.run_changed.emit(run_id)
        self._go_on()

    def _go_on(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _follower(self, run_id: int) -> RunFollower:
        if run_id not in self._followers:
            record = self._open_project().runs.get(run_id)
            self._followers[run_id] = RunFollower(record.folder, record.total)
        return self._followers[run_id]

    def _folder(self, run_id: int) -> Path:
        return self._follower(run_id).folder.path

    def _open_project(self) -> Project:
        if self._project is None:
            raise InvalidParameterError("No project is open", remedy="Open a project first")
        return self._project


def _apply_new_events(project: Project, run_id: int) -> list[Event]:
    from dinocell_app.project.run_events import apply_new_events

    return apply_new_events(project, run_id)
