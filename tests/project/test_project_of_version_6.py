"""A project that an older version made, with a run not taken over yet, opens and counts as it did.

The files were written by the version whose project files have number 6: an image, a series of three slices
whose own name ends like that of a time point, two runs, a correction and a training.
"""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import pytest

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.plane_record import read_record
from dinocell_app.project.edits import open_history
from dinocell_app.project.project import DATABASE_NAME, Project
from dinocell_app.project.run_events import apply_new_events
from dinocell_app.project.training_sets import corrected_pictures
from dinocell_app.run_queue.following import RunFollower, state_of
from dinocell_app.tables.result_sources import sources_of_set

DATA = Path(__file__).parents[1] / "data" / "project_of_version_6.zip"
TABLES = Path(__file__).with_name("version_6.sql")

SERIES = {0: 1, 1: 2, 2: 4}
"""Cells by slice."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with zipfile.ZipFile(DATA) as files:
        files.extractall(tmp_path)
    folder = tmp_path / "lab.dinocell"
    connection = sqlite3.connect(folder / DATABASE_NAME)
    connection.executescript(TABLES.read_text(encoding="utf-8"))
    connection.close()
    return folder


def _slice(z: int) -> PlaneAddress:
    return PlaneAddress(0, z, suffix=f"_z{z:03d}")


def test_its_results_say_which_planes_they_are_of(old: Path) -> None:
    with Project.open(old) as project:
        first, series = project.images.all()
        assert {result.plane: result.n_cells for result in project.results.of_image(series.id)} == {
            _slice(z): n_cells for z, n_cells in SERIES.items()
        }
        (corrected,) = project.results.of_image(first.id)
        assert (corrected.plane, corrected.n_cells) == (PlaneAddress(0, 0), 2)
        titles = [source.title for source in sources_of_set(project, "cells")]
        assert titles == ["a.tif", *(f"s_t0001.tif z00{z}" for z in SERIES)]


def test_what_was_corrected_goes_on(old: Path) -> None:
    with Project.open(old) as project:
        result = project.results.get(1)
        assert result.is_corrected
        labels = project.results.model_labels_path(result)
        assert labels is not None
        history = open_history(project.edits.folder_of(result), labels, "Ben")
        assert len(set(history.labels.ravel().tolist()) - {0}) == result.n_cells
        history.undo()
        assert len(set(history.labels.ravel().tolist()) - {0}) == 3
        history.close()
        (marked,) = corrected_pictures(project)
        assert marked.plane == _slice(1)


def test_a_run_that_was_not_taken_over_yet_is(old: Path) -> None:
    with Project.open(old) as project:
        series = project.images.all()[1]
        while apply_new_events(project, 2):
            pass
        run = project.runs.get(2)
        assert (run.state, run.n_finished, run.n_failed) == ("finished", 2, 0)
        later = [result for result in project.results.of_image(series.id) if result.run_id == 2]
        assert {result.plane.suffix: result.n_cells for result in later} == {
            _slice(z).suffix: n_cells for z, n_cells in SERIES.items()
        }
        for result in later:
            labels = project.results.labels_path(result)
            assert labels is not None
            assert read_labels(labels).max() == result.n_cells


def test_its_run_folders_count_as_they_did(old: Path) -> None:
    follower = RunFollower(old / "runs" / "2")
    while follower.read():
        pass
    progress = follower.progress(state_of(follower.facts()))
    assert (progress.done, progress.failed, progress.total, progress.n_cells) == (2, 0, 2, 10)
    assert progress.state == "finished"


def test_its_records_are_read_whole(old: Path) -> None:
    for z, n_cells in SERIES.items():
        record = read_record(old / "results" / "cells" / "images" / f"s_t0001_z{z:03d}_segmentation.json")
        assert record is not None
        assert (record.plane.suffix, record.n_cells) == (f"_z{z:03d}", n_cells)
        assert record.identity()["plane"] == "each"
        assert record.outputs["labels"].endswith("_labels.tif")
