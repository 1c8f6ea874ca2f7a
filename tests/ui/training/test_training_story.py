"""A laboratory's story: labelled images, a wizard, a training process, a verdict, a new model."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QDialogButtonBox, QMessageBox
from scipy.ndimage import distance_transform_edt

from dinocell_app.training_plan.planned_jobs import MODEL_NAME
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.training.parameters_dialog import ParametersDialog
from dinocell_app.ui.training.training_window import (
    GOAL,
    PICTURES,
    RUN,
    SETTINGS,
    SPLIT,
    VERDICT,
    TrainingWindow,
)
from dinocell_app.ui.workers import wait_for_all

PATIENCE_SECONDS = 120

SMALL_ADAPTATION = {
    "adaptation.epochs": "500",
    "adaptation.steps_per_epoch": "2",
    "adaptation.batch_size": "2",
    "adaptation.global_size": "32",
    "adaptation.local_size": "16",
    "adaptation.n_local": "1",
    "adaptation.n_prototypes": "16",
    "adaptation.hidden_width": "16",
    "adaptation.bottleneck_width": "8",
}
"""A thousand steps that are quick, so that there is something to pause and to stop."""


def until(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        loop = QEventLoop()
        QTimer.singleShot(50, loop.quit)
        loop.exec()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Nine different pictures of cells with masks, one of them black and white, and one without a mask."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    for number in range(9):
        labels = np.zeros((64, 64), np.uint16)
        for cell in range(9):
            row, column = divmod(cell, 3)
            labels[row * 20 + 3 : row * 20 + 14, column * 20 + 3 : column * 20 + 14 + number % 3] = cell + 1
        depth = distance_transform_edt(labels > 0)
        pixels = 20 + number + 200 * depth / depth.max()
        tifffile.imwrite(folder / f"p{number}.tif", pixels.astype(np.uint8))
        mask = (labels > 0).astype(np.uint8) * 255 if number == 0 else labels
        tifffile.imwrite(folder / f"p{number}_masks.tif", mask)
    tifffile.imwrite(folder / "alone.tif", np.zeros((64, 64), np.uint8))
    return folder


@pytest.fixture
def window(own_folders, qapp, tmp_path):
    session = Session()
    window = MainWindow(session)
    window.resize(1280, 800)
    window.show()
    session.create_project(tmp_path / "study")
    yield window
    # Closing asks about trainings that go on.
    until(lambda: not session.queue.running(), "the window to hear that trainings have ended")
    window.close()
    session.shut_down()
    window.deleteLater()
    session.deleteLater()
    wait_for_all()


def open_wizard(window: MainWindow) -> TrainingWindow:
    window.actions_by_key["train_model"].trigger()
    return window.findChildren(TrainingWindow)[-1]


def session_of(window: MainWindow) -> Session:
    return window.panels.viewer._session  # tests look where people cannot


def take_numbers(wizard: TrainingWindow, numbers: dict[str, str]) -> None:
    wizard.settings.numbers.click()
    dialog = wizard.settings.findChild(ParametersDialog)
    for name, text in numbers.items():
        if name in dialog.fields:
            dialog.fields[name].set_text(text)
    dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    until(lambda: wizard.settings.findChild(ParametersDialog) is None, "the dialog to go")


def quick(wizard: TrainingWindow, base: Path) -> None:
    """Choose a training that is over soon."""
    wizard.settings.base.set_model(str(base))
    wizard.settings.base.changed.emit()
    wizard.settings.device.setCurrentIndex(wizard.settings.device.findData("cpu"))
    take_numbers(
        wizard,
        {
            "training.epochs": "2",
            "training.steps_per_epoch": "8",
            "training.batch_size": "2",
            "training.learning_rate": "0.02",
            "training.warmup_epochs": "0",
            "crop_size": "64",
            "synthetic_share": "0",
        },
    )
    wizard.settings.channel.setEditText("0")
    wizard.settings.channel.lineEdit().editingFinished.emit()
    assert wizard.plan.channel == "0"
    wizard.settings.name.setText("our cells")
    wizard.settings.name.textEdited.emit("our cells")


@pytest.mark.timeout(4 * PATIENCE_SECONDS)
def test_adapting_to_images_without_labels_pauses_goes_on_stops_and_says_what_is_next(
    window, data, tiny_model
):
    wizard = open_wizard(window)
    wizard.goal.buttons["adapt"].click()
    assert not wizard.forward.isEnabled()
    assert "images without labels" in wizard.problem.text()
    wizard.goal.choose_folders((data,))
    wizard.goal.adapt_preset.setCurrentIndex(wizard.goal.adapt_preset.findData("own"))
    wizard.goal.adapt_preset.activated.emit(wizard.goal.adapt_preset.currentIndex())
    assert not wizard.goal.minutes.isEnabled()
    wizard.forward.click()
    assert wizard.pages.currentIndex() == SETTINGS
    assert wizard.steps.text().count("›") == 3
    wizard.settings.base.set_model(str(tiny_model))
    wizard.settings.base.changed.emit()
    wizard.settings.device.setCurrentIndex(wizard.settings.device.findData("cpu"))
    wizard.settings.name.setText("our microscope")
    wizard.settings.name.textEdited.emit("our microscope")
    take_numbers(wizard, SMALL_ADAPTATION)
    wizard.forward.click()
    training = wizard._training
    until(lambda: training.progress.step > 0, "a step")
    wizard.run_page.pause.click()
    assert training.state() == "paused"
    until(lambda: not training.look(), "the step that was begun")
    step = training.progress.step
    wizard.run_page.resume.click()
    assert training.state() == "running"
    until(lambda: training.progress.step > step, "more steps")
    wizard.run_page.stop.click()
    until(lambda: training.state() == "stopped", "the end of the adaptation")
    wizard.look()
    assert training.progress.step < 1000
    wizard.forward.click()
    assert wizard.pages.currentIndex() == VERDICT
    assert wizard._training.name == "our microscope"
    assert "cannot segment yet" in wizard.verdict.sentence.text()
    assert wizard.verdict.table.rowCount() == 0
    wizard.verdict.save.click()
    until(lambda: "among your models" in wizard.verdict.told.text(), "saving")
    assert wizard.back.isEnabled()
    wizard.accept()


@pytest.mark.timeout(4 * PATIENCE_SECONDS)
def test_from_labelled_images_to_a_model_in_the_segment_dock(window, data, half_blind_model, monkeypatch):
    session = session_of(window)
    wizard = open_wizard(window)
    assert wizard.pages.currentIndex() == GOAL
    assert wizard.goal.buttons["teach"].isChecked()
    wizard.forward.click()
    assert wizard.pages.currentIndex() == PICTURES
    assert not wizard.forward.isEnabled()
    assert "Choose at least one folder" in wizard.pictures.state.text()
    wizard.choose_folders((data,))
    until(lambda: wizard.plan.examined and not wizard.doctor.is_running(), "the doctor")
    assert "9 images with 81 cells can be used" in wizard.pictures.state.text()
    found = [wizard.pictures.findings.item(row).text() for row in range(wizard.pictures.findings.count())]
    assert any("alone.tif" in text for text in found)
    states = {
        wizard.pictures.table.item(row, 0).text(): wizard.pictures.table.item(row, 3).text()
        for row in range(wizard.pictures.table.rowCount())
    }
    assert states["p0.tif"] == "⚠ Black and white"
    assert wizard.pictures.picture.has_picture()

    wizard.forward.click()
    assert wizard.pages.currentIndex() == SPLIT
    assert "kept for judging" in wizard.split.sentence.text()
    held_out = set(wizard.plan.held_out)
    assert len(held_out) == 3
    wizard.forward.click()
    assert wizard.pages.currentIndex() == SETTINGS
    quick(wizard, half_blind_model)
    until(lambda: wizard.plan.examined and not wizard.doctor.is_running(), "the doctor once more")
    assert wizard.forward.text() == "Begin"
    assert set(wizard.plan.held_out) == held_out
    wizard.forward.click()
    assert wizard.pages.currentIndex() == RUN
    folder = wizard._training.folder  # tests look where people cannot
    until(lambda: wizard._training.progress.step > 0 or wizard.pages.currentIndex() == VERDICT, "a step")

    # The window may be closed meanwhile: the training is found again.
    wizard.accept()
    wizard = open_wizard(window)
    wizard.trainings.setCurrentIndex(1)
    wizard.trainings.activated.emit(1)
    assert wizard._training.folder == folder
    until(lambda: wizard.pages.currentIndex() == VERDICT, "the end of the training")
    assert wizard._training.state() == "finished"
    assert wizard.trainings.currentText() == "1: our cells, finished"
    progress = wizard._training.progress
    assert (progress.step, len(progress.losses), len(progress.validation)) == (16, 16, 3)
    assert progress.samples
    assert any(word in wizard.verdict.sentence.text() for word in ("Better", "Not better", "Cannot tell"))
    assert "On 3 held-out images" in wizard.verdict.sentence.text()
    assert wizard.verdict.table.rowCount() == 3
    assert all(picture.has_picture() for picture in wizard.verdict.pictures.values())

    heard = []
    session.models_changed.connect(lambda: heard.append(1))
    wizard.verdict.notes.setText("20x, Anna")
    wizard.verdict.save.click()
    until(lambda: heard or "among your models already" in wizard.verdict.told.text(), "the saved model")
    model = Path(os.environ["DINOCELL_APP_MODELS"]) / "our-cells"
    assert "20x, Anna" in (model / "card.md").read_text("utf-8")
    assert (model / "verdict.json").is_file()
    choice = window.panels.segment.form.model.list
    until(lambda: choice.findData("our-cells") >= 0, "the model in the Segment dock")
    wizard.verdict.use.click()
    assert window.panels.segment.form.model.model() == "our-cells"

    monkeypatch.setattr(QMessageBox, "exec", lambda *_: QMessageBox.StandardButton.Yes)
    wizard.verdict.discard.click()
    assert not folder.exists()
    assert (model / "manifest.json").is_file()
    assert wizard.trainings.count() == 1
    wizard.accept()


@pytest.mark.timeout(2 * PATIENCE_SECONDS)
def test_stopping_keeps_the_best_and_goes_on_later(window, data, half_blind_model):
    wizard = open_wizard(window)
    wizard.choose_folders((data,))
    until(lambda: wizard.plan.examined and not wizard.doctor.is_running(), "the doctor")
    quick(wizard, half_blind_model)
    until(lambda: wizard.plan.examined and not wizard.doctor.is_running(), "the doctor again")
    take_numbers(wizard, {"training.epochs": "500"})
    wizard.show_page(SETTINGS)
    wizard.forward.click()
    training = wizard._training
    until(lambda: training.progress.epochs >= 1, "an epoch")
    wizard.run_page.stop.click()
    until(lambda: training.state() == "stopped", "the stop")
    wizard.look()
    assert (training.folder / MODEL_NAME / "manifest.json").is_file()
    assert wizard.forward.isEnabled()
    assert wizard.run_page.resume.isEnabled()
    step = training.progress.step
    wizard.run_page.resume.click()
    until(lambda: training.progress.step > step, "more steps")
    wizard.run_page.stop.click()
    until(lambda: training.state() == "stopped", "the second stop")
    wizard.accept()
