"""Small stand-ins for what the export and import dialogs talk to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.names import SUFFIXES


@dataclass(frozen=True)
class Picture:
    id: int
    relative_path: str
    root_id: int = 1
    pixel_size_um: float | None = 0.5
    height: int = 20
    width: int = 24


@dataclass(frozen=True)
class Result:
    image_id: int
    name: str
    files: tuple[str, ...]
    status: str = "finished"
    reason: str = ""
    id: int = 0
    is_corrected: bool = False


@dataclass(frozen=True)
class Root:
    id: int
    path: Path


class Roots:
    def __init__(self, path):
        self.path = path

    def all(self):
        return [Root(1, self.path)]


class Images:
    def __init__(self, folder):
        self.folder = folder
        self.pictures = [Picture(1, "day 1/a.tif"), Picture(2, "b.tif")]

    def all(self):
        return self.pictures

    def get(self, image_id):
        return self.pictures[image_id - 1]

    def paths(self):
        return {picture.id: self.folder / picture.relative_path for picture in self.pictures}

    def path(self, image_id):
        return self.paths()[image_id]


@dataclass
class Results:
    stored: list = field(default_factory=list)

    def set_names(self):
        return sorted({result.name for result in self.stored})

    def in_set(self, name):
        return [result for result in self.stored if result.name == name]


class NothingSaid:
    def of_result(self, _result_id):
        return {}

    def about_results(self, _name):
        return []

    def all(self):
        return {}


class Project:
    read_only_reason = None

    def __init__(self, folder):
        self.folder = folder / "study.dinocell"
        self.results_folder = self.folder / "results"
        self.images = Images(folder / "pictures")
        self.roots = Roots(folder / "pictures")
        self.results = Results()
        self.judgements = self.audits = self.regions = NothingSaid()


class Session(QObject):
    results_changed = Signal(list)

    def __init__(self, project=None):
        super().__init__()
        self.project = project
        self.selected_images = []
        self.current_image = None
        self.current_result = None
        self.reported = []

    def report(self, error):
        self.reported.append(error)


def project_with_results(folder):
    """A project with results of two images: labels and tables, as a run leaves them."""
    import numpy as np
    import pandas as pd

    from dinocell_app.export.formats import write_formats
    from dinocell_app.export.names import image_stem
    from dinocell_app.export.provenance import Provenance, write_sidecar

    project = Project(folder)
    for picture in project.images.all():
        place = Path("pictures", picture.relative_path)
        stem = (place.parent / image_stem(place)).as_posix()
        labels = np.zeros((20, 24), np.uint16)
        labels[3:9, 4:12] = 1
        table = pd.DataFrame({"image": [place.as_posix()], "label": [1], "area_px2": [48], "round": [0.1]})
        image = LabelledImage(labels, place.as_posix(), 0.5, table=table)
        written = write_formats(
            image, project.results_folder / "first", place.with_name(Path(stem).name), "", ("labels", "csv")
        )
        about = Provenance("tiny", "0" * 64, {}, str(project.images.path(picture.id)), "", "cpu", "float32")
        sidecar = folder / f"{stem}{SUFFIXES['sidecar']}"
        write_sidecar(sidecar, about)
        files = tuple(path.relative_to(project.folder).as_posix() for path in written.values())
        project.results.stored.append(Result(picture.id, "first", files))
    return project
