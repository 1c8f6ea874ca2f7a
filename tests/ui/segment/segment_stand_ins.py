"""Small stand-ins for what the Segment dock talks to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from dinocell_app.jobs.segment_settings import SegmentSettings


@dataclass(frozen=True)
class Picture:
    id: int = 1
    relative_path: str = "a/cells.tif"
    n_times: int = 1
    n_slices: int = 1
    n_channels: int = 1
    channel_names: tuple[str, ...] = ("grey",)
    is_rgb: bool = False
    pixel_size_um: float | None = None
    pixel_size_source: str = "unknown"
    axes: str = ""


class Images:
    def __init__(self, pictures):
        self.pictures = {picture.id: picture for picture in pictures}

    def all(self):
        return list(self.pictures.values())

    def paths(self):
        return {image_id: self.path(image_id) for image_id in self.pictures}

    def path(self, image_id):
        return Path("/pictures", self.pictures[image_id].relative_path)


class Presets:
    def __init__(self):
        self.stored = {}
        self.in_use = SegmentSettings()

    def names(self):
        return list(self.stored)

    def get(self, name):
        return self.stored[name]

    def save(self, name, settings):
        self.stored[name] = settings

    def remove(self, name):
        del self.stored[name]

    def current(self):
        return self.in_use

    def set_current(self, settings):
        self.in_use = settings


@dataclass
class Root:
    path: Path


class Roots:
    def all(self):
        return [Root(Path("/pictures"))]


class Results:
    def __init__(self):
        self.names = []

    def set_names(self):
        return list(self.names)

    def in_set(self, name):
        return []


@dataclass
class Project:
    images: Images
    presets: Presets = field(default_factory=Presets)
    results: Results = field(default_factory=Results)
    roots: Roots = field(default_factory=Roots)
    folder: Path = Path("/projects/study.dinocell")
    results_folder: Path = Path("/projects/study.dinocell/results")
    read_only_reason: str | None = None


class Engine(QObject):
    state_changed = Signal(str)
    progressed = Signal(int, int, int)
    previewed = Signal(int, object)
    failed = Signal(int, str)

    def __init__(self):
        super().__init__()
        self.requests = []
        self.decodings = []
        self.cancelled = 0

    def preview(self, request):
        self.requests.append(request)
        return len(self.requests) + len(self.decodings)

    def decode(self, choice):
        self.decodings.append(choice)
        return len(self.requests) + len(self.decodings)

    def cancel(self):
        self.cancelled += 1


class Queue(QObject):
    def __init__(self):
        super().__init__()
        self.enqueued = []

    def enqueue(self, name, job, image_ids):
        self.enqueued.append((name, job, list(image_ids)))


class Session(QObject):
    models_changed = Signal()
    model_wanted = Signal(str)
    project_opened = Signal()
    project_closed = Signal()
    images_changed = Signal()
    image_records_changed = Signal(list)
    current_image_changed = Signal()
    selection_changed = Signal()
    plane_changed = Signal()

    def __init__(self, pictures=()):
        super().__init__()
        self.project = Project(Images(pictures)) if pictures else None
        self.engine = Engine()
        self.queue = Queue()
        self.current_image = next(iter(pictures), None)
        self.selected_images = []
        self.t = self.z = 0
        self.reported = []

    def report(self, error):
        self.reported.append(error)

    def show(self, picture):
        self.current_image = picture
        self.current_image_changed.emit()

    def change(self, **facts):
        """Change the record of the current image, as when a pixel size is set."""
        self.current_image = replace(self.current_image, **facts)
        self.project.images.pictures[self.current_image.id] = self.current_image
        self.image_records_changed.emit([self.current_image.id])


class Viewer(QWidget):
    diameter_drawn = Signal(float)
    region_drawn = Signal(object)

    def __init__(self):
        super().__init__()
        self.tool = "navigate"
        self.preview = None

    def set_tool(self, tool):
        self.tool = tool

    def visible_region(self):
        return 10, 20, 30, 40

    def set_preview(self, labels, region):
        self.preview = None if labels is None else (labels, region)


class ViewerPanel(QWidget):
    def __init__(self):
        super().__init__()
        self.viewer = Viewer()
        self.viewer.setParent(self)
