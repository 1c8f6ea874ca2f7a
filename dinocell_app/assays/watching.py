"""A folder that is watched: new images are given out once each, when they are complete."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.json_text import parse_json
from dinocell_app.base.line_files import appending
from dinocell_app.imaging.reading import open_image
from dinocell_app.imaging.scan import scan_folder

LOG_NAME = "watch.jsonl"
"""In the folder of results: a line for each file, and for each that could not be read."""

STABLE_SECONDS = 3.0
"""A file is complete when its size and time have not changed for so long, and it can be opened."""

GIVE_UP_SECONDS = 120.0
"""A file that is stable for so long and still cannot be opened is reported, and looked at when it changes."""


@dataclass(frozen=True)
class FileState:
    """What tells that a file has changed."""

    size: int
    modified_ns: int


@dataclass
class _Candidate:
    state: FileState
    since: float
    problem: str = ""


@dataclass
class WatchedFolder:
    """Which files of a folder are new, complete, and not yet done.

    Parameters
    ----------
    folder : Path
        Searched with its folders.
    log : Path
        What was done is read from it, so that a restart does nothing twice.
    clock : callable
        Seconds, monotonic.
    """

    folder: Path
    log: Path
    clock: Callable[[], float] = time.monotonic
    _seen: dict[Path, FileState] = field(default_factory=dict)
    _candidates: dict[Path, _Candidate] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for line in self._lines():
            path = self.folder / str(line["path"])
            self._seen[path] = FileState(int(line["size"]), int(line["modified_ns"]))

    def complete(self) -> list[Path]:
        """List new images that are complete, in natural order.

        Files that stay unreadable are logged once and not listed.
        """
        now, found = self.clock(), []
        there = set(scan_folder(self.folder, recursive=True).images)
        for gone in set(self._candidates) - there:
            del self._candidates[gone]
        for path in sorted(there):
            state = state_of(path)
            if state is None or self._seen.get(path) == state:
                continue
            known = self._candidates.get(path)
            if known is None or known.state != state:
                self._candidates[path] = _Candidate(state, now)
            elif now - known.since >= STABLE_SECONDS:
                known.problem = opening_problem(path)
                if not known.problem:
                    found.append(path)
                elif now - known.since >= GIVE_UP_SECONDS:
                    self.note(path, "unreadable", known.problem)
        return found

    def note(self, path: Path, outcome: str, reason: str = "") -> None:
        """Write down what became of a file; it is not given out again unless it changes.

        Parameters
        ----------
        outcome : str
            "done", "failed" or "unreadable".

        Raises
        ------
        UserFacingError
            If the log cannot be written.
        """
        state = state_of(path) or self._candidates.get(path, _Candidate(FileState(-1, -1), 0)).state
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "path": path.relative_to(self.folder).as_posix(),
            "size": state.size,
            "modified_ns": state.modified_ns,
            "outcome": outcome,
            "reason": reason,
        }
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with appending(self.log) as append:
            append(json.dumps(line, ensure_ascii=False))
        self._seen[path] = state
        self._candidates.pop(path, None)

    @property
    def n_waiting(self) -> int:
        """Files that are new and not yet complete or done."""
        return len(self._candidates)

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            try:
                content = parse_json(line)
                yield {name: content[name] for name in ("path", "size", "modified_ns")}
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a program that was killed


class Changes(FileSystemEventHandler):
    """Wakes whoever waits when anything in a folder changes.

    Network drives tell nothing: their folders are looked through every few seconds.
    """

    def __init__(self, folder: Path, wake: Callable[[], None], *, polling: bool) -> None:
        self._wake = wake
        self._observer: BaseObserver = PollingObserver() if polling else Observer()
        self._observer.schedule(self, str(folder), recursive=True)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass it on."""
        del event
        self._wake()

    def __enter__(self) -> Changes:
        self._observer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._observer.stop()
        self._observer.join()


def state_of(path: Path) -> FileState | None:
    """Look at a file, or at all files of an OME-Zarr folder together; None when it is gone."""
    try:
        if path.is_dir():
            states = [file.stat() for file in path.rglob("*") if file.is_file()]
            newest = max((state.st_mtime_ns for state in states), default=0)
            return FileState(sum(state.st_size for state in states), newest)
        status = path.stat()
    except OSError:
        return None
    return FileState(status.st_size, status.st_mtime_ns)


def opening_problem(path: Path) -> str:
    """Say why an image cannot be opened; empty when it can."""
    try:
        with open_image(path):
            return ""
    except UserFacingError as error:
        return str(error)
