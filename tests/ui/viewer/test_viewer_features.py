"""What the model sees, over the picture: asked for, drawn where it belongs, gone with the image."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtTest import QTest

from dinocell_app.project.adding import found_image
from dinocell_app.ui.processes.engine import BUSY, READY
from tests.ui.viewer.conftest import number
from tests.ui.viewer.viewer_pictures import pixels, settled


@pytest.fixture
def asked(session, panel, monkeypatch):
    """Requests for features, in place of the engine's process; `a.tif` is looked at."""
    requests = []

    def draw_features(request):
        requests.append(request)
        return len(requests)

    monkeypatch.setattr(session.engine, "draw_features", draw_features)
    monkeypatch.setattr(session.engine, "cancel", lambda: requests.append("cancelled"))
    session.set_current_image(number(session, "a.tif"))
    return requests


def colour_at(panel, row, column):
    scene = panel.viewer.box.mapViewToScene(QPointF(column + 0.5, row + 0.5))
    there = panel.viewer.view.mapFromScene(scene)
    return pixels(panel.viewer)[there.y(), there.x()].astype(int)


def test_features_lie_over_the_part_that_was_asked_for(qtbot, session, panel, asked):
    panel.viewer.set_label_style(type(panel.viewer.style_of_labels)("off"))
    panel.features_button.click()
    assert panel.feature_bar.isVisible()
    assert asked[0].region == (0, 0, 60, 90)
    assert asked[0].path.name == "a.tif"
    assert not panel.feature_bar.again.isEnabled()
    settled(qtbot, panel.viewer)
    before = colour_at(panel, 5, 5), colour_at(panel, 30, 40)
    red = np.zeros((20, 30, 3), np.uint8)
    red[..., 0] = 255
    session.engine.features_drawn.emit(1, red, (20, 30, 20, 30))
    panel.feature_bar.slider.setValue(100)
    settled(qtbot, panel.viewer)
    qtbot.waitUntil(lambda: colour_at(panel, 30, 40).tolist() == [255, 0, 0])
    assert colour_at(panel, 5, 5).tolist() == before[0].tolist()
    assert "alike" in panel.feature_bar.text.text()
    assert "something else" in panel.feature_bar.text.text()
    panel.feature_bar.slider.setValue(50)
    half = colour_at(panel, 30, 40)
    assert np.abs(half - (before[1] + [255, 0, 0]) / 2).max() <= 2
    panel.features_button.click()
    settled(qtbot, panel.viewer)
    assert colour_at(panel, 30, 40).tolist() == before[1].tolist()
    assert not panel.feature_bar.isVisible()


def test_features_wait_for_a_preview_that_is_being_made(session, panel, asked):
    session.engine.state = BUSY
    panel.features_button.click()
    assert asked == []
    assert "come after" in panel.feature_bar.text.text()
    session.engine.state = READY
    session.engine.state_changed.emit(READY)
    assert len(asked) == 1
    session.engine.state = "off"


def test_another_image_or_plane_takes_the_features_away(session, panel, asked):
    for leave in (
        lambda: session.set_current_image(number(session, "stack.tif")),
        lambda: session.set_plane(1, 2),
    ):
        panel.features_button.click()
        session.engine.features_drawn.emit(
            len([one for one in asked if one != "cancelled"]) or 1, np.zeros((4, 4, 3), np.uint8), None
        )
        leave()
        assert not panel.features_button.isChecked()
        assert not panel.features.layer.shown
        assert not panel.feature_bar.isVisible()


def test_other_axes_of_the_image_take_the_features_away(session, panel, asked):
    panel.features_button.click()
    image = session.current_image
    assert asked[-1].axes == ""
    path, root = session.project.images.path(image.id), session.project.roots.all()[0].path
    session.project.images.refresh(image.id, found_image(path, root, "XY"))
    session.refresh_images([image.id])
    assert not panel.features_button.isChecked()
    panel.features_button.click()
    assert asked[-1].axes == "XY"


def test_late_features_of_the_image_before_are_not_shown(session, panel, asked):
    panel.features_button.click()
    session.set_current_image(number(session, "b.tif"))
    assert asked[-1] == "cancelled"
    session.engine.features_drawn.emit(1, np.zeros((60, 90, 3), np.uint8), None)
    assert not panel.features.layer.shown


def test_a_failure_is_said_where_features_were_asked_for_and_can_be_tried_again(session, panel, asked):
    panel.features_button.click()
    session.engine.failed.emit(1, "There is not enough memory. Zoom in.")
    assert panel.feature_bar.text.text() == "There is not enough memory. Zoom in."
    QTest.keyClick(panel.feature_bar.again, " ")
    assert len(asked) == 2
    session.engine.cancelled.emit(2)
    assert "preview" in panel.feature_bar.text.text()
    assert panel.feature_bar.again.isEnabled()
