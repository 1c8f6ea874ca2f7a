"""Small stand-ins for what the queue panel talks to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dinocell_app.jobs.events import ImageFailed


@dataclass(frozen=True)
class Run:
    id: int
    name: str = "cells"
    state: str = "queued"
    position: int = 0
    image_ids: tuple[int, ...] = (1, 2, 3)
    total: int = 3
    n_finished: int = 0
    n_failed: int = 0
    is_training: bool = False
    folder: Path = Path("/project/runs/1")


@dataclass(frozen=True)
class Progress:
    state: str = "queued"
    done: int = 0
    failed: int = 0
    total: int = 3
    current_image: str = ""
    tile_done: int = 0
    tile_total: int = 0
    n_cells: int = 0
    seconds_per_image: float | None = None
    remaining_seconds: float | None = None
    failures: tuple[ImageFailed, ...] = ()
    doubted: tuple = ()
    device: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Picture:
    id: int
    name: str
    relative_path: str


@dataclass(frozen=True)
class Result:
    run_id: int
    n_cells: int = 10
    seconds: float = 1.5
    status: str = "finished"


class Images:
    def __init__(self):
        self.names = {number: f"day 1/cells_{number}.tif" for number in (1, 2, 3)}

    def get(self, image_id):
        return Picture(image_id, Path(self.names[image_id]).name, self.names[image_id])

    def path(self, image_id):
        return Path("/pictures", self.names[image_id])

    def by_path(self, path):
        return next((self.get(i) for i in self.names if self.path(i) == path), None)


class Results:
    def __init__(self):
        self.stored = {}

    def of_image(self, image_id):
        return self.stored.get(image_id, [])


class Runs:
    def __init__(self, runs):
        self.stored = {run.id: run for run in runs}

    def all(self):
        return list(self.stored.values())

    def get(self, run_id):
        return self.stored[run_id]


class Project:
    def __init__(self, runs):
        self.images, self.results, self.runs = Images(), Results(), Runs(runs)
        self.read_only_reason = None


class Queue(QObject):
    run_changed = Signal(int)
    image_finished = Signal(int)
    run_finished = Signal(int)

    def __init__(self):
        super().__init__()
        self.known = {}
        self.asked = []

    def progress(self, run_id):
        return self.known[run_id]

    def __getattr__(self, name):
        if name in ("pause", "resume", "stop", "cancel", "retry_failed", "reorder", "remove"):
            return lambda argument, **more: self.asked.append((name, argument, *more.items()))
        raise AttributeError(name)


class Session(QObject):
    project_opened = Signal()
    project_closed = Signal()
    noted = Signal(str)

    def __init__(self, *runs):
        super().__init__()
        self.project = Project(runs) if runs else None
        self.queue = Queue()
        self.queue.known = {run.id: Progress(state=run.state) for run in runs}
        self.shown = []
        self.reported = []

    def report(self, error):
        self.reported.append(error)

    def set_current_image(self, image_id):
        self.shown.append(image_id)

    def tell(self, run_id, signal="run_changed", **facts):
        """Let the queue report something about a run."""
        self.queue.known[run_id] = replace(self.queue.known[run_id], **facts)
        getattr(self.queue, signal).emit(run_id)
