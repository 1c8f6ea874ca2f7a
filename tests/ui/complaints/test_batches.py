"""What people say of batches elsewhere (they stop, they skip, they say nothing) must not be true here."""

from __future__ import annotations

from pathlib import Path

import tifffile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.jobs.events import (
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    JobStarted,
    PlaneFound,
    to_json_line,
)
from dinocell_app.jobs.job_files import read_job
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.project.moved_folders import find_moved
from dinocell_app.project.project import Project
from dinocell_app.project.run_events import apply_new_events
from dinocell_app.run_queue.run_rows import RunAction
from dinocell_app.ui.segment import run_starter
from dinocell_app.ui.segment.run_bar import ALL
from tests.ui.complaints.conftest import PIXEL_SIZE_UM, session_of


def tree_texts(window) -> dict[str, tuple[str, str, str]]:
    model = window.panels.images.model
    found = {}
    for number in range(model.rowCount()):
        folder = model.index(number, 0)
        for row in range(model.rowCount(folder)):
            name, state, cells = (model.index(row, column, folder).data() for column in range(3))
            found[name] = (folder.data(), state, cells)
    return found


def image_rows(window) -> dict[str, list[str]]:
    model = window.panels.queue.images.model
    rows = [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]
    return {row[0]: row[1:] for row in rows}


def test_a_whole_folder_is_queued_with_one_button_and_walked_through_with_keys(morning, monkeypatch):
    session = session_of(morning)
    queued = []
    monkeypatch.setattr(run_starter, "ask_keep_or_replace", lambda *_: "keep")
    monkeypatch.setattr(
        session.queue, "enqueue", lambda name, job, ids: queued.append((name, len(job.inputs), len(ids)))
    )
    morning.panels.segment.form.cell_probability.number.setValue(0.35)
    morning.panels.segment.run(ALL)
    assert [(count, ids) for _name, count, ids in queued] == [(4, 4)]
    names = []
    for _ in range(4):
        names.append(session.current_image.name)
        QTest.keySequence(morning, morning.actions_by_key["next_image"].shortcut())
    assert names == ["a.tif", "b.tif", "empty.tif", "torn.tif"]


def test_a_bad_image_neither_stops_the_run_nor_hides(morning, qtbot):
    queue = morning.panels.queue
    queue.table.selectRow(0)
    qtbot.waitUntil(lambda: "1 failed" in queue.model.index(0, 1).data())
    states = {name: row[0] for name, row in image_rows(morning).items()}
    assert {states[name] for name in ("a.tif", "b.tif", "empty.tif")} == {"✓ Finished"}
    assert "Failed" in states["torn.tif"]
    queue.images.only_failed.click()
    assert list(image_rows(morning)) == ["torn.tif"]
    queue.images.table.selectRow(0)
    said = queue.images.explanation.text()
    assert "torn.tif" in said
    assert "Ends before its last pixel" in said
    assert "Copy or export it again" in said


def test_retrying_takes_the_failed_images_only_where_they_are_now(morning, qtbot, monkeypatch, tmp_path):
    session, queue = session_of(morning), morning.panels.queue
    monkeypatch.setattr(session.queue, "_work_on", lambda _runs: None)
    queue.table.selectRow(0)
    retry = queue.actions_by_kind[RunAction.RETRY]
    qtbot.waitUntil(retry.isEnabled)
    retry.trigger()
    newest = max(session.project.runs.all(), key=lambda run: run.id)
    job = read_job(newest.folder / "job.json")
    assert job.inputs == (tmp_path / "plate" / "drug" / "torn.tif",)
    assert job.output == session.project.results_folder / "cells"
    assert job.image_pixel_sizes_um[str(tmp_path / "plate" / "control" / "a.tif")] == PIXEL_SIZE_UM


def test_a_run_goes_on_where_moved_images_are_now(morning, night, tmp_path, monkeypatch):
    session = session_of(morning)
    monkeypatch.setattr(session.queue, "_work_on", lambda _runs: None)
    night.with_suffix("").rename(tmp_path / "archive")
    roots = session.project.roots
    roots.move(find_moved(roots.known_folders(), 1, tmp_path / "archive"))
    session.queue.resume(1)
    job = read_job(session.project.runs.get(1).folder / "job.json")
    assert all(path.is_file() for path in job.inputs)
    assert job.roots == (tmp_path / "archive",)
    failed = [event for event in segment_images(job) if isinstance(event, ImageFailed)]
    assert [Path(event.path).name for event in failed] == ["torn.tif"]
    assert all(isinstance(event, ImageSkipped) for event in segment_images(job) if hasattr(event, "n_cells"))


