"""Colour and contrast of channels, by mouse and by number."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog

from dinocell_app.display.channels import channel_statistics
from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.viewer.contrast_panel import ContrastPanel

TWO = (ChannelDisplay(0, True, "#00ff00", None, None), ChannelDisplay(1, True, "#ff00ff", 5.0, 50.0))


@pytest.fixture
def panel(qtbot) -> ContrastPanel:
    panel = ContrastPanel()
    qtbot.addWidget(panel)
    planes = np.arange(4096, dtype=np.uint16).reshape(64, 64), np.arange(4096, dtype=np.uint8).reshape(64, 64)
    panel.show_image(("DAPI", ""), TWO, [channel_statistics(plane) for plane in planes])
    panel.show()
    return panel


def test_it_shows_one_channel_at_a_time(panel):
    assert [panel.channel.itemText(at) for at in range(2)] == ["DAPI", "Channel 2"]
    assert panel.high.value() > 4000
    panel.channel.setCurrentIndex(1)
    assert (panel.low.value(), panel.high.value()) == (5, 50)
    assert panel.range.getRegion() == (5, 50)


def test_numbers_and_the_range_in_the_histogram_say_the_same(qtbot, panel):
    with qtbot.waitSignal(panel.changed) as caught:
        panel.low.setValue(100)
    assert caught.args[0][0].low == 100
    assert caught.args[0][1] == TWO[1]
    assert panel.range.getRegion()[0] == 100
    with qtbot.waitSignal(panel.changed) as caught:
        panel.range.setRegion((300, 900))
    assert (caught.args[0][0].low, caught.args[0][0].high) == (300, 900)
    assert (panel.low.value(), panel.high.value()) == (300, 900)


def test_black_is_never_brighter_than_full(qtbot, panel):
    panel.channel.setCurrentIndex(1)
    with qtbot.assertNotEmitted(panel.changed):
        panel.low.setValue(60)


def test_auto_leaves_the_contrast_to_the_image_again(qtbot, panel):
    panel.channel.setCurrentIndex(1)
    with qtbot.waitSignal(panel.changed) as caught:
        panel.auto.click()
    assert (caught.args[0][1].low, caught.args[0][1].high) == (None, None)
    assert panel.high.value() > 200


def test_channels_can_be_left_out_and_coloured(qtbot, panel, monkeypatch):
    with qtbot.waitSignal(panel.changed) as caught:
        panel.visible_box.click()
    assert [display.visible for display in caught.args[0]] == [False, True]
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_arguments: QColor("#123456"))
    with qtbot.waitSignal(panel.changed) as caught:
        panel.colour.click()
    assert caught.args[0][0].colour == "#123456"
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_arguments: QColor())
    with qtbot.assertNotEmitted(panel.changed):
        panel.colour.click()


def test_the_channel_stays_from_image_to_image(panel):
    panel.channel.setCurrentIndex(1)
    statistics = channel_statistics(np.zeros((4, 4), np.float32))
    panel.show_image(("a", "b"), TWO, [statistics, statistics])
    assert panel.channel.currentText() == "b"
    panel.show_image(("only",), TWO[:1], [statistics])
    assert not panel.channel.isVisible()
    panel.show_image((), (), ())
    assert not panel.isEnabled()


@pytest.mark.parametrize(
    ("values", "n_bins"),
    [
        (np.arange(100, dtype=np.uint8), 100),
        (np.arange(1000, dtype=np.uint16), 250),
        (np.zeros(9, np.int8), 1),
    ],
)
def test_bins_of_whole_numbers_hold_equally_many(values, n_bins):
    histogram = channel_statistics(values[:, None]).histogram
    assert len(histogram.counts) == n_bins
    assert set(histogram.counts.tolist()) == {len(values) // n_bins}
