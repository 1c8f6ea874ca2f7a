"""The middle of the window with a real project: image, result, planes, contrast, side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from dinocell_app.base.errors import UserFacingError
from dinocell_app.ui.viewer import viewer_panel
from dinocell_app.ui.viewer.viewer_panel import ViewerPanel
from tests.ui.viewer.conftest import number, record
from tests.ui.viewer.viewer_pictures import pixels, settled, two_cells


def look_at(session, name: str) -> None:
    session.set_current_image(number(session, name))
    QApplication.processEvents()  # a view that appears gets its size, and fits the picture again


def place(viewer, row: float, column: float) -> QPoint:
    """Where the middle of a pixel of the picture is on the screen."""
    return viewer.view.mapFromScene(viewer.box.mapViewToScene(QPointF(column + 0.5, row + 0.5)))


def click(viewer, row: int, column: int) -> None:
    port = viewer.view.viewport()
    QTest.mouseClick(port, Qt.MouseButton.LeftButton, pos=place(viewer, row, column))
    QApplication.processEvents()


def test_without_a_project_there_is_a_sentence(qtbot, session):
    session.close_project()
    panel = ViewerPanel(session)
    qtbot.addWidget(panel)
    assert "No image yet" in panel.viewer.message.text()
    assert not panel.contrast.isEnabled()


def test_the_newest_result_lies_over_its_image(session, panel):
    look_at(session, "a.tif")
    assert panel.viewer.image.shape == (60, 90)
    assert panel.viewer.label_at(10, 89 - 20) == 1
    assert panel.viewer.pixel_size_um == 0.5


def test_a_click_selects_the_cell_for_every_part_of_the_window(qtbot, session, panel):
    look_at(session, "a.tif")
    with qtbot.waitSignal(session.cell_selected) as caught:
        click(panel.viewer, 40, 89 - 55)
    assert caught.args == [7]
    assert panel.viewer.selected == 7
    click(panel.viewer, 2, 2)
    assert session.selected_cell == 0
    assert panel.viewer.selected == 0


def test_a_cell_selected_elsewhere_is_shown(session, panel):
    look_at(session, "a.tif")
    panel.viewer.zoom(20)
    session.select_cell(7)
    assert panel.viewer.selected == 7
    seen = panel.viewer.box.viewRect()
    assert seen.contains(QPointF(89 - 54.5, 40))


def test_the_line_below_says_what_is_under_the_mouse(session, panel):
    look_at(session, "a.tif")
    QTest.mouseMove(panel.viewer.view.viewport(), place(panel.viewer, 12, 60))
    QApplication.processEvents()
    text = panel.status.text()
    assert "x 60, y 12 px (30.0, 6.0 µm)" in text
    assert "value 600" in text
    assert "cell 1: 200 px, 50.0 µm²" in text


def test_the_ruler_says_the_length_until_the_mouse_looks_around_again(session, panel):
    look_at(session, "a.tif")
    panel.set_ruler(True)
    port = panel.viewer.view.viewport()
    start, end = place(panel.viewer, 20, 20), place(panel.viewer, 20, 60)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    for share in (0.5, 1.0):
        QTest.mouseMove(port, start + (end - start) * share)
        QApplication.processEvents()
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=end)
    QApplication.processEvents()
    words = panel.status.text().split()
    assert words[0] == "Length"
    assert float(words[1]) == pytest.approx(20, abs=0.3)
    assert words[2] == "µm"
    panel.set_ruler(False)
    QTest.mouseMove(port, place(panel.viewer, 2, 3))
    QApplication.processEvents()
    assert "Length" not in panel.status.text()


def test_an_unreadable_image_shows_its_reason(session, panel):
    look_at(session, "a.tif")
    look_at(session, "broken.tif")
    assert panel.viewer.image is None
    assert panel.viewer.message.text() == session.current_image.problem != ""
    look_at(session, "a.tif")
    assert panel.viewer.image is not None
    assert panel.viewer.message.isHidden()


def test_an_image_whose_file_is_gone_shows_the_sentence_of_the_reader(session, panel, images):
    problems = []
    session.problem_reported.connect(problems.append)
    (images / "b.tif").unlink()
    look_at(session, "b.tif")
    assert "b.tif" in panel.viewer.message.text()
    assert not problems  # the viewer says it, no second place


def test_masks_of_another_size_are_reported_and_not_drawn(session, panel):
    record(session, "b.tif", "first", two_cells((50, 90)))
    problems = []
    session.problem_reported.connect(problems.append)
    look_at(session, "b.tif")
    assert panel.viewer.image is not None
    assert panel.viewer.labels is None
    assert all(isinstance(problem, UserFacingError) for problem in problems)
    assert "90 x 50" in str(problems[0])
    assert "90 x 60" in str(problems[0])


def test_a_fault_of_the_program_is_reported(session, panel, monkeypatch):
    problems = []
    session.problem_reported.connect(problems.append)

    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(viewer_panel, "load_image", fail)
    look_at(session, "a.tif")
    assert panel.viewer.message.text() == "The image cannot be shown."
    assert [type(problem) for problem in problems] == [ZeroDivisionError]


def test_colour_pictures_look_as_they_are(qtbot, session, panel):
    look_at(session, "colours.tif")
    settled(qtbot, panel.viewer)
    seen = pixels(panel.viewer)
    for column, colour in ((5, (255, 0, 0)), (15, (0, 255, 0)), (25, (0, 0, 0))):
        there = place(panel.viewer, 10, column)
        assert tuple(seen[there.y(), there.x()]) == colour


def test_sliders_change_the_plane_and_the_plane_moves_the_sliders(qtbot, session, panel):
    look_at(session, "a.tif")
    assert not panel.sliders.isVisible()
    look_at(session, "stack.tif")
    assert panel.sliders.time.isVisible()
    assert panel.sliders.slice.isVisible()
    assert (panel.sliders.time.maximum(), panel.sliders.slice.maximum()) == (1, 2)
    QTest.keyClick(panel.sliders.slice, Qt.Key.Key_Right)
    assert (session.t, session.z) == (0, 1)
    assert panel.viewer.image.channels[0][0][0, 0] == 20
    session.set_plane(1, 2)
    assert (panel.sliders.time.value(), panel.sliders.slice.value()) == (1, 2)
    assert panel.viewer.image.channels[0][0][0, 0] == 100


def test_each_plane_shows_its_own_result(session, panel):
    for z in range(2):
        labels = np.zeros((24, 32), np.int32)
        labels[4 + z, 4] = z + 1
        record(session, "stack.tif", "first", labels, plane=f"_t0000_z{z:03d}")
    look_at(session, "stack.tif")
    assert (panel.viewer.label_at(4, 4), panel.viewer.label_at(5, 4)) == (1, 0)
    session.set_plane(0, 1)
    assert (panel.viewer.label_at(4, 4), panel.viewer.label_at(5, 4)) == (0, 2)
    session.set_plane(0, 2)
    assert panel.viewer.labels is None


@pytest.mark.parametrize("keep", [True, False])
def test_zoom_stays_from_image_to_image_when_wished(session, panel, keep):
    session.change_settings(session.settings.model_copy(update={"keep_view": keep}))
    look_at(session, "a.tif")
    panel.viewer.zoom(5)
    before = panel.viewer.box.viewRect()
    look_at(session, "b.tif")
    after = panel.viewer.box.viewRect()
    assert (after.width() == pytest.approx(before.width())) == keep
    panel.viewer.zoom(5)
    look_at(session, "stack.tif")
    assert panel.viewer.visible_region() == (0, 0, 24, 32)  # of another size


def test_contrast_is_remembered_for_the_image(session, panel):
    look_at(session, "a.tif")
    panel.contrast_button.click()
    assert panel.contrast.isVisible()
    panel.contrast.high.setValue(450)
    look_at(session, "b.tif")
    look_at(session, "a.tif")
    assert panel.contrast.high.value() == 450
    assert session.project.displays.get(number(session, "a.tif"))[0].high == 450


def test_a_second_view_follows_the_first_and_the_other_way_round(qtbot, session, panel):
    look_at(session, "a.tif")
    assert not panel.other.isVisible()
    panel.set_side_by_side(True)
    qtbot.waitUntil(lambda: panel.other.isVisible() and panel.other.width() > 100)
    assert panel.other.image is panel.viewer.image
    assert panel.other.labels is None  # image beside result
    for moved, follows in ((panel.viewer, panel.other), (panel.other, panel.viewer)):
        moved.zoom(4)
        moved.box.translateBy(x=3, y=-2)
        expected, found = moved.box.viewRect().center(), follows.box.viewRect().center()
        assert (found.x(), found.y()) == pytest.approx((expected.x(), expected.y()), abs=0.5)
        assert follows.box.viewPixelSize() == pytest.approx(moved.box.viewPixelSize(), rel=0.02)
    panel.set_side_by_side(False)
    before = panel.other.box.viewRect()
    panel.viewer.fit()
    assert panel.other.box.viewRect() == before


def test_two_results_side_by_side(session, panel):
    look_at(session, "a.tif")
    panel.set_side_by_side(True)
    texts = [panel.beside.itemText(at) for at in range(panel.beside.count())]
    assert texts == ["Image only", "second: 2 cells", "first: 2 cells"]
    panel.beside.setCurrentIndex(2)
    assert panel.other.label_at(10, 20) == 1
    assert panel.viewer.label_at(10, 20) == 0
    look_at(session, "b.tif")
    assert panel.other.labels is None
    record(session, "b.tif", "first", two_cells())
    session.results_changed.emit([number(session, "b.tif")])
    assert panel.beside.count() == 2


def test_shortcuts_for_masks_and_outlines(session, panel):
    modes = []
    panel.labels.changed.connect(lambda style: modes.append(style.mode))
    panel.toggle_masks()
    panel.toggle_outlines()
    panel.toggle_masks()
    panel.toggle_outlines()
    assert modes == ["both", "fill", "off", "outline"]
    assert panel.viewer.style_of_labels.mode == "outline"


def test_closing_the_project_shows_nothing_any_more(session, panel):
    look_at(session, "stack.tif")
    session.close_project()
    assert panel.viewer.image is None
    assert not panel.sliders.isVisible()
    assert panel.status.text() == ""


class HeldWork:
    """Work that is done when the test says so, in the order it says."""

    def __init__(self) -> None:
        self.asked: list[tuple[Callable[[], object], Callable[[object], None], HeldTask]] = []

    def start(self, work, done, failed, *, owner) -> HeldTask:
        task = HeldTask()
        self.asked.append((work, done, task))
        return task

    def finish(self, at: int) -> None:
        work, done, task = self.asked[at]
        result = work()
        if not task.cancelled:
            done(result)


class HeldTask:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


def test_the_last_image_wins_however_long_reading_takes(session, panel, monkeypatch):
    held = HeldWork()
    monkeypatch.setattr(viewer_panel, "start", held.start)
    look_at(session, "stack.tif")
    look_at(session, "colours.tif")
    look_at(session, "b.tif")
    assert len(held.asked) == 3
    for at in (2, 0, 1):
        held.finish(at)
    assert panel.viewer.image.shape == (60, 90)
    assert int(panel.viewer.image.channels[0][0][0, 0]) == 5000


def test_cells_of_the_image_before_do_not_come_late(session, panel, monkeypatch):
    held = HeldWork()
    monkeypatch.setattr(viewer_panel, "start", held.start)
    look_at(session, "a.tif")
    held.finish(0)  # the picture; its cells are asked for
    assert len(held.asked) == 2
    look_at(session, "b.tif")
    held.finish(1)
    held.finish(2)
    assert panel.viewer.labels is None
    assert int(panel.viewer.image.channels[0][0][0, 0]) == 5000


def test_an_image_opens_at_the_plane_it_was_left_at_also_after_closing(session, panel):
    look_at(session, "stack.tif")
    session.set_plane(1, 2)
    look_at(session, "a.tif")
    assert (session.t, session.z) == (0, 0)
    look_at(session, "stack.tif")
    assert (session.t, session.z) == (1, 2)
    folder = session.project.folder
    session.close_project()
    session.open_project(folder)
    look_at(session, "stack.tif")
    assert (session.t, session.z) == (1, 2)
    assert panel.viewer.image.channels[0][0][0, 0] == 100


def test_the_whole_range_goes_from_the_darkest_to_the_brightest_value(session, panel):
    look_at(session, "a.tif")
    panel.contrast.whole.click()
    shown = session.project.displays.get(number(session, "a.tif"))[0]
    assert (shown.low, shown.high) == (0, 890)
    panel.contrast.auto.click()
    assert session.project.displays.get(number(session, "a.tif"))[0].low is None


@pytest.mark.parametrize("answer", [QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No])
def test_contrast_goes_to_all_images_of_as_many_channels_when_the_person_agrees(
    session, panel, monkeypatch, answer
):
    asked = []
    monkeypatch.setattr(QMessageBox, "question", lambda *words: asked.append(words[2]) or answer)
    look_at(session, "a.tif")
    panel.contrast.high.setValue(450)
    panel.contrast.everywhere.click()
    assert "3 images" in asked[0]
    agreed = answer == QMessageBox.StandardButton.Yes
    assert (session.project.displays.get(number(session, "b.tif"))[0].high == 450) == agreed
    assert session.project.displays.get(number(session, "colours.tif"))[0].high is None
