"""The Segment dock, driven through its widgets; engine, queue and viewer are stand-ins."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QScrollBar,
    QWidget,
)

from dinocell_app.base.lengths import Area, Length
from dinocell_app.jobs.preview_messages import PreviewResult
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.segmentation_plan.model_cards import ModelList, read_model_cards
from dinocell_app.ui.segment.model_choice import ModelCardDialog
from dinocell_app.ui.segment.segment_panel import SegmentPanel
from dinocell_app.ui.workers import run_synchronously
from tests.ui.segment.segment_stand_ins import Picture, Session, ViewerPanel

TWO_CHANNELS = Picture(
    n_channels=2, channel_names=("DAPI", "GFP"), pixel_size_um=0.5, pixel_size_source="file"
)


@pytest.fixture
def make_panel(qtbot):
    kept = []

    def make(*pictures):
        session = Session(pictures)
        viewer_panel = ViewerPanel()
        qtbot.addWidget(viewer_panel)
        with run_synchronously():
            panel = SegmentPanel(session, viewer_panel)
        qtbot.addWidget(panel)
        kept.append((session, viewer_panel))
        return panel, session, viewer_panel.viewer

    return make


def answer(session, request=1, **facts):
    labels = np.ones((30, 40), np.uint16)
    known = {"labels": labels, "n_cells": 57, "diameter_px": 31.2, "diameter_source": "measured"}
    known |= {"device": "cpu", "seconds": 3.21, "region": (10, 20, 30, 40)} | facts
    session.engine.previewed.emit(request, PreviewResult(**known))


def test_the_shipped_model_is_offered_with_its_card(make_panel, qtbot):
    panel, _, _ = make_panel(TWO_CHANNELS)
    assert panel.form.model.model() == SegmentSettings().model
    assert "32 px" in panel.form.model.summary.text()
    page = panel.form.model.card().page
    assert "usiigaci_phase" in page
    assert "AP 0.5" in page
    qtbot.mouseClick(panel.form.model.about, Qt.MouseButton.LeftButton)
    dialog = panel.form.model.findChild(ModelCardDialog)
    assert "usiigaci_phase" in dialog.page.toPlainText()
    dialog.reject()


def test_a_missing_model_is_said_to_be_missing(make_panel):
    panel, _, _ = make_panel(TWO_CHANNELS)
    panel.form.set_settings(SegmentSettings(model="gone"))
    assert "not found" in panel.form.model.list.currentText()
    assert panel.form.settings().model == "gone"
    assert not panel.form.model.about.isEnabled()


def test_channels_of_the_image_are_offered_by_name(make_panel):
    panel, session, _ = make_panel(TWO_CHANNELS)
    texts = [panel.form.channel.itemText(i) for i in range(panel.form.channel.count())]
    assert texts[:3] == ["1: DAPI", "2: GFP", "Mean of all channels"]
    assert "choose one of them" in panel.form.channel_remark.text()
    panel.form.channel.setCurrentIndex(1)
    assert panel.form.settings().channel == "GFP"
    assert panel.form.channel_remark.text() == ""
    assert session.project.presets.current().channel == "GFP"


def test_a_drawn_line_gives_the_cell_size_in_um_when_the_pixel_size_is_known(make_panel, qtbot):
    panel, session, viewer = make_panel(TWO_CHANNELS)
    qtbot.mouseClick(panel.form.cell_size.draw, Qt.MouseButton.LeftButton)
    assert viewer.tool == "measure_diameter"
    viewer.diameter_drawn.emit(40.0)
    assert viewer.tool == "navigate"
    assert panel.form.settings().diameter == Length.parse("20um")
    assert "40 px" in panel.form.cell_size.remark.text()
    assert panel.presets.remark.text() == "Changed from default settings: cell diameter"
    session.change(pixel_size_um=None)
    assert "needs the size of a pixel" in panel.form.cell_size.remark.text()


def test_a_preview_shows_cells_and_says_what_was_used(make_panel, qtbot):
    panel, session, viewer = make_panel(Picture())
    qtbot.mouseClick(panel.preview_bar.preview, Qt.MouseButton.LeftButton)
    request = session.engine.requests[0]
    assert request.region == (10, 20, 30, 40)
    assert request.settings == panel.form.settings()
    assert not panel.preview_bar.cancel.isHidden()
    session.engine.progressed.emit(1, 2, 9)
    assert panel.preview_bar.result.text() == "Tile 2 of 9…"
    assert (panel.preview_bar.progress.value(), panel.preview_bar.progress.maximum()) == (2, 9)
    answer(session)
    assert panel.preview_bar.result.text() == "57 cells in 3.2 s on CPU, cell size measured: 31.2 px."
    assert viewer.preview[1] == (10, 20, 30, 40)
    assert panel.preview_bar.cancel.isHidden()


def test_a_moved_threshold_decodes_again_without_the_network(make_panel, qtbot):
    panel, session, _ = make_panel(Picture())
    panel.preview_now()
    answer(session)
    for position in (40, 30, 20):
        panel.form.cell_probability.slider.setValue(position)
    qtbot.waitUntil(lambda: bool(session.engine.decodings))
    assert [choice.cell_probability_threshold for choice in session.engine.decodings] == [pytest.approx(0.2)]
    assert len(session.engine.requests) == 1
    answer(session, request=2, n_cells=80)
    assert panel.preview_bar.result.text().startswith("80 cells")


def test_the_smallest_confidence_follows_the_probability_until_it_is_chosen(make_panel, qtbot):
    panel, session, _ = make_panel(Picture())
    panel.preview_now()
    answer(session)
    confidence = panel.form.confidence
    assert panel.form.settings().min_confidence is None
    assert not confidence.threshold.isEnabled()
    panel.form.cell_probability.slider.setValue(30)
    assert confidence.threshold.number.value() == pytest.approx(0.65)
    confidence.automatic.click()
    confidence.threshold.slider.setValue(80)
    qtbot.waitUntil(lambda: bool(session.engine.decodings))
    assert session.engine.decodings[-1].min_confidence == pytest.approx(0.8)
    assert len(session.engine.requests) == 1
    assert panel.form.settings().min_confidence == pytest.approx(0.8)
    panel.form.set_settings(SegmentSettings(min_confidence=0.4))
    assert panel.form.settings().min_confidence == 0.4


def test_the_smallest_cell_is_converted_between_pixels_and_square_micrometres(make_panel):
    panel, _, _ = make_panel(Picture())
    edit = panel.form.smallest_cell
    edit.set_pixel_size(0.5)
    assert panel.form.settings().min_size is None
    edit.number.setValue(40)
    edit.unit.setCurrentText("µm²")
    assert panel.form.settings().min_size == Area(value=10, unit="um2")
    edit.unit.setCurrentText("px")
    assert panel.form.settings().min_size == Area(value=40, unit="px")
    edit.number.setValue(-1)
    assert panel.form.settings().min_size is None
    edit.set_area(Area.parse("20.123um2"))
    assert panel.form.settings().min_size == Area.parse("20.123um2")


def test_a_change_that_needs_the_network_outdates_the_preview(make_panel):
    panel, session, _ = make_panel(Picture())
    panel.preview_now()
    answer(session)
    panel.form.cell_size.given.setChecked(True)
    assert "preview again" in panel.preview_bar.result.text()
    panel.form.cell_probability.slider.setValue(20)
    panel.preview.decode_now()
    assert session.engine.decodings == []


def test_a_cancelled_preview_asks_the_engine_and_ignores_its_answer(make_panel, qtbot):
    panel, session, viewer = make_panel(Picture())
    panel.preview_now()
    qtbot.mouseClick(panel.preview_bar.cancel, Qt.MouseButton.LeftButton)
    assert session.engine.cancelled == 1
    answer(session)
    assert viewer.preview is None
    assert panel.preview_bar.result.text() == "Cancelled."


def test_a_failed_preview_says_why(make_panel):
    panel, session, _ = make_panel(Picture())
    panel.preview_now()
    session.engine.failed.emit(1, "There is no GPU. Choose CPU.")
    assert panel.preview_bar.result.text() == "There is no GPU. Choose CPU."
    assert not panel.preview_bar.preview.isHidden()


def test_another_image_drops_the_preview(make_panel):
    panel, session, viewer = make_panel(Picture(), Picture(id=2))
    panel.preview_now()
    answer(session)
    session.show(session.project.images.pictures[2])
    assert viewer.preview is None
    assert "without writing" in panel.preview_bar.result.text()


def test_other_axes_of_the_image_drop_the_preview_and_go_into_the_next(make_panel):
    panel, session, viewer = make_panel(Picture())
    panel.preview_now()
    answer(session)
    session.show(Picture(axes="YXC"))
    assert viewer.preview is None
    panel.preview_now()
    assert [request.axes for request in session.engine.requests] == ["", "YXC"]


def test_without_an_image_nothing_can_be_asked(make_panel):
    panel, _, _ = make_panel()
    assert not panel.preview_bar.preview.isEnabled()
    assert not panel.run_bar.all.isEnabled()
    assert panel.run_bar.message.text() == "Open a project to run."


def test_a_read_only_project_says_why_nothing_runs(make_panel):
    panel, session, _ = make_panel(Picture())
    session.project.read_only_reason = "The project is open elsewhere."
    session.images_changed.emit()
    assert panel.run_bar.message.text() == "The project is open elsewhere."
    assert not panel.run_bar.this.isEnabled()


def test_a_preset_is_kept_and_changes_are_named(make_panel):
    panel, session, _ = make_panel(Picture())
    panel.form.cell_size.take_drawn(30)
    panel.save_preset(" big cells ")
    assert session.project.presets.names() == ["big cells"]
    assert panel.presets.remark.text() == ""
    panel.form.cell_probability.set_value(0.3)
    panel.form.cell_probability.value_changed.emit(0.3)
    assert panel.presets.remark.text() == "Changed from preset “big cells”: cell probability threshold"
    panel.presets.chosen.emit("big cells")
    assert panel.form.settings().cell_probability_threshold == 0.5


def test_a_preset_with_results_is_not_overwritten(make_panel):
    panel, session, _ = make_panel(Picture())
    panel.save_preset("first")
    session.project.results.names = ["first"]
    panel.form.cell_size.take_drawn(30)
    panel.save_preset("first")
    assert "keep the settings" in str(session.reported[0])
    assert session.project.presets.get("first").diameter is None


def test_every_control_has_a_name_and_a_tooltip(make_panel):
    panel, _, _ = make_panel(TWO_CHANNELS)
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox)
    controls = [
        w for w in panel.findChildren(QWidget) if isinstance(w, kinds) and not isinstance(w, QScrollBar)
    ]
    nameless = [
        w for w in controls if not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))
    ]
    assert len(controls) > 15
    assert nameless == []


def test_no_models_at_all_is_said(make_panel):
    panel, _, _ = make_panel(Picture())
    assert read_model_cards().find("dinocell-s8") is not None
    panel._show_models(ModelList(()))
    assert panel.form.model.summary.text() == "Looking for models…"
