"""Correcting cells in the window with a mouse: every tool, undo, versions, what is written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog

from dinocell_app.export.label_files import read_labels
from dinocell_app.jobs.preview_messages import PreviewResult
from dinocell_app.project.adding import found_image
from dinocell_app.project.label_import import match_labels
from dinocell_app.project.label_results import import_labels, plan_imports
from dinocell_app.project.records import NewResult
from dinocell_app.ui.correct.correct_tools import BY_KEY
from dinocell_app.ui.correct.corrections import DRAWN_SET, GONE, READ_ONLY, SAVED
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.training.training_window import TrainingWindow
from dinocell_app.ui.workers import wait_for_all

SHAPE = (80, 120)
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def model_labels() -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint16)
    labels[10:30, 10:40], labels[10:30, 42:70], labels[50:70, 10:40] = 1, 2, 3
    return labels


@pytest.fixture
def window(own_folders, qtbot, tmp_path):
    folder = tmp_path / "plate"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(folder / name, random.integers(0, 900, SHAPE).astype(np.uint16))
    tifffile.imwrite(tmp_path / "a_masks.tif", model_labels())
    session = Session()
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    session.create_project(tmp_path / "study")
    project = session.project
    images = project.images.add([found_image(folder / name, folder) for name in ("a.tif", "b.tif")])
    matches = match_labels([(images[0].id, folder / "a.tif")], [tmp_path / "a_masks.tif"])
    (planned,) = plan_imports(project, matches, "cells", ("labels", "csv"))
    project.results.record(import_labels(planned).result)
    session.refresh_images()
    session.set_current_image(images[0].id)
    viewer = window.panels.viewer.viewer
    qtbot.waitUntil(lambda: viewer.labels is not None)
    window.panels.correct.corrections._timer.setInterval(100)
    yield window
    window.close()
    session.shut_down()
    window.deleteLater()
    session.deleteLater()
    wait_for_all()


@pytest.fixture
def mode(window, qtbot):
    window.actions_by_key["correct"].trigger()
    mode = window.panels.correct
    qtbot.waitUntil(lambda: mode.corrections.history is not None)
    qtbot.waitUntil(lambda: window.actions_by_key["correct_brush"].isEnabled())
    return mode


def place(mode, row, column):
    viewer = mode._panel.viewer
    return viewer.view.mapFromScene(viewer.box.mapViewToScene(QPointF(column + 0.5, row + 0.5)))


def click(mode, row, column, modifier=NONE):
    # pyqtgraph knows the keys from the application, not from the event.
    viewport = mode._panel.viewer.view.viewport()
    QTest.mouseClick(viewport, LEFT, modifier, place(mode, row, column))


def drag(mode, *places):
    viewport = mode._panel.viewer.view.viewport()
    QTest.mousePress(viewport, LEFT, NONE, place(mode, *places[0]))
    for row, column in [*places, places[-1]]:
        at = QPointF(place(mode, row, column))
        move = QMouseEvent(
            QEvent.Type.MouseMove, at, viewport.mapToGlobal(at), Qt.MouseButton.NoButton, LEFT, NONE
        )
        QApplication.sendEvent(viewport, move)
    QTest.mouseRelease(viewport, LEFT, NONE, place(mode, *places[-1]))


def labels(mode):
    return mode.corrections.history.labels


def use(mode, key):
    mode.bar.tools[key].click()


def test_the_brush_enlarges_the_cell_it_begins_in_and_draws_new_ones(mode):
    mode.bar.diameter.setValue(6)
    drag(mode, (20, 36), (35, 36))
    assert labels(mode)[34, 36] == 1
    drag(mode, (50, 90), (50, 110))
    assert labels(mode)[50, 100] == 4
    assert mode._session.selected_cell == 4
    drag(mode, (53, 95), (60, 95))
    assert labels(mode)[59, 95] == 4, "a stroke that touches the chosen cell enlarges it"
    drag(mode, (40, 100), (40, 105))
    assert labels(mode)[40, 103] == 5
    assert mode._panel.viewer.label_at(40, 103) == 5
    assert mode._panel.viewer.shown_labels()[0].area(5) > 0


def test_the_brush_leaves_other_cells_alone_unless_it_may_cover_them(mode):
    drag(mode, (20, 30), (20, 50))
    assert (labels(mode)[20, 42:50] == 2).all()
    mode.bar.over.click()
    drag(mode, (20, 30), (20, 50))
    assert labels(mode)[20, 45] == 1


def test_a_click_chooses_and_the_eraser_takes_from_the_cell_it_begins_in(mode):
    click(mode, 20, 20)
    assert mode._session.selected_cell == 1
    use(mode, "correct_eraser")
    drag(mode, (20, 35), (20, 50))
    assert labels(mode)[20, 37] == 0
    assert (labels(mode)[20, 43:51] == 2).all()


def test_a_line_splits_and_a_line_merges(mode):
    use(mode, "correct_split")
    drag(mode, (5, 25), (35, 25))
    assert {labels(mode)[20, 15], labels(mode)[20, 35]} == {1, 4}
    drag(mode, (75, 100), (78, 110))
    assert "touches no cell" in mode.bar.hint.text()
    use(mode, "correct_merge")
    drag(mode, (20, 15), (20, 35), (20, 60))
    assert len(np.unique(labels(mode)[20, 12:68])) == 1
    drag(mode, (20, 15), (60, 20))
    assert "too far apart" in mode.bar.hint.text()


def test_a_line_splits_all_cells_it_crosses_whatever_is_selected(mode):
    mode._session.select_cell(3)
    use(mode, "correct_split")
    drag(mode, (20, 2), (20, 90))
    now = labels(mode)
    assert len({now[12, 15], now[28, 15], now[12, 60], now[28, 60]}) == 4
    mode.undo()
    np.testing.assert_array_equal(labels(mode), model_labels())


def test_undo_and_redo_say_what_they_do(window, mode):
    undo, redo = window.actions_by_key["undo"], window.actions_by_key["redo"]
    assert (undo.text(), redo.text()) == ("Undo", "Redo")
    use(mode, "correct_split")
    drag(mode, (5, 25), (35, 25))
    assert (undo.text(), redo.text()) == ("Undo split", "Redo")
    use(mode, "correct_delete")
    click(mode, 60, 20)
    assert undo.text() == "Undo delete"
    undo.trigger()
    assert (undo.text(), redo.text()) == ("Undo split", "Redo delete")
    assert mode.bar.undo.toolTip() == "Undo split"


def test_cells_are_deleted_by_a_click_a_drag_and_a_box(mode):
    use(mode, "correct_delete")
    click(mode, 60, 20)
    assert 3 not in labels(mode)
    mode.undo()
    use(mode, "correct_box")
    drag(mode, (5, 5), (33, 45))
    assert set(np.unique(labels(mode)).tolist()) == {0, 2, 3}
    drag(mode, (75, 100), (79, 110))
    assert "No cell" in mode.bar.hint.text()
    use(mode, "correct_delete")
    drag(mode, (20, 50), (60, 20))
    assert not labels(mode).any()


def test_an_outline_is_a_new_cell_and_the_next_one_follows(mode):
    use(mode, "correct_outline")
    drag(mode, (45, 80), (45, 110), (70, 110), (70, 80), (46, 80))
    assert labels(mode)[60, 100] == 4
    for row, column in ((5, 80), (5, 100), (25, 100)):
        click(mode, row, column)
    QTest.keyClick(mode._panel.viewer, Qt.Key.Key_Return)
    assert labels(mode)[10, 95] == 5


@pytest.mark.parametrize(
    ("key", "area"), [("correct_grow", 700), ("correct_shrink", 504), ("correct_smooth", 600)]
)
def test_the_chosen_cell_is_reshaped_by_keys(window, mode, key, area):
    window.actions_by_key[key].trigger()
    assert mode.bar.hint.text() == "Click a cell first."
    mode._session.select_cell(3)
    window.actions_by_key[key].trigger()
    assert abs(mode.corrections.history.canvas.area(3) - area) < 25
    assert mode.corrections.history.canvas.area(3) != 600


def test_undo_and_redo_have_no_end_and_go_on_after_another_image(window, mode, qtbot):
    for column in (15, 25, 35):
        drag(mode, (40, column), (45, column))
    after = labels(mode).copy()
    session = mode._session
    first, second = session.project.images.all()
    session.set_current_image(second.id)
    assert mode.corrections.history is None
    qtbot.waitUntil(lambda: mode.corrections.history is not None)
    assert not labels(mode).any()
    assert session.current_result is None, "an image that is only looked at has no result"
    drag(mode, (40, 15), (45, 15))
    assert session.current_result.name == DRAWN_SET
    assert labels(mode)[42, 15] == 1
    session.set_current_image(first.id)
    qtbot.waitUntil(lambda: mode.corrections.result is not None and mode.corrections.result.name == "cells")
    np.testing.assert_array_equal(labels(mode), after)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    for _ in range(5):
        window.actions_by_key["undo"].trigger()
    np.testing.assert_array_equal(labels(mode), model_labels())
    assert not mode.bar.undo.isEnabled()
    while mode.bar.redo.isEnabled():
        mode.bar.redo.click()
    np.testing.assert_array_equal(labels(mode), after)


def test_versions_are_named_and_gone_back_to(mode, monkeypatch):
    drag(mode, (40, 15), (45, 25))
    named = labels(mode).copy()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("after lunch", True))
    mode.correct_name_version()
    mode.correct_to_model()
    np.testing.assert_array_equal(labels(mode), model_labels())
    entries = [action.text() for action in mode.bar.versions.menu().actions()]
    assert any("The model's result" in entry for entry in entries)
    (entry,) = [a for a in mode.bar.versions.menu().actions() if a.text().startswith("Back to: after lunch")]
    entry.trigger()
    np.testing.assert_array_equal(labels(mode), named)


def test_the_line_says_what_is_wrong_and_then_again_how_the_tool_is_used(mode):
    use(mode, "correct_split")
    drag(mode, (40, 80), (45, 100))
    assert "touches no cell" in mode.bar.hint.text()
    drag(mode, (20, 5), (20, 20))
    assert "all the way through the cell" in mode.bar.hint.text()
    drag(mode, (5, 25), (35, 25))
    assert mode.bar.hint.text() == BY_KEY["correct_split"].hint


def test_a_version_is_seen_beside_the_present(window, mode, qtbot):
    drag(mode, (40, 80), (45, 100))
    second, both = mode._panel.second, window.actions_by_key["side_by_side"]
    entries = mode.bar.versions.menu().actions()
    (entry,) = [a for a in entries if a.text() == "See beside: The model's result"]
    entry.trigger()
    qtbot.waitUntil(lambda: second.viewer.labels is not None)
    assert both.isChecked()
    assert second.choice.currentText() == "The model's result"
    np.testing.assert_array_equal(second.viewer.labels.levels[0], model_labels())
    assert (second.viewer.label_at(45, 100), mode._panel.viewer.label_at(45, 100)) == (0, 4)
    qtbot.waitUntil(lambda: mode.bar.saved.text() == SAVED)
    assert second.viewer.label_at(45, 100) == 0
    mode.switch(False)
    assert second.choice.findText("The model's result") == -1
    both.trigger()
    assert not second.viewer.isVisible()


def test_table_and_masks_follow_by_themselves(window, mode, qtbot):
    session = mode._session
    drag(mode, (40, 80), (45, 100))
    qtbot.waitUntil(lambda: mode.bar.saved.text() == SAVED)
    result = session.project.results.get(session.current_result.id)
    assert (result.n_cells, result.n_edited, result.is_corrected) == (4, 1, True)
    cells = pd.read_csv(session.project.results.table_path(result)).set_index("label")
    assert cells["edited"].to_dict() == {1: False, 2: False, 3: False, 4: True}
    np.testing.assert_array_equal(read_labels(session.project.results.labels_path(result)), labels(mode))
    drag(mode, (40, 80), (70, 100))
    window.actions_by_key["correct"].trigger()
    assert not mode.is_on
    viewer = mode._panel.viewer
    qtbot.waitUntil(lambda: viewer.labels is not None and viewer.labels.shape == SHAPE)
    assert viewer.box.tool == "navigate"
    qtbot.waitUntil(lambda: viewer.label_at(69, 100) == 4)
    assert not window.actions_by_key["correct_brush"].isEnabled()


def test_a_stroke_while_files_are_written_is_seen_and_written_when_one_leaves(window, mode, qtbot):
    session, viewer = mode._session, mode._panel.viewer
    drag(mode, (40, 80), (45, 100))
    qtbot.waitUntil(lambda: mode.corrections._publishing)
    drag(mode, (72, 80), (72, 100))
    after = labels(mode).copy()
    window.actions_by_key["correct"].trigger()
    assert viewer.label_at(72, 100) == 5
    project, result = session.project, session.current_result
    qtbot.waitUntil(lambda: project.results.get(result.id).n_cells == 5)
    qtbot.waitUntil(lambda: not mode.corrections._publishing)
    record = project.results.get(result.id)
    np.testing.assert_array_equal(read_labels(project.results.labels_path(record)), after)
    qtbot.waitUntil(lambda: viewer.labels is not None and viewer.labels.areas.size == 6)
    assert viewer.label_at(72, 100) == 5


def test_what_was_not_published_in_time_is_when_the_project_is_opened_again(window, mode, qtbot):
    session = mode._session
    mode.corrections._timer.setInterval(60_000)
    drag(mode, (40, 80), (45, 100))
    after, project = labels(mode).copy(), session.project.folder
    mode.corrections._unpublished = False  # as when the program is killed
    session.close_project()
    session.open_project(project)
    assert not session.project.results.finished()[0].is_corrected
    qtbot.waitUntil(lambda: session.project.results.finished()[0].is_corrected)
    result = session.project.results.finished()[0]
    np.testing.assert_array_equal(read_labels(session.project.results.labels_path(result)), after)
    assert session.project.edits.is_published(result)


def test_the_model_looks_for_cells_in_a_box(mode, monkeypatch):
    engine, asked = mode._session.engine, []
    monkeypatch.setattr(engine, "state", "ready")
    monkeypatch.setattr(engine, "preview", lambda request: asked.append(request) or 77)
    use(mode, "correct_segment")
    drag(mode, (40, 60), (75, 110))
    (request,) = asked
    found = np.zeros(request.region[2:], np.int32)
    found[5:15, 5:15], found[20:30, 20:40] = 1, 2
    engine.previewed.emit(76, PreviewResult(found, 2, None, "", "cpu", 0.1, request.region))
    assert len(mode.corrections.history.canvas.cells) == 3
    engine.previewed.emit(77, PreviewResult(found, 2, None, "", "cpu", 0.1, request.region))
    assert mode.corrections.history.canvas.cells == {1, 2, 3, 4, 5}
    assert mode.bar.hint.text() == "2 new cells."
    engine.previewed.emit(77, PreviewResult(found, 2, None, "", "cpu", 0.1, request.region))
    assert len(mode.corrections.history.canvas.cells) == 5


def test_a_click_asks_the_model_for_one_cell(mode, monkeypatch):
    engine, asked = mode._session.engine, []
    monkeypatch.setattr(engine, "state", "ready")
    monkeypatch.setattr(engine, "preview", lambda request: asked.append(request) or 77)
    use(mode, "correct_segment")
    history = mode.corrections.history
    row, column = 70, 100
    assert history.canvas.labels[row, column] == 0
    click(mode, row, column)
    (request,) = asked
    top, left, height, width = request.region
    assert top <= row < top + height <= history.canvas.shape[0]
    assert left <= column < left + width <= history.canvas.shape[1]
    found = np.zeros((height, width), np.int32)
    found[row - top - 3 : row - top + 4, column - left - 3 : column - left + 4], found[:4, :4] = 7, 9
    engine.previewed.emit(77, PreviewResult(found, 2, None, "", "cpu", 0.1, request.region))
    assert history.canvas.cells == {1, 2, 3, 4}
    assert history.canvas.labels[row, column] == 4 == mode._session.selected_cell
    assert (history.canvas.labels == 4).sum() == 49
    click(mode, row, column)
    assert len(asked) == 1
    assert "already" in mode.bar.hint.text()
    click(mode, 2, 100)
    engine.previewed.emit(
        77, PreviewResult(np.zeros(asked[1].region[2:], np.int32), 0, None, "", "cpu", 0.1, None)
    )
    assert "no cell there" in mode.bar.hint.text()
    assert len(history.canvas.cells) == 4


def test_what_is_right_is_marked_for_training(mode):
    corrected = mode._session.project.corrected
    mode.bar.mark.click()
    assert corrected.all() == {(1, ""): ()}
    assert "Approved" in mode.bar.mark.text()
    mode.bar.mark.click()
    assert corrected.all() == {}


def test_keys_of_the_mode_do_nothing_outside_of_it(window):
    assert not window.actions_by_key["correct_split"].isEnabled()
    assert not window.actions_by_key["undo"].isEnabled()
    assert not window.panels.correct.bar.isVisible()


def with_newer_result(mode, qtbot):
    """Correct cells, and let the model make another result."""
    session = mode._session
    mode._session.select_cell(3)
    mode.correct_delete_chosen()
    drag(mode, (20, 36), (35, 36))
    qtbot.waitUntil(lambda: mode.bar.saved.text() == SAVED)
    project = session.project
    result = project.results.get(session.current_result.id)
    newer = model_labels()
    newer[50:70, 80:110] = 9
    newer[10:30, 42:75][newer[10:30, 42:75] == 0] = 2
    tifffile.imwrite(project.results.model_labels_path(result), newer)
    project.results.record(NewResult(result.image_id, result.name, n_cells=4, files=result.model_files))
    mode.newer._on_run_finished(0)
    mode.switch(False)
    return project, project.results.get(result.id)


def settled(project, result):
    return project.results.get(result.id)


def test_a_newer_result_is_told_and_changes_nothing_unasked(mode, qtbot):
    noted = []
    mode._session.noted.connect(noted.append)
    before = labels(mode).copy()
    mode._session.select_cell(3)
    project, result = with_newer_result(mode, qtbot)
    assert any("One corrected image has newer results" in sentence for sentence in noted)
    assert result.has_newer
    stays = read_labels(project.results.labels_path(result))
    assert not (stays == before).all()
    mode.newer.settle(project.results.with_newer(), "keep")
    np.testing.assert_array_equal(read_labels(project.results.labels_path(settled(project, result))), stays)
    assert not project.results.with_newer()


def test_a_newer_result_comes_around_corrected_cells(mode, qtbot):
    project, result = with_newer_result(mode, qtbot)
    mode.newer.settle(project.results.with_newer(), "around")
    qtbot.waitUntil(lambda: not project.results.with_newer())
    now = read_labels(project.results.labels_path(settled(project, result)))
    assert now[34, 36] == 1, "the corrected cell stays"
    assert not now[50:70, 10:40].any(), "the deleted cell stays deleted"
    assert now[60, 90] > 3
    assert now[20, 73] == now[20, 60] > 3
    assert settled(project, result).n_edited == 1
    mode.switch(True)
    qtbot.waitUntil(lambda: mode.corrections.history is not None)
    mode.undo()
    assert labels(mode)[60, 90] == 0


def test_a_newer_result_takes_the_place_of_all_and_can_be_undone(mode, qtbot):
    project, result = with_newer_result(mode, qtbot)
    mode.newer.settle(project.results.with_newer(), "whole")
    qtbot.waitUntil(lambda: not project.results.with_newer())
    now = read_labels(project.results.labels_path(settled(project, result)))
    assert len(np.unique(now)) == 5
    assert now[34, 36] == 0
    assert now[60, 20] > 0
    assert settled(project, result).n_edited == 0


def test_corrected_images_are_one_click_from_the_wizard(window, mode, qtbot):
    problems = []
    window._session.problem_reported.connect(problems.append)
    window.actions_by_key["train_on_corrected"].trigger()
    assert "is approved" in str(problems[0])
    window.findChild(TrainingWindow).accept()
    mode.mark_corrected()
    window.actions_by_key["train_on_corrected"].trigger()
    assert not mode.is_on
    wizard = window.findChildren(TrainingWindow)[-1]
    qtbot.waitUntil(lambda: bool(wizard.plan.folders))
    (folder,) = wizard.plan.folders
    assert folder.name == "corrected_001"
    assert len(list((folder / "images").iterdir())) == len(list((folder / "masks").iterdir())) == 1
    wizard.pictures.corrected.click()
    qtbot.waitUntil(lambda: len(wizard.plan.folders) == 2)
    wizard.accept()


def test_the_image_to_correct_next_is_gone_to_and_the_reason_told(window, mode, qtbot):
    session, noted = window._session, []
    session.noted.connect(noted.append)
    session.set_current_image(session.project.images.all()[1].id)
    window.actions_by_key["next_to_correct"].trigger()
    qtbot.waitUntil(lambda: bool(noted))
    assert session.current_image.name == "a.tif"
    assert noted == ["Correct a.tif next: it has not been corrected yet."]
    mode.mark_corrected()
    window.actions_by_key["next_to_correct"].trigger()
    qtbot.waitUntil(lambda: len(noted) > 1)
    assert "no further image" in noted[-1]


def test_a_project_that_may_not_be_changed_is_not_corrected(window, qtbot):
    session, mode = window._session, window.panels.correct
    folder = session.project.folder
    # Another program has the project: the window opens it to be looked at only.
    other = Session()
    other.open_project(folder)
    assert other.project.read_only_reason is not None
    second = MainWindow(other)
    qtbot.addWidget(second)
    second.show()
    other.set_current_image(other.project.images.all()[0].id)
    qtbot.waitUntil(lambda: second.panels.viewer.viewer.labels is not None)
    second.panels.correct.switch(True)
    assert second.panels.correct.corrections.history is None
    assert second.panels.correct.bar.hint.text() == READ_ONLY
    assert not (folder / "edits").exists()
    second.close()
    other.shut_down()
    second.deleteLater()
    other.deleteLater()
    assert mode.corrections.history is None


def test_a_result_whose_file_is_gone_is_said_and_nothing_is_lost(window):
    session, mode = window._session, window.panels.correct
    session.project.results.labels_path(session.current_result).unlink()
    mode.switch(True)
    assert mode.corrections.history is None
    assert mode.bar.hint.text() == GONE
    assert session.current_result.n_cells == 3
