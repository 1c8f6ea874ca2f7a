"""A session, a project and a store as small as the results need them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress
from dinocell_app.project.disk_cache import DiskCache, cache_of
from dinocell_app.project.references import CellType, ReferenceSet
from dinocell_app.tables.cell_store import CellColumn, CellSource, CellStore


@dataclass(frozen=True)
class PlainImage:
    id: int
    name: str
    folder: str = ""
    tags: tuple[str, ...] = ()
    height: int = 64
    width: int = 80
    pixel_size_um: float | None = None
    n_channels: int = 1
    is_rgb: bool = False
    axes: str = ""
    root_id: int = 1


@dataclass(frozen=True)
class PlainRoot:
    id: int = 1
    name: str = "plate"


class PlainRoots:
    def all(self) -> list[PlainRoot]:
        return [PlainRoot()]


@dataclass(frozen=True)
class PlainResult:
    id: int
    image_id: int
    name: str = "first"
    plane: PlaneAddress = ONLY_PLANE
    status: str = "finished"
    n_cells: int = 0
    reason: str = ""
    seconds: float = 1.0


@dataclass(frozen=True)
class PlainDisplay:
    channel: int = 0
    visible: bool = True
    colour: str = "#ffffff"
    low: float | None = None
    high: float | None = None


class PlainDisplays:
    def get(self, image_id: int) -> tuple[PlainDisplay, ...]:
        return (PlainDisplay(),)


class PlainResults:
    def __init__(self, project: PlainProject) -> None:
        self._project = project

    def get(self, result_id: int) -> PlainResult:
        return next(result for result in self._project.found if result.id == result_id)

    def __getattr__(self, name: str) -> object:
        return getattr(self._project, name)


class PlainReferences:
    def all(self) -> ReferenceSet:
        return ReferenceSet((CellType(1, "ring", "#e69f00"),))


@dataclass
class PlainProject:
    folder: Path
    pictures: list[PlainImage] = field(default_factory=list)
    found: list[PlainResult] = field(default_factory=list)
    tables: dict[int, Path] = field(default_factory=dict)
    labels: dict[int, Path] = field(default_factory=dict)
    files: dict[int, Path] = field(default_factory=dict)
    read_only_reason: str | None = None

    @property
    def images(self) -> PlainProject:
        return self

    @property
    def results(self) -> PlainResults:
        return PlainResults(self)

    @property
    def references(self) -> PlainReferences:
        return PlainReferences()

    @property
    def roots(self) -> PlainRoots:
        return PlainRoots()

    @property
    def displays(self) -> PlainDisplays:
        return PlainDisplays()

    def all(self) -> list[PlainImage]:
        return self.pictures

    def get(self, number: int) -> object:
        return next(image for image in self.pictures if image.id == number)

    def path(self, image_id: int) -> Path:
        return self.files[image_id]

    def set_names(self) -> list[str]:
        return sorted({result.name for result in self.found})

    def in_set(self, name: str) -> list[PlainResult]:
        return [result for result in self.found if result.name == name]

    def of_image(self, image_id: int) -> list[PlainResult]:
        return sorted((r for r in self.found if r.image_id == image_id), key=lambda r: -r.id)

    def latest(self) -> dict[int, PlainResult]:
        return {result.image_id: result for result in self.found}

    def table_path(self, result: PlainResult) -> Path | None:
        return self.tables.get(result.id)

    def labels_path(self, result: PlainResult) -> Path | None:
        return self.labels.get(result.id)


class PlainSession(QObject):
    project_opened = Signal()
    project_closed = Signal()
    images_changed = Signal()
    image_records_changed = Signal(list)
    current_image_changed = Signal()
    results_changed = Signal(list)
    current_result_changed = Signal()
    plane_changed = Signal()
    cell_selected = Signal(int)

    def __init__(self, project: PlainProject | None) -> None:
        super().__init__()
        self.project = project
        self.current_image: PlainImage | None = None
        self.current_result: PlainResult | None = None
        self.t = self.z = self.selected_cell = 0
        self.errors: list[Exception] = []

    def disk_cache(self) -> DiskCache | None:
        if self.project is None:
            return None
        return cache_of(self.project.folder, "", read_only=bool(self.project.read_only_reason))

    def set_current_image(self, image_id: int) -> None:
        assert self.project is not None
        self.current_image = next(image for image in self.project.pictures if image.id == image_id)
        self.current_result = next(iter(self.project.of_image(image_id)), None)
        self.current_image_changed.emit()
        self.select_cell(0)

    def set_current_result(self, result_id: int | None) -> None:
        assert self.project is not None
        self.current_result = next((r for r in self.project.found if r.id == result_id), None)
        self.current_result_changed.emit()

    def set_plane(self, t: int, z: int) -> None:
        self.t, self.z = t, z
        self.plane_changed.emit()

    def select_cell(self, label: int) -> None:
        self.selected_cell = label
        self.cell_selected.emit(label)

    def report(self, error: Exception) -> None:
        self.errors.append(error)


HEADER = "image,label,touches_border,area_px2,circularity,bbox_x_min,bbox_y_min,bbox_x_max,bbox_y_max"


def write_cells(path: Path, rows: list[tuple[object, ...]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [HEADER, *(",".join(str(value) for value in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def made_store(n_rows: int, n_images: int = 100) -> CellStore:
    """Cells with made-up values, evenly spread over images of four folders."""
    numbers = np.random.default_rng(7)
    sources = tuple(
        CellSource(place + 1, place + 101, f"image {place:04d}.tif", f"plate/{'ABCD'[place % 4]}", ("even",))
        if place % 2 == 0
        else CellSource(place + 1, place + 101, f"image {place:04d}.tif", f"plate/{'ABCD'[place % 4]}")
        for place in range(n_images)
    )
    starts = np.linspace(0, n_rows, n_images + 1).astype(np.int64)
    labels = np.arange(n_rows) - np.repeat(starts[:-1], np.diff(starts)) + 1
    columns = {
        "label": CellColumn(labels),
        "touches_border": CellColumn(numbers.random(n_rows) < 0.1),
        "area_px2": CellColumn(numbers.integers(20, 2000, n_rows)),
        "circularity": CellColumn(numbers.random(n_rows)),
        "intensity_mean_DAPI": CellColumn(numbers.normal(500, 80, n_rows)),
    }
    return CellStore(sources, starts, columns)
