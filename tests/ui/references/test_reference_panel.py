"""The dock with a mouse: pointing, drawing, masks, questions and a warning; a stand-in describes cells."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSplitter

from dinocell_app.project.adding import find_images
from dinocell_app.project.records import FoundImage, NewResult
from dinocell_app.references.types import N_LOOKS
from dinocell_app.ui.processes.engine import CellDescriptions
from dinocell_app.ui.references.drawn_cells import NO_ROOM
from dinocell_app.ui.references.reference_panel import ReferencePanel
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.viewer_panel import ViewerPanel
from dinocell_app.ui.workers import run_synchronously, wait_for_all

LABELS = np.zeros((60, 80), np.uint16)
for _label, _column in ((1, 4), (2, 20), (3, 36), (4, 52)):
    LABELS[5:15, _column : _column + 10] = _label


def vectors(labels, ids):
    """Direct the features of a cell by how far right it is."""
    angles = [np.nonzero(labels == number)[1].mean() / 60 for number in ids]
    return np.array([[np.cos(a), np.sin(a), *[0] * N_LOOKS] for a in angles], np.float32).reshape(
        len(ids), -1
    )


class StandIn:
    """Answers as the preview process does, a moment later."""

    def __init__(self, engine):
        self.engine, self.last, self.cells = engine, 0, {}

    def describe_cells(self, request, labels, only=()):
        self.last += 1
        number, ids = self.last, tuple(only) or tuple(int(n) for n in np.unique(labels[labels > 0]))
        found = CellDescriptions(ids, vectors(labels, ids), "model", "0" * 64)
        self.cells[number] = found
        QTimer.singleShot(0, self.engine, lambda: self.engine.cells_described.emit(number, found))
        return number

    def score_cells(self, cells, kept):
        self.last += 1
        number, known = self.last, self.cells[cells].vectors
        scores = np.stack(
            [(known @ np.stack([e.description for e in t.positives]).T).max(axis=1) for t in kept.read()],
            axis=1,
        )
        QTimer.singleShot(0, self.engine, lambda: self.engine.cells_scored.emit(number, scores))
        return number


@pytest.fixture
def dock(qtbot, tmp_path, own_folders, monkeypatch):
    folder = tmp_path / "pictures"
    folder.mkdir()
    tifffile.imwrite(folder / "a.tif", (LABELS * 50).astype(np.uint8))
    with run_synchronously():
        session = Session()
        stand_in = StandIn(session.engine)
        monkeypatch.setattr(session.engine, "describe_cells", stand_in.describe_cells)
        monkeypatch.setattr(session.engine, "score_cells", stand_in.score_cells)
        problems = []
        session.problem_reported.connect(problems.append)
        session.create_project(folder.with_suffix(".dinocell"))
        found = find_images([folder], recursive=True, known=frozenset())
        session.project.images.add([image for image in found if isinstance(image, FoundImage)])
        session.refresh_images()
        (image,) = session.project.images.all()
        path = session.project.results_folder / "set" / "a_labels.tif"
        path.parent.mkdir(parents=True)
        tifffile.imwrite(path, LABELS)
        files = (path.relative_to(session.project.folder).as_posix(),)
        session.project.results.record(NewResult(image.id, "set", n_cells=4, files=files))
        window = QSplitter()
        viewer = ViewerPanel(session)
        dock = ReferencePanel(session, viewer.viewer)
        window.addWidget(viewer)
        window.addWidget(dock)
        window.resize(1000, 700)
        window.show()
        qtbot.addWidget(window)
        session.set_current_image(image.id)
        qtbot.waitUntil(lambda: viewer.viewer.shown_labels()[0] is not None)
        dock.problems = problems
        yield dock
        session.shut_down()
    wait_for_all()


def at(dock, row, column):
    """Give a pixel of the picture in the view."""
    viewer = dock._viewer
    scene = viewer.box.mapViewToScene(QPointF(column + 0.5, row + 0.5))
    point: QPoint = viewer.view.mapFromScene(scene)
    return point


def click(dock, row, column, button=Qt.MouseButton.LeftButton):
    QTest.mouseClick(
        dock._viewer.view.viewport(), button, Qt.KeyboardModifier.NoModifier, at(dock, row, column)
    )


def move(dock, row, column):
    """Move the mouse with the left button held."""
    viewport, place = dock._viewer.view.viewport(), QPointF(at(dock, row, column))
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        viewport.mapToGlobal(place),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(viewport, event)


def drag(dock, *places):
    viewport, left = dock._viewer.view.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(viewport, left, Qt.KeyboardModifier.NoModifier, at(dock, *places[0]))
    for place in places[1:]:
        move(dock, *place)
    QTest.mouseRelease(viewport, left, Qt.KeyboardModifier.NoModifier, at(dock, *places[-1]))


def examples(dock, *, positive=True):
    return [cell.example for cell in dock.edits.now.cells if cell.positive == positive]


def test_rough_scores_are_shown_until_better_ones_come(dock, qtbot, monkeypatch):
    engine, asked = dock.comparison._session.engine, []
    dock.form.point.click()
    qtbot.waitUntil(lambda: dock.comparison.descriptions is not None)
    monkeypatch.setattr(engine, "score_cells", lambda _cells, _kept: asked.append(99) or 99)
    click(dock, 10, 8)
    assert asked
    rough, better = np.full((4, 1), 0.3), np.full((4, 1), 0.9)
    engine.cells_scored_roughly.emit(98, better)
    assert dock.comparison.scored is None, "scores of another request are none of these"
    engine.cells_scored_roughly.emit(99, rough)
    assert dock.comparison.scored.best == pytest.approx(rough[:, 0])
    assert "Looking closer" in dock.comparison.message
    engine.cells_scored.emit(99, better)
    assert dock.comparison.scored.best == pytest.approx(better[:, 0])
    assert not dock.comparison.message


def test_left_is_like_this_and_right_is_not(dock, qtbot):
    dock.form.point.click()
    qtbot.waitUntil(lambda: dock.comparison.descriptions is not None)
    click(dock, 10, 8)
    qtbot.waitUntil(lambda: dock.comparison.scored is not None)
    assert [each.source for each in examples(dock)] == ["a.tif@4,10"]
    click(dock, 10, 56, Qt.MouseButton.RightButton)
    assert len(examples(dock, positive=False)) == 1
    click(dock, 40, 40)
    assert len(examples(dock)) == 1
    assert dock.form.positives.count() == dock.form.negatives.count() == 1
    assert not dock.form.warning.isVisible()


def test_an_outline_is_drawn_freely(dock, qtbot):
    dock.form.outline_like.trigger()
    drag(dock, (30, 20), (30, 40), (45, 40), (45, 20))
    qtbot.waitUntil(lambda: bool(examples(dock)))
    (cell,) = dock.edits.now.cells
    assert 30 <= cell.place.row <= 45
    assert 20 <= cell.place.column <= 40
    assert not dock.drawing.outline.active
    dock.form.undo.click()
    assert not examples(dock)


def test_an_outline_is_drawn_corner_by_corner_and_given_up(dock, qtbot):
    dock.form.outline_unlike.trigger()
    for place in ((30, 20), (30, 40), (45, 40)):
        click(dock, *place)
    assert dock.drawing.outline.active
    click(dock, 30, 20)  # the first corner again
    assert not dock.drawing.outline.active
    qtbot.waitUntil(lambda: bool(dock.edits.now.cells))
    assert len(examples(dock, positive=False)) == 1
    dock.form.outline_like.trigger()
    click(dock, 20, 20)
    QTest.keyClick(dock._viewer, Qt.Key.Key_Escape)
    assert not dock.drawing.outline.active
    assert len(dock.edits.now.cells) == 1


def test_an_outline_over_other_cells_is_no_cell(dock):
    dock.form.outline_like.trigger()
    drag(dock, (7, 6), (7, 11), (12, 11), (12, 6))
    assert dock.form.hint.text() == NO_ROOM
    assert not dock.edits.now.cells


def test_a_box_is_drawn_with_the_mouse(dock, qtbot):
    dock.form.box_like.trigger()
    drag(dock, (30, 20), (38, 30), (45, 40))
    qtbot.waitUntil(lambda: bool(examples(dock)))
    (cell,) = dock.edits.now.cells
    assert 30 <= cell.place.row <= 45
    assert 20 <= cell.place.column <= 40


def test_cells_of_a_mask_become_references(dock, qtbot, tmp_path):
    mask = np.zeros(LABELS.shape, np.uint8)
    mask[30:40, 10:20], mask[30:40, 40:50] = 1, 7
    tifffile.imwrite(tmp_path / "mask.tif", mask)
    dock.drawing.take_mask(tmp_path / "mask.tif", True)
    qtbot.waitUntil(lambda: len(examples(dock)) == 2)
    tifffile.imwrite(tmp_path / "small.tif", mask[:20])
    dock.drawing.take_mask(tmp_path / "small.tif", True)
    qtbot.waitUntil(lambda: bool(dock.problems))
    assert "80 x 20 pixels, the image 80 x 60" in str(dock.problems[0])


def test_uncertain_cells_are_asked_about_and_answers_undone(dock, qtbot):
    dock.form.point.click()
    qtbot.waitUntil(lambda: dock.comparison.descriptions is not None)
    click(dock, 10, 8)
    qtbot.waitUntil(lambda: dock.comparison.scored is not None)
    dock.form.score.number.setValue(0.95)
    dock.form.ask.click()
    first = dock.walk.label
    assert first
    assert dock._viewer.selected == first
    dock.form.skip.click()
    second = dock.walk.label
    assert second not in (0, first)
    dock.form.yes.click()
    assert len(examples(dock)) == 2
    qtbot.waitUntil(lambda: dock.walk.label not in (0, first, second))
    dock.form.no.click()
    assert "decided about every cell" in dock.form.question.text()
    dock.form.undo.click()
    assert len(dock.edits.now.cells) == 2


def test_a_picture_unlike_those_of_the_references_is_warned_about(dock, qtbot):
    dock.form.point.click()
    qtbot.waitUntil(lambda: dock.comparison.descriptions is not None)
    click(dock, 10, 8)
    qtbot.waitUntil(lambda: dock.comparison.scored is not None)
    far = dock.comparison.descriptions
    angles = np.full(len(far.ids), 2.0)
    unlike = np.stack([np.cos(angles), np.sin(angles), *[np.zeros(len(far.ids))] * N_LOOKS], axis=1)
    dock.comparison.descriptions = CellDescriptions(far.ids, unlike.astype(np.float32), "model", "0" * 64)
    dock._on_references()
    assert dock.form.warning.isVisible()
    assert "unlike those your references are from" in dock.form.warning.text()


def test_behind_another_tab_cells_are_drawn_as_usual(dock, qtbot):
    dock.form.point.click()
    qtbot.waitUntil(lambda: dock.comparison.descriptions is not None)
    click(dock, 10, 8)
    qtbot.waitUntil(lambda: dock.comparison.scored is not None)
    assert dock._viewer._painting is not None
    dock.set_seen(False)
    assert dock._viewer._painting is None
    assert not dock.form.point.isChecked()
    dock._show()  # scores that come late
    assert dock._viewer._painting is None
    dock.set_seen(True)
    qtbot.waitUntil(lambda: dock._viewer._painting is not None)