def test_an_image_without_cells_is_a_result(morning):
    session = session_of(morning)
    assert tree_texts(morning)["empty.tif"] == ("plate/drug", "✓ Done", "0")
    empty = next(image for image in session.project.images.all() if image.name == "empty.tif")
    session.set_current_image(empty.id)
    labels = session.project.results.labels_path(session.current_result)
    assert tifffile.imread(labels).max() == 0
    images = morning.panels.results.images.model
    rows = [images.index(row, 0).data() for row in range(images.rowCount())]
    assert "empty.tif" in rows


def test_no_cells_and_no_result_look_different(morning):
    states = {name: row[1:] for name, row in tree_texts(morning).items()}
    assert states["empty.tif"] == ("✓ Done", "0")
    assert states["torn.tif"] == ("⚠ Unreadable", "")


def test_files_that_are_no_images_are_left_out_and_listed(night, open_window, tmp_path):
    window = open_window()
    session_of(window).create_project(tmp_path / "again")
    window.panels.images.search.add([night.with_suffix("")])
    panel = window.panels.images
    assert len(session_of(window).project.images.all()) == 4
    assert panel.left_out.isVisible()
    panel.left_out_show.click()
    dialog = next(child for child in panel.children() if child.inherits("QDialog"))
    listed = {
        dialog.table.item(row, 0).text(): dialog.table.item(row, 1).text()
        for row in range(dialog.table.rowCount())
    }
    assert {"protocol.txt", "a_cp_masks.tif"} <= set(listed)
    assert all(listed.values()), "every file has a reason"
    dialog.reject()


def test_each_result_is_there_as_soon_as_its_image_is_done(night, open_window):
    with Project.open(night) as project:
        image = project.images.all()[0]
        job = read_job(project.runs.all()[0].folder / "job.json")
        run = project.runs.add("second", job.model_copy(update={"inputs": job.inputs[:2]}), [1, 2])
        path = project.images.path(image.id)
    window = open_window()
    window.projects.open_folder(night)
    session = session_of(window)
    done = ImageSegmented(
        "a.tif", 40, 0.1, (PlaneFound(PlaneAddress(0, 0), 40, ("control/a_labels.tif",)),), str(path)
    )
    lines = [to_json_line(event) + "\n" for event in (JobStarted("segment", 2), done)]
    (run.folder / "events.jsonl").write_text("".join(lines), encoding="utf-8")
    apply_new_events(session.project, run.id)
    assert [r.name for r in session.project.results.of_image(image.id)] == ["second", "cells"]
    assert session.project.runs.get(run.id).state == "running"


def test_results_lie_in_the_folders_of_their_images_and_are_grouped_by_them(morning):
    session = session_of(morning)
    files = [file for result in session.project.results.latest().values() for file in result.files]
    assert {file.rpartition("/")[0] for file in files} == {
        "results/cells/plate/control",
        "results/cells/plate/drug",
    }
    cells = morning.panels.results.cells
    folders = cells.store.columns["folder"]
    assert {folders.value(int(row)) for row in cells.rows} == {"control", "drug"}


def test_a_run_whose_process_died_says_so_and_can_go_on(night, open_window, qtbot):
    with Project.open(night) as project:
        job = read_job(project.runs.all()[0].folder / "job.json")
        run = project.runs.add("died", job, [1, 2, 3, 4])
        line = to_json_line(JobStarted("segment", 4, 0, "cpu"))
        (run.folder / "events.jsonl").write_text(line + "\n", encoding="utf-8")
    window = open_window()
    window.projects.open_folder(night)
    queue = window.panels.queue
    states = lambda: [queue.model.index(r, 1).data() for r in range(queue.model.rowCount())]  # noqa: E731
    qtbot.waitUntil(lambda: "! Interrupted" in states())
    queue.table.selectRow(states().index("! Interrupted"))
    assert queue.actions_by_kind[RunAction.RESUME].isEnabled()


def test_the_device_that_was_used_is_said(night, open_window, qtbot):
    with Project.open(night) as project:
        run = project.runs.all()[0]
        events = (run.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        # Still at work: without its last line.
        (run.folder / "events.jsonl").write_text("\n".join(events[:-1]) + "\n", encoding="utf-8")
    window = open_window()
    window.projects.open_folder(night)
    queue = window.panels.queue
    qtbot.waitUntil(lambda: "on CPU" in queue.model.index(0, queue.model.columnCount() - 1).data())


def test_a_deleted_preset_or_a_closed_window_loses_no_result(morning, night, open_window):
    before = set(session_of(morning).project.results.latest())
    morning.close()
    again = open_window()
    again.projects.open_folder(night)
    assert set(session_of(again).project.results.latest()) == before
    assert Qt.WindowType.Window & again.windowFlags()
