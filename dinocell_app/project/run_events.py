"""Follow what runs report: each event is taken over exactly once, also after a crash of the window.

The place in `events.jsonl` up to which events were read is stored in the same transaction as what they say.
"""

from __future__ import annotations

import logging
from pathlib import Path, PurePosixPath
from typing import Any

from dinocell_app.base.plane_address import ONLY_PLANE
from dinocell_app.jobs.events import (
    Event,
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    JobFailed,
    JobFinished,
    JobStarted,
    PlaneFound,
    ResultsLost,
)
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.project.earlier_events import planes_by_records
from dinocell_app.project.project import Project
from dinocell_app.project.records import ImageRecord, NewResult
from dinocell_app.project.results import FAILED

BYTES_AT_A_TIME = 1 << 17
"""How much of a file is taken over at once, so that a long file does not hold up the window."""

_RECORD_GONE = "The record of what this run did (events.jsonl) is gone from its run folder"

_logger = logging.getLogger(__name__)


def apply_new_events(project: Project, run_id: int) -> list[Event]:
    """Take over what a run reported since the last time.

    A last line that is still being written waits for its end. A run whose process is gone without a last
    word becomes "interrupted".

    Returns
    -------
    list of Event
        The new ones, at most about `BYTES_AT_A_TIME` of them; call again while there are any. Empty for a
        project that is open for reading only.
    """
    if project.read_only_reason is not None:
        return []
    follower = _Follower(project, run_id)
    events = follower.take()
    if not events and follower.seems_interrupted() and not follower.run.is_executing():
        # What the process wrote last may have come between the reading above and its end.
        events = follower.take()
        if not events:
            follower.mark_interrupted()
    return events


class _Follower:
    """One run of an open project."""

    def __init__(self, project: Project, run_id: int) -> None:
        self._project = project
        self._database = project.database
        self._run_id = run_id
        self.run = RunFolder(project.runs_folder / str(run_id))

    def take(self) -> list[Event]:
        """Take over one chunk of events."""
        row = self._row()
        offset: int = row["events_offset"]
        size = _size(self.run.events_path)
        if size is None:
            if (offset or row["is_started"]) and row["problem"] != _RECORD_GONE:
                self._set(problem=_RECORD_GONE)
            return []
        if size < offset:
            _logger.warning("%s is shorter than before and is read again", self.run.events_path)
            offset = 0
        elif size == offset:
            return []
        new = self.run.events_from(offset, BYTES_AT_A_TIME)
        if new.end == offset:
            return []
        with self._database.transaction():
            for event in new.events:
                self._apply(event)
            self._set(events_offset=new.end)
            if row["problem"] == _RECORD_GONE:
                self._set(problem="")
        return list(new.events) or self.take()

    def seems_interrupted(self) -> bool:
        """Tell whether the run has started and not ended."""
        row = self._row()
        return bool(row["is_started"]) and row["state"] in ("running", "paused")

    def mark_interrupted(self) -> None:
        """Note that the process of the run is gone."""
        self._set(state="interrupted", is_started=0)

    def _row(self) -> Any:  # noqa: ANN401 - a Row
        row = self._database.row("SELECT * FROM runs WHERE id = ?", (self._run_id,))
        if row is None:
            raise KeyError(self._run_id)
        return row

    def _set(self, **values: str | int) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        self._database.change(f"UPDATE runs SET {columns} WHERE id = ?", (*values.values(), self._run_id))

    def _apply(self, event: Event) -> None:
        if isinstance(event, JobStarted):
            state = "paused" if self.run.pause_path.exists() else "running"
            self._set(state=state, is_started=1, total=event.total, n_finished=0, n_failed=0, problem="")
        elif isinstance(event, ImageSegmented | ImageSkipped):
            self._count("n_finished")
            self._record_found(event)
        elif isinstance(event, ImageFailed):
            self._count("n_failed")
            if isinstance(event, ResultsLost):
                self._count("n_finished", -1)
            self._record_failed(event)
        elif isinstance(event, JobFinished):
            state = "stopped" if event.stopped else "finished"
            self._set(state=state, is_started=0, n_finished=event.n_finished, n_failed=event.n_failed)
        elif isinstance(event, JobFailed):
            self._set(state="failed", is_started=0, problem=event.reason)

    def _count(self, column: str, further: int = 1) -> None:
        self._database.change(
            f"UPDATE runs SET {column} = {column} + ? WHERE id = ?", (further, self._run_id)
        )

    def _record_found(self, event: ImageSegmented | ImageSkipped) -> None:
        image = self._image(event.path)
        if image is None:
            return
        row = self._row()
        results = self._project.results
        if isinstance(event, ImageSkipped) and any(
            result.name == row["name"] and result.status != FAILED for result in results.of_image(image.id)
        ):
            return  # recorded when it was made
        planes = list(event.planes) or [PlaneFound(ONLY_PLANE, event.n_cells)]
        if planes[0].address is None:
            planes = planes_by_records(planes[0], self._project.folder / row["output"])
        seconds = event.seconds if isinstance(event, ImageSegmented) else 0.0
        found = [
            NewResult(
                image_id=image.id,
                name=row["name"],
                run_id=self._run_id,
                plane=plane.address or ONLY_PLANE,
                n_cells=max(0, plane.n_cells),
                seconds=seconds / len(planes),
                # A damaged record could name any file.
                files=tuple(f"{row['output']}/{output}" for output in plane.outputs if _is_below(output)),
            )
            for plane in planes
        ]
        results.record_image(found)

    def _record_failed(self, event: ImageFailed) -> None:
        image = self._image(event.path)
        if image is not None:
            self._project.results.record(
                NewResult(
                    image_id=image.id,
                    name=self._row()["name"],
                    status=FAILED,
                    run_id=self._run_id,
                    reason=event.reason,
                )
            )

    def _image(self, path: str) -> ImageRecord | None:
        row = self._database.row(
            "SELECT image_id FROM run_images WHERE run_id = ? AND path = ?", (self._run_id, path)
        )
        if row is not None:
            return self._project.images.get(row[0])
        return self._project.images.by_path(Path(path)) if path else None


def _is_below(output: str) -> bool:
    parts = PurePosixPath(output.replace("\\", "/")).parts
    return bool(parts) and parts[0] != "/" and ".." not in parts and ":" not in parts[0]


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
