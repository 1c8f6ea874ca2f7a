"""What the tests of the results share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dinocell_app.ui.workers import run_synchronously
from tests.ui.results.results_stand_ins import (
    PlainImage,
    PlainProject,
    PlainResult,
    PlainSession,
    write_cells,
)


@pytest.fixture
def at_once() -> Iterator[None]:
    """Work of workers is done where it is started."""
    with run_synchronously():
        yield


@pytest.fixture
def project(tmp_path: Path) -> PlainProject:
    """Three images in two folders: two cells, three cells, none."""
    project = PlainProject(tmp_path / "study.dinocell")
    project.pictures = [
        PlainImage(1, "a.tif", "control", ("day 1",)),
        PlainImage(2, "b.tif", "drug", ("day 1", "repeat")),
        PlainImage(3, "c.tif", "drug"),
    ]
    project.found = [PlainResult(11, 1, n_cells=2), PlainResult(12, 2, n_cells=3), PlainResult(13, 3)]
    results = project.folder / "results"
    project.tables = {
        11: write_cells(
            results / "a_cells.csv",
            [("a.tif", 1, True, 50, 0.9, 0, 0, 8, 8), ("a.tif", 2, False, 30, 0.5, 10, 10, 18, 18)],
        ),
        12: write_cells(
            results / "b_cells.csv",
            [
                ("b.tif", 1, False, 40, "", 0, 0, 8, 8),
                ("b.tif", 2, False, 20, 0.7, 20, 20, 28, 28),
                ("b.tif", 5, False, 60, 0.8, 40, 40, 48, 48),
            ],
        ),
        13: write_cells(results / "c_cells.csv", []),
    }
    return project


@pytest.fixture
def session(project: PlainProject) -> PlainSession:
    return PlainSession(project)
