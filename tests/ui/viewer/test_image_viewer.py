"""The viewer with real mouse and key events."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from dinocell_app.display.hover_text import length_text
from dinocell_app.display.label_colours import LabelStyle
from dinocell_app.export.palette import PALETTE
from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.viewer.image_viewer import ImageViewer
from tests.ui.viewer.viewer_pictures import WHITE, loaded, pixels, settled, shown, two_cells

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def viewer(qtbot) -> ImageViewer:
    plane = np.tile(np.arange(90, dtype=np.uint16) * 700, (60, 1))
    return shown(qtbot, plane, two_cells())


def at(viewer: ImageViewer, row: float, column: float) -> QPoint:
    """Where a place of the picture is on the screen."""
    scene = viewer.box.mapViewToScene(QPointF(column, row))
    return viewer.view.mapFromScene(scene)


def drag(viewer, start, end, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    port = viewer.view.viewport()
    QTest.mousePress(port, LEFT, modifier, start)
    for share in (0.3, 0.6, 1.0):
        there = start + (end - start) * share
        QTest.mouseMove(port, there)
        QApplication.processEvents()
    QTest.mouseRelease(port, LEFT, modifier, end)
    QApplication.processEvents()


def test_without_an_image_there_is_a_sentence(qtbot):
    viewer = ImageViewer()
    qtbot.addWidget(viewer)
    assert not viewer.message.isHidden()
    assert "No image yet" in viewer.message.text()
    assert viewer.visible_region() == (0, 0, 0, 0)


@pytest.mark.parametrize("closer", [1, 3, 12])
@pytest.mark.parametrize(
    ("row", "column", "label"),
    [(10, 20, 1), (19, 39, 1), (9, 20, 0), (20, 39, 0), (10, 19, 0), (10, 40, 0), (30, 50, 7), (49, 59, 7)],
)
def test_a_click_on_the_edge_pixel_of_a_cell_gives_the_cell(qtbot, viewer, closer, row, column, label):
    viewer.zoom(closer)
    shown_area = viewer.box.viewRect()
    shown_area.moveCenter(QPointF(column + 0.5, row + 0.5))
    viewer.box.setRange(shown_area, padding=0)
    with qtbot.waitSignal(viewer.cell_clicked) as clicked:
        QTest.mouseClick(viewer.view.viewport(), LEFT, pos=at(viewer, row + 0.5, column + 0.5))
    assert clicked.args == [label]


@pytest.mark.parametrize("magnification", [0.25, 1, 7.3])
def test_a_click_means_the_pixel_that_is_drawn_there(qtbot, magnification):
    labels = np.zeros((800, 1200), np.int32)
    labels[200:300, 500:640] = 3
    viewer = shown(qtbot, np.zeros((800, 1200), np.uint8), labels)
    height, width = viewer.box.height() / magnification, viewer.box.width() / magnification
    viewer.box.setRange(QRectF(500 - width / 2, 200 - height / 2, width, height), padding=0)
    QApplication.processEvents()
    seen = viewer.box.viewRect()
    assert viewer.box.viewPixelSize()[0] == pytest.approx(1 / magnification)
    middle = at(viewer, 200, 500)  # the corner of the cell
    for down, across in ((-9, -9), (-9, 9), (9, -9), (9, 9), (2, 2), (-2, 2)):
        there = middle + QPoint(across, down)
        row = int(np.floor(seen.top() + there.y() / magnification))
        column = int(np.floor(seen.left() + there.x() / magnification))
        with qtbot.waitSignal(viewer.cell_clicked) as clicked:
            QTest.mouseClick(viewer.view.viewport(), LEFT, pos=there)
        assert clicked.args == [labels[row, column]]
    assert clicked.args == [0]


def test_the_chosen_cell_is_outlined_in_another_way_than_by_colour_alone(qtbot, viewer):
    before = pixels(viewer)
    viewer.select_cell(7)
    settled(qtbot, viewer)
    changed = np.argwhere((pixels(viewer) != before).any(axis=2))
    assert len(changed)
    place = at(viewer, 40, 55)
    assert changed[:, 0].min() < place.y() < changed[:, 0].max()
    assert changed[:, 1].min() < place.x() < changed[:, 1].max()
    viewer.select_cell(99)
    settled(qtbot, viewer)
    assert np.array_equal(pixels(viewer), before)


def test_the_mouse_shows_value_and_cell(qtbot, viewer):
    with qtbot.waitSignal(viewer.hovered) as hovered:
        QTest.mouseMove(viewer.view.viewport(), at(viewer, 12.5, 25.5))
    info = hovered.args[0]
    assert (info.row, info.column, info.values, info.label, info.area_px) == (12, 25, (25 * 700.0,), 1, 200)
    with qtbot.waitSignal(viewer.hovered) as hovered:
        QTest.mouseMove(viewer.view.viewport(), at(viewer, 12.5, -0.3))
    assert hovered.args == [None]


def test_the_wheel_zooms_at_the_pointer(viewer):
    place = at(viewer, 40.5, 55.5)
    before = viewer.box.mapSceneToView(viewer.view.mapToScene(place))
    event = QWheelEvent(
        QPointF(place),
        QPointF(viewer.view.mapToGlobal(place)),
        QPoint(0, 0),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    width = viewer.box.viewRect().width()
    QApplication.sendEvent(viewer.view.viewport(), event)
    QApplication.processEvents()
    after = viewer.box.mapSceneToView(viewer.view.mapToScene(place))
    assert viewer.box.viewRect().width() < width
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()), abs=0.3)


def test_dragging_pans_and_a_double_click_shows_everything(viewer):
    viewer.zoom(4)
    centre = viewer.box.viewRect().center()
    drag(viewer, QPoint(200, 150), QPoint(120, 150))
    moved = viewer.box.viewRect().center()
    assert moved.x() > centre.x() + 1
    assert moved.y() == pytest.approx(centre.y(), abs=0.2)
    port = viewer.view.viewport()
    QTest.mouseClick(port, LEFT, pos=QPoint(200, 150))
    QTest.mouseDClick(port, LEFT, pos=QPoint(200, 150))  # sends the second press alone
    QTest.mouseRelease(port, LEFT, pos=QPoint(200, 150))
    QApplication.processEvents()
    assert viewer.visible_region() == (0, 0, 60, 90)


def test_everything_by_keyboard(qtbot, viewer):
    QTest.mouseClick(viewer.view.viewport(), LEFT, pos=QPoint(200, 150))
    focused = QApplication.focusWidget() or viewer
    assert focused is viewer
    width = viewer.box.viewRect().width()
    QTest.keyClick(focused, Qt.Key.Key_Plus)
    assert viewer.box.viewRect().width() == pytest.approx(width / 1.25)
    centre = viewer.box.viewRect().center()
    QTest.keyClick(focused, Qt.Key.Key_Right)
    QTest.keyClick(focused, Qt.Key.Key_Down)
    moved = viewer.box.viewRect().center()
    assert moved.x() > centre.x()
    assert moved.y() > centre.y()
    QTest.keyClick(focused, Qt.Key.Key_Minus)
    assert viewer.box.viewRect().width() == pytest.approx(width)
    QTest.keyClick(focused, Qt.Key.Key_0)
    assert viewer.visible_region() == (0, 0, 60, 90)


def test_zoom_stays_for_the_next_image_of_the_same_size_only(viewer):
    viewer.zoom(4)
    seen = viewer.visible_region()
    viewer.set_image(loaded(np.zeros((60, 90), np.uint8)), (WHITE,), keep_view=True)
    assert viewer.visible_region() == seen
    viewer.set_image(loaded(np.zeros((60, 90), np.uint8)), (WHITE,), keep_view=False)
    assert viewer.visible_region() == (0, 0, 60, 90)
    viewer.zoom(4)
    viewer.set_image(loaded(np.zeros((30, 40), np.uint8)), (WHITE,), keep_view=True)
    assert viewer.visible_region() == (0, 0, 30, 40)


def test_a_line_over_a_cell_says_how_big_it_is(qtbot, viewer):
    viewer.set_tool("measure_diameter")
    seen = viewer.visible_region()
    with qtbot.waitSignal(viewer.diameter_drawn) as drawn:
        drag(viewer, at(viewer, 15, 20), at(viewer, 15, 40))
    assert drawn.args[0] == pytest.approx(20, abs=0.6)
    assert viewer.visible_region() == seen
    viewer.set_tool("navigate")
    assert viewer.line_text.isVisible()
    assert viewer.line_text.toPlainText() == length_text(drawn.args[0], viewer.pixel_size_um)
    viewer.set_tool("measure_diameter")
    assert not viewer.line_text.isVisible()


def test_the_ruler_measures_while_it_is_drawn(viewer):
    lengths = []
    viewer.ruler_drawn.connect(lengths.append)
    viewer.set_tool("ruler")
    drag(viewer, at(viewer, 10, 10), at(viewer, 40, 50))
    assert lengths == sorted(lengths)
    assert lengths[-1] == pytest.approx(50, abs=0.8)


def test_a_region_is_cut_to_the_picture(qtbot, viewer):
    viewer.set_tool("region")
    with qtbot.waitSignal(viewer.region_drawn) as drawn:
        drag(viewer, at(viewer, 20.5, 30.5), at(viewer, 70, 60.5))
    row, column, height, width = drawn.args[0]
    assert (row, column) == (20, 30)
    assert row + height == 60
    assert width == pytest.approx(31, abs=1)


def test_a_preview_covers_its_region_and_has_no_rows_in_a_table(qtbot, viewer):
    clicked = []
    viewer.cell_clicked.connect(clicked.append)
    viewer.set_preview(np.full((10, 10), 3, np.uint16), (40, 70, 10, 10))
    qtbot.waitUntil(lambda: viewer.shows_preview)
    assert (viewer.label_at(40, 70), viewer.label_at(49, 79), viewer.label_at(50, 79)) == (3, 3, 0)
    assert viewer.label_at(12, 25) == 0
    QTest.mouseClick(viewer.view.viewport(), LEFT, pos=at(viewer, 45, 75))
    QApplication.processEvents()
    assert (viewer.selected, clicked) == (3, [])
    viewer.set_preview(None, None)
    assert viewer.label_at(12, 25) == 1


def test_a_preview_that_was_taken_back_does_not_come(qtbot, viewer):
    viewer.set_preview(np.ones((60, 90), np.uint16), None)
    viewer.set_preview(None, None)
    qtbot.wait(50)
    assert not viewer.shows_preview


def test_cells_are_drawn_where_they_are_in_every_style(qtbot):
    viewer = shown(qtbot, np.zeros((60, 90), np.uint8), two_cells())
    inside, edge = at(viewer, 40.5, 55.5), at(viewer, 30.5, 55.5)
    colour = list(PALETTE[viewer.labels.colours[7] - 1])
    expected = {"fill": (colour, colour), "outline": ([0, 0, 0], colour), "off": ([0, 0, 0], [0, 0, 0])}
    for mode, (in_cell, at_edge) in expected.items():
        viewer.set_label_style(LabelStyle(mode, 1.0))
        settled(qtbot, viewer)
        seen = pixels(viewer)
        assert seen[inside.y(), inside.x()].tolist() == in_cell, mode
        assert seen[edge.y(), edge.x()].tolist() == at_edge, mode


def test_contrast_changes_what_is_seen(qtbot, viewer):
    viewer.set_labels(None)
    settled(qtbot, viewer)
    before = pixels(viewer)
    viewer.set_displays((ChannelDisplay(0, True, "#ff0000", 0.0, 100.0),))
    settled(qtbot, viewer)
    place = at(viewer, 30.5, 60.5)
    assert pixels(viewer)[place.y(), place.x()].tolist() == [255, 0, 0]
    assert before[place.y(), place.x()].tolist() != [255, 0, 0]


@pytest.mark.parametrize("closer", [1, 1.37, 2.9, 7])
def test_there_are_no_seams_between_tiles(qtbot, closer):
    white = ChannelDisplay(0, True, "#ffffff", 0.0, 1.0)
    viewer = shown(qtbot, np.ones((1501, 1777), np.uint8), displays=(white,))
    viewer.scale_bar.hide()
    viewer.zoom(closer)
    settled(qtbot, viewer)
    corner, end = at(viewer, 0, 0), at(viewer, 1501, 1777)
    seen = pixels(viewer)
    inside = seen[max(0, corner.y()) + 2 : end.y() - 2, max(0, corner.x()) + 2 : end.x() - 2]
    assert inside.size
    assert inside.min() == 255


def test_a_far_cell_is_brought_into_view(viewer):
    viewer.zoom(2)
    viewer.box.translateBy(x=-60)
    width = viewer.box.viewRect().width()
    viewer.centre_on(7)
    row, column, height, seen_width = viewer.visible_region()
    assert row <= 30 < 50 <= row + height
    assert column <= 50 < 60 <= column + seen_width
    assert viewer.box.viewRect().width() == pytest.approx(width)


def test_the_scale_bar_follows_zoom_and_pixel_size(viewer):
    assert viewer.scale_bar.text.endswith(" px")
    viewer.set_pixel_size(0.5)
    far = viewer.scale_bar.text
    viewer.zoom(20)
    assert far.endswith("µm")
    assert viewer.scale_bar.text != far
