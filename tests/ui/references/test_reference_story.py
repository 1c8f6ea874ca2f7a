"""One cell pointed at, all cells like it found in a picture and in a run: shipped model, real processes."""

from __future__ import annotations

import csv
import shutil
import time

import pytest
from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest

from dinocell_app.base.resource_files import resource_path
from dinocell_app.project.adding import find_images
from dinocell_app.project.records import FoundImage
from dinocell_app.segmentation_plan import compared_jobs
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all

PATIENCE_SECONDS = 240
"""A busy machine may take long; a quiet one needs half a minute."""


def run_event_loop(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(condition, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        run_event_loop(50)


@pytest.fixture
def window(qapp, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    shutil.copyfile(resource_path("samples", "blood_smear.png"), folder / "blood_smear.png")
    session = Session()
    problems = []
    session.problem_reported.connect(problems.append)
    window = MainWindow(session)
    window.resize(1280, 800)
    window.show()
    session.create_project(folder.with_suffix(".dinocell"))
    found = find_images([folder], recursive=True, known=frozenset())
    session.project.images.add([image for image in found if isinstance(image, FoundImage)])
    session.refresh_images()
    session.set_current_image(session.project.images.all()[0].id)
    yield window
    session.shut_down()
    window.deleteLater()
    session.deleteLater()
    wait_for_all()
    assert not problems


def run_state(session):
    (run,) = session.project.runs.all()
    return run.state


def click(viewer, label, button):
    """Click the middle pixel of a cell."""
    labels, top, left = viewer.shown_labels()
    rows, columns = labels.box(label)
    inside = [(r, c) for r in range(rows.start, rows.stop) for c in range(columns.start, columns.stop)]
    inside = [place for place in inside if labels.levels[0][place] == label]
    row, column = inside[len(inside) // 2]
    scene = viewer.box.mapViewToScene(QPointF(column + left + 0.5, row + top + 0.5))
    point: QPoint = viewer.view.mapFromScene(scene)
    QTest.mouseClick(viewer.view.viewport(), button, Qt.KeyboardModifier.NoModifier, point)


@pytest.mark.timeout(4 * PATIENCE_SECONDS)
def test_from_a_click_on_a_cell_to_a_table_with_scores(window, tmp_path):
    session = window.panels.segment._session
    viewer, dock = window.panels.viewer.viewer, window.panels.references
    run_bar = window.panels.segment.run_bar
    until(lambda: viewer.image is not None, "the picture")
    window.panels.segment.preview.preview("whole")
    until(lambda: viewer.shows_preview, "the preview")
    assert not run_bar.cells.isEnabled()

    window.docks["references"].show()
    window.docks["references"].raise_()
    dock.form.point.click()
    until(lambda: dock.comparison.descriptions is not None, "what the cells are known by")
    areas = viewer.shown_labels()[0].areas.copy()
    areas[0] = 0
    by_size = areas.argsort()
    click(viewer, int(by_size[-1]), Qt.MouseButton.LeftButton)
    until(lambda: dock.comparison.scored is not None, "the scores")
    before = dock.comparison.scored.best.copy()
    places = {label: row for row, label in enumerate(dock.comparison.scored.ids)}
    assert before[places[int(by_size[-1])]] > 0.5
    assert dock.form.positives.count() == 1
    assert run_bar.cells.isEnabled()

    other = int(dock.comparison.scored.uncertain(0.5, {int(by_size[-1])})[0])
    scored = dock.comparison.scored
    click(viewer, other, Qt.MouseButton.RightButton)
    until(lambda: dock.comparison.scored is not scored, "the scores with what it is not")
    assert dock.form.negatives.count() == 1
    after = dock.comparison.scored.best
    assert (after <= before + 1e-9).all()
    assert after[places[other]] <= 0.5

    scored = dock.comparison.scored
    dock.form.undo.click()
    assert dock.form.negatives.count() == 0
    until(lambda: dock.comparison.scored is not scored, "the scores as before")
    assert dock.comparison.scored.best == pytest.approx(before)

    dock.form.score.number.setValue(0.6)
    assert session.project.references.least_score() == 0.6
    dock.form.ask.click()
    assert viewer.selected == dock.walk.label > 0
    scored = dock.comparison.scored
    dock.form.no.click()
    until(lambda: dock.comparison.scored is not scored, "the scores with the answer")
    assert dock.form.negatives.count() == 1
    n_like = int((dock.comparison.scored.best >= 0.6).sum())
    dock.form.ask.click()

    run_bar.cells.setCurrentIndex(run_bar.cells.findData(compared_jobs.ONLY_LIKE))
    window.run_all()
    until(lambda: run_state(session) not in ("queued", "running"), "the run")
    assert run_state(session) == "finished"
    (result,) = session.project.results.latest().values()
    assert result.name.endswith("only like the references")
    assert result.n_cells == n_like
    with session.project.results.table_path(result).open(encoding="utf-8-sig") as file:
        scores = [float(row["reference_score"]) for row in csv.DictReader(file)]
    assert len(scores) == n_like
    assert min(scores) >= 0.6
