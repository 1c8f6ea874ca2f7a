"""Room for the image: what is seen at first, the two views of the middle, the queue in a line."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from dinocell_app.ui.main_window import MainWindow


@pytest.fixture
def window(qtbot, session, opened):
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.show()
    qtbot.waitUntil(lambda: window.panels.viewer.viewer.image is not None)
    yield window
    window.close()


def open_docks(window) -> set[str]:
    return {name for name, dock in window.docks.items() if not dock.isHidden()}


def test_the_image_has_half_of_the_window_at_first(window, qtbot):
    view = window.panels.viewer.views
    qtbot.waitUntil(lambda: view.width() * view.height() >= 0.5 * 1440 * 900)


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (1920, 1080)])
def test_opening_a_project_leaves_the_window_as_large_as_it_was(qtbot, session, opened, size):
    folder = opened.project.folder
    session.close_project()
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(*size)
    window.show()
    session.open_project(folder)
    qtbot.waitUntil(lambda: window.panels.viewer.viewer.image is not None)
    assert window.size().toTuple() == size
    window.close()


def test_image_and_results_take_turns_or_share_the_middle(window):
    viewer, results = window.panels.viewer, window.panels.results
    assert (viewer.isVisible(), results.isVisible()) == (True, False)
    window.actions_by_key["show_results_view"].trigger()
    assert (viewer.isVisible(), results.isVisible()) == (False, True)
    window.actions_by_key["show_both_views"].trigger()
    assert (viewer.isVisible(), results.isVisible()) == (True, True)
    window.actions_by_key["show_image_view"].trigger()
    assert (viewer.isVisible(), results.isVisible()) == (True, False)


def test_what_is_looked_at_is_remembered(window, session, qtbot):
    window.work.show_view("both")
    folder = session.project.folder
    assert window.close()
    second = MainWindow(session)
    qtbot.addWidget(second)
    second.show()
    session.open_project(folder)
    assert second.panels.viewer.isVisible()
    assert second.panels.results.isVisible()
    second.close()


@pytest.mark.parametrize("places", ["", "both", "both 1", "both a b", "sideways 3 4", "results 0 0"])
def test_damaged_places_leave_a_window_that_works(window, places):
    window.work.put_back(places)
    assert window.panels.viewer.isVisible() or window.panels.results.isVisible()


def test_a_double_click_on_a_cell_brings_the_image(window):
    window.work.show_view("results")
    table = window.panels.results.table.view
    table.doubleClicked.emit(table.rootIndex())
    assert window.panels.viewer.isVisible()


@pytest.mark.parametrize("key", ["images", "segment"])
def test_a_dock_has_all_the_room_and_gives_it_back(window, key):
    before = open_docks(window)
    window.docks[key].titleBarWidget().maximise.click()
    assert open_docks(window) == {key}
    assert not window.work.isVisible()
    window.docks[key].titleBarWidget().maximise.click()
    assert open_docks(window) == before
    assert window.work.isVisible()


def test_the_middle_has_all_the_room_and_gives_it_back(window):
    before = open_docks(window)
    window.work.maximise.click()
    assert not open_docks(window)
    assert window.work.maximise.isChecked()
    window.actions_by_key["maximise"].trigger()
    assert open_docks(window) == before
    assert not window.work.maximise.isChecked()


def test_closing_while_the_middle_is_maximised_keeps_the_docks(window, session, qtbot):
    before = open_docks(window)
    window.work.maximise.click()
    folder = session.project.folder
    assert window.close()
    second = MainWindow(session)
    qtbot.addWidget(second)
    second.show()
    session.open_project(folder)
    assert open_docks(second) == before
    second.close()


def test_the_queue_is_a_line_until_it_is_asked_for(window, qtbot):
    assert window.docks["queue"].isHidden()
    qtbot.mouseClick(window.queue_line.button, Qt.MouseButton.LeftButton)
    assert not window.docks["queue"].isHidden()
    assert window.queue_line.button.isChecked()
    window.docks["queue"].close()
    assert not window.queue_line.button.isChecked()


def test_the_toolbar_shows_what_is_drawn(window):
    masks, outlines = (window.actions_by_key[key] for key in ("toggle_masks", "toggle_outlines"))
    assert (masks.isChecked(), outlines.isChecked()) == (False, True)
    masks.trigger()
    assert (masks.isChecked(), outlines.isChecked()) == (True, True)
    bar = window.panels.viewer.labels
    bar.mode.setCurrentIndex(bar.mode.findData("off"))
    assert (masks.isChecked(), outlines.isChecked()) == (False, False)


def test_contrast_and_features_lie_over_the_image(window, qtbot):
    panel = window.panels.viewer
    before = panel.views.size()
    panel.contrast_button.click()
    qtbot.waitUntil(panel.contrast.isVisible)
    assert panel.views.size() == before
    assert panel.views.geometry().contains(panel.floating.geometry())
    panel.contrast_button.click()
    assert not panel.floating.isVisible()
