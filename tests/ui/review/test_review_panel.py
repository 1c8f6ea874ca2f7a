"""The Review dock in the window, through real keys and clicks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all
from tests.ui.review.review_pictures import fill


@pytest.fixture
def window(qapp, qtbot, tmp_path: Path) -> Iterator[MainWindow]:
    session = Session()
    problems: list[object] = []
    session.problem_reported.connect(problems.append)
    window = MainWindow(session)
    window.resize(1280, 800)
    window.show()
    session.create_project(tmp_path / "study.dinocell")
    fill(session.project, tmp_path / "pictures")
    session.refresh_images()
    session.results_changed.emit([1, 2])
    qtbot.waitUntil(lambda: window.panels.results.cells.store.n_rows == 84, timeout=20_000)
    qtbot.waitUntil(lambda: len(window.panels.results.cells.rows) == 84, timeout=20_000)
    window.review_cells()
    yield window
    window.panels.review.shut_down()
    window.panels.results.shut_down()
    session.shut_down()
    window.deleteLater()
    session.deleteLater()
    wait_for_all()
    assert not problems


def choose_order(window, title):
    order = window.panels.review.look_through.order
    place = order.findText(title)
    assert place >= 0
    order.setFocus()
    order.setCurrentIndex(place)
    order.activated.emit(place)


def centre_of(viewer):
    return viewer.box.viewRect().center()


def test_keys_judge_the_smallest_cells_and_the_viewer_follows(window, qtbot):
    tab, session = window.panels.review.look_through, window._session
    viewer = window.panels.viewer.viewer
    choose_order(window, "Smallest")
    store = window.panels.results.cells.store
    areas = store.columns["area_px2"].values
    qtbot.waitUntil(lambda: tab.run.position == 0 and areas[tab.run.current] == areas.min())
    row = tab.run.current
    qtbot.waitUntil(lambda: viewer.labels is not None and session.selected_cell == store.label(row))
    assert session.current_result.id == store.source(row).result_id
    middle = store.columns["centroid_x_px"].values[row]
    qtbot.waitUntil(lambda: abs(centre_of(viewer).x() - middle) < 2)
    QTest.keyClick(tab.card, Qt.Key.Key_K)
    second = tab.run.current
    assert second != row
    QTest.keyClick(tab.card, Qt.Key.Key_D)
    QTest.keyClick(tab.card, Qt.Key.Key_F)
    key = (store.source(second).result_id, store.label(second))
    assert sorted(session.project.judgements.all().values()) == ["delete", "fix", "keep"]
    assert session.project.judgements.all()[key] == "delete"
    assert tab.progress.value() == 3
    names = window.panels.results.table.model.names
    header = window.panels.results.table.view.horizontalHeader()
    assert "review" in names
    assert names[header.sortIndicatorSection()] == "area_px2"
    assert store.columns["review"].text(second) == "delete"
    QTest.keyClick(tab.card, Qt.Key.Key_Backspace)
    QTest.keyClick(tab.card, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert list(session.project.judgements.all().values()) == ["keep"]
    assert tab.run.current == second
    assert store.columns["review"].text(second) == ""


def test_keys_of_the_window_do_not_take_those_of_the_card(window, qtbot):
    tab, session = window.panels.review.look_through, window._session
    qtbot.waitUntil(lambda: session.current_image is not None)
    window.activateWindow()
    tab.start()
    shown = session.current_image.id
    QTest.keyClick(tab.card, Qt.Key.Key_D)  # the shortcut for the next image
    assert session.current_image.id == shown
    assert list(session.project.judgements.all().values()) == ["delete"]


def test_mouse_answers_and_goes_on(window, qtbot):
    tab = window.panels.review.look_through
    first = tab.run.current
    QTest.mouseClick(tab.on, Qt.MouseButton.LeftButton)
    assert tab.run.current != first
    QTest.mouseClick(tab.back, Qt.MouseButton.LeftButton)
    QTest.mouseClick(tab.card.buttons["fix"], Qt.MouseButton.LeftButton)
    assert tab.run.judgements == {first: "fix"}
    QTest.mouseClick(tab.undo, Qt.MouseButton.LeftButton)
    assert tab.run.judgements == {}
    assert tab.run.current == first


def test_fixing_starts_a_correction_where_there_is_one(window, qtbot):
    panel, asked = window.panels.review, []
    panel.fix_asked.connect(lambda: asked.append(window._session.selected_cell))
    panel.set_fixes_at_once(True)
    row = panel.look_through.run.current
    qtbot.waitUntil(lambda: window._session.selected_cell != 0)
    QTest.keyClick(panel.look_through.card, Qt.Key.Key_F)
    assert asked == [panel.look_through._store.label(row)]
    assert panel.look_through.run.current == row


def test_an_audit_ends_with_precision_and_recall_and_goes_on_after_a_stop(window, qtbot):
    review, session = window.panels.review, window._session
    tab = review.audit
    review.tabs.setCurrentWidget(tab)
    tab.form.n_cells.setValue(10)
    tab.form.n_places.setValue(10)
    tab.form.seed.setText("4")
    tab.form.reviewer.setText("Ada")
    QTest.mouseClick(tab.form.begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tab.audit is not None, timeout=20_000)
    viewer = window.panels.viewer.viewer
    for number in range(20):
        item = tab.audit.items[tab.position]
        if item.kind == "place":
            qtbot.waitUntil(lambda: not review.aim._marks[0].path().isEmpty(), timeout=20_000)
            centre = centre_of(viewer)
            assert (int(centre.y()), int(centre.x())) == (item.row, item.column)
        key = Qt.Key.Key_R if item.kind == "cell" else Qt.Key.Key_E
        QTest.keyClick(tab.card, Qt.Key.Key_W if number == 0 else key)
        if number == 9:
            QTest.mouseClick(tab.stop, Qt.MouseButton.LeftButton)
            assert "10 of 20 are judged" in tab.form.result.text()
            QTest.mouseClick(tab.form.resume, Qt.MouseButton.LeftButton)
    text = tab.form.result.text()
    assert text.startswith("Of 10 cells shown 9 were right: precision 0.90 (95 % interval 0.60 to 0.98).")
    assert "Of 10 empty places shown 0 lay in a missed cell: recall 1.00" in text
    assert tab.form.note.isVisible()
    assert review.aim._marks[0].path().isEmpty()
    kept = session.project.audits.of_set("")[0]
    assert (kept.seed, kept.reviewer, kept.n_judged) == (4, "Ada", 20)

    tab.form.reviewer.setText("Ben")
    QTest.mouseClick(tab.form.repeat, Qt.MouseButton.LeftButton)
    for _ in range(20):
        item = tab.audit.items[tab.position]
        QTest.keyClick(tab.card, Qt.Key.Key_R if item.kind == "cell" else Qt.Key.Key_E)
    assert "Ben and Ada: Two people judged the same 20: they agree on 95%" in tab.form.result.text()


def test_back_changes_a_verdict(window, qtbot):
    review = window.panels.review
    tab = review.audit
    review.tabs.setCurrentWidget(tab)
    tab.form.n_cells.setValue(4)
    tab.form.n_places.setValue(0)
    QTest.mouseClick(tab.form.begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tab.audit is not None, timeout=20_000)
    QTest.keyClick(tab.card, Qt.Key.Key_W)
    QTest.keyClick(tab.card, Qt.Key.Key_Left)
    assert tab.card.buttons["wrong"].isChecked()
    QTest.keyClick(tab.card, Qt.Key.Key_S)
    assert tab.audit.items[0].verdict == "split"
    assert tab.position == 1
