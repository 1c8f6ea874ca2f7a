"""The queue panel, driven through its widgets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QToolButton

from dinocell_app.jobs.events import ImageFailed, ReferencesDoubted
from dinocell_app.run_queue.run_rows import RunAction, RunRow
from dinocell_app.ui.queue import run_log
from dinocell_app.ui.queue.image_model import Column as ImageColumn
from dinocell_app.ui.queue.image_model import RunImageModel
from dinocell_app.ui.queue.queue_panel import QueuePanel
from dinocell_app.ui.queue.run_log import RunLogDialog, read_log
from dinocell_app.ui.queue.run_model import Column, RunModel
from dinocell_app.ui.workers import run_synchronously
from tests.ui.queue.queue_stand_ins import Result, Run, Session

FAILED = ImageFailed(
    "day 1/cells_2.tif", "/pictures/day 1/cells_2.tif: is damaged. Check it.", "/pictures/day 1/cells_2.tif"
)


@pytest.fixture
def make_panel(qtbot):
    kept = []

    def make(*runs):
        session = Session(*runs)
        panel = QueuePanel(session)
        qtbot.addWidget(panel)
        kept.append(session)
        return panel, session

    return make


def texts(panel, row=0):
    return [panel.model.index(row, column).data() for column in Column]


def image_texts(panel, row):
    return [panel.images.model.index(row, column).data() for column in ImageColumn]


def test_item_models_behave(qtmodeltester, make_panel):
    model = RunModel()
    model.show_rows([RunRow(1, "a", "running", total=3), RunRow(2, "b", "queued")])
    qtmodeltester.check(model)
    images = RunImageModel()
    session = Session(Run(1))
    images.show_run(session.project, 1, (1, 2, FAILED))
    qtmodeltester.check(images)


def test_an_empty_queue_says_how_to_fill_it(make_panel):
    panel, _ = make_panel()
    assert panel.pages.currentIndex() == 0
    assert not any(action.isEnabled() for action in panel.actions_by_kind.values())


def test_a_run_shows_progress_cells_speed_and_remaining_time(make_panel):
    panel, session = make_panel(Run(1, state="running"))
    facts = {"done": 1, "current_image": "day 1/cells_2.tif", "tile_done": 1, "tile_total": 4, "n_cells": 57}
    session.tell(1, seconds_per_image=30.0, remaining_seconds=60.0, device="cpu", **facts)
    assert texts(panel) == ["cells", "▶ Running", "1 of 3", "about 1 min", "57", "30 s/image on CPU"]
    panel.resize(1200, 240)
    assert not panel.grab().isNull()


def test_buttons_ask_the_queue(make_panel, qtbot):
    panel, session = make_panel(Run(1, state="running"), Run(2, position=1), Run(3, position=2))
    buttons = {button.text(): button for button in panel.findChildren(QToolButton)}
    qtbot.mouseClick(buttons["Pause"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["Stop after this image"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["Cancel"], Qt.MouseButton.LeftButton)
    panel.table.selectRow(2)
    qtbot.mouseClick(buttons["Move up"], Qt.MouseButton.LeftButton)
    assert session.queue.asked == [("pause", 1), ("stop", 1), ("cancel", 1), ("reorder", [3, 2])]


def test_the_keyboard_does_the_same(make_panel, qtbot):
    panel, session = make_panel(Run(1, state="running"))
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: session.queue.asked == [("cancel", 1)])
    panel.hide()


def test_every_action_has_a_shortcut_in_its_tooltip(make_panel):
    panel, _ = make_panel(Run(1))
    for action in panel.actions_by_kind.values():
        assert action.shortcut().toString() in action.toolTip()


def test_images_of_a_run_have_a_state_each(make_panel):
    panel, session = make_panel(Run(1, state="running"))
    session.project.results.stored[1] = [Result(run_id=1), Result(run_id=7, n_cells=99)]
    session.tell(1, current_image="day 1/cells_3.tif", failed=1, failures=(FAILED,))
    assert image_texts(panel, 0)[:4] == ["cells_1.tif", "✓ Finished", "10", "1.5"]
    assert image_texts(panel, 1) == ["cells_2.tif", "✕ Failed", "", "", "Is damaged.", "Check it."]
    assert image_texts(panel, 2)[1] == "▶ Running"
    session.project.results.stored[3] = [Result(run_id=1)]
    session.queue.image_finished.emit(3)
    assert image_texts(panel, 2)[1] == "✓ Finished"


def test_images_unlike_those_of_the_references_are_marked_with_a_reason(make_panel):
    panel, session = make_panel(Run(1, state="running"))
    session.project.results.stored[1] = [Result(run_id=1)]
    path = str(session.project.images.path(1))
    session.tell(1, done=1, doubted=(ReferencesDoubted("cells_1.tif", 0.3, path),))
    assert image_texts(panel, 0)[1] == "⚠ Finished"
    assert "unlike the images of the reference cells" in image_texts(panel, 0)[4]
    panel.images.table.selectRow(0)
    assert "scores mean little" in panel.images.explanation.text()


def test_failed_images_are_listed_explained_and_tried_again(make_panel):
    panel, session = make_panel(Run(1, state="finished"))
    session.tell(1, failed=1, done=2, failures=(FAILED,))
    panel.images.only_failed.click()
    assert panel.images.model.rowCount() == 1
    panel.images.table.selectRow(0)
    assert "Is damaged. Check it." in panel.images.explanation.text()
    panel.images.table.activated.emit(panel.images.model.index(0, 0))
    assert session.shown == [2]
    panel.actions_by_kind[RunAction.RETRY].trigger()
    assert session.queue.asked == [("retry_failed", 1)]


@pytest.mark.parametrize(
    ("button", "asked"),
    [
        ("Replace them", [("retry_failed", 1, ("replace", True))]),
        ("Only try the others", [("retry_failed", 1, ("replace", False))]),
        ("Cancel", []),
    ],
)
def test_earlier_results_are_replaced_only_when_the_person_says_so(make_panel, button, asked):
    panel, session = make_panel(Run(1, state="finished"))
    session.tell(1, failed=1, done=2, failures=(replace(FAILED, results_in_the_way=True),))
    told = []

    def answer():
        box = QApplication.activeModalWidget()
        told.append(box.text())
        next(b for b in box.buttons() if b.text().replace("&", "") == button).click()

    QTimer.singleShot(0, answer)
    panel.actions_by_kind[RunAction.RETRY].trigger()
    assert told == ["1 image has earlier results under this name."]
    assert session.queue.asked == asked


def test_the_end_of_a_run_is_told_in_the_window(make_panel):
    panel, session = make_panel(Run(1, state="running"))
    session.tell(1, signal="run_finished", state="finished", done=3, n_cells=12)
    assert panel.message.text() == "“cells” is finished: 3 images, 12 cells."
    assert not panel.message.isHidden()


def test_a_new_run_is_shown_and_the_choice_stays(make_panel):
    panel, session = make_panel(Run(1, state="running"))
    session.project.runs.stored[2] = Run(2, name="more")
    session.queue.known[2] = session.queue.known[1]
    session.queue.known[2] = replace(session.queue.known[1], state="queued")
    session.tell(2)
    assert [row.id for row in panel.model.rows()] == [1, 2]
    assert panel.chosen().id == 1


def test_nothing_is_done_in_a_read_only_project(make_panel):
    panel, session = make_panel(Run(1, state="running"))
    session.project.read_only_reason = "Open elsewhere."
    panel.reload()
    assert not panel.actions_by_kind[RunAction.CANCEL].isEnabled()


def test_the_end_of_a_log_is_shown(tmp_path, qtbot, monkeypatch):
    monkeypatch.setattr(run_log, "LONGEST_BYTES", 12)
    log = tmp_path / "log.txt"
    assert "no log yet" in read_log(log)
    log.write_text("first line\nsecond\nlast\n", encoding="utf-8")
    with run_synchronously():
        dialog = RunLogDialog("cells", log)
    qtbot.addWidget(dialog)
    assert dialog.text.toPlainText() == "… (earlier lines are in the file)\nlast\n"
