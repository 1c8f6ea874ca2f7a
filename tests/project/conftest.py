"""A project beside a folder of small images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.jobs.events import Event, to_json_line
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Five images in three folders."""
    folder = tmp_path / "images"
    random = np.random.default_rng(0)
    for name in ("a10.tif", "a2.tif", "day 2/b.tif", "day 10/c.tif", "day 10/deep/d.tif"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, random.integers(0, 4000, (20, 30), dtype=np.uint16))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project."""
    with Project.create(tmp_path / "trial.dinocell") as made:
        yield made


@pytest.fixture
def filled(project: Project, image_folder: Path) -> Project:
    """A project with the five images."""
    found = find_images([image_folder], recursive=True)
    project.images.add([image for image in found if isinstance(image, FoundImage)])
    return project


@pytest.fixture
def write_events() -> Callable[[Path, list[Event]], None]:
    """Append events to the record of a run folder, as a run does."""

    def write(folder: Path, events: list[Event]) -> None:
        with (folder / "events.jsonl").open("a", encoding="utf-8", newline="\n") as lines:
            lines.writelines(to_json_line(event) + "\n" for event in events)

    return write
