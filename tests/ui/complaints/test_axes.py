"""Axes that files have wrong, such as a width taken for planes, are put right in the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main
from dinocell_app.jobs.events import ImageFailed
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.project.image_tree import Status
from dinocell_app.project.segment_jobs import segment_job
from dinocell_app.ui.images.axes_dialog import FOLDER, THIS, AxesDialog
from tests.ui.complaints.conftest import session_of, spots


def write_misread(path: Path) -> None:
    """Write colours last, which the file then calls pages of three columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.stack([spots(), np.full((96, 120), 9, np.uint8), spots() // 2], axis=-1)
    tifffile.imwrite(path, picture, photometric="minisblack")


@pytest.fixture
def window(open_window, tmp_path):
    for name in ("a.tif", "b.tif"):
        write_misread(tmp_path / "odd" / name)
    tifffile.imwrite(tmp_path / "odd" / "fine.tif", spots())
    window = open_window()
    session_of(window).create_project(tmp_path / "odd")
    window.panels.images.search.add([tmp_path / "odd"])
    return window


def images_of(window):
    return {image.name: image for image in session_of(window).project.images.all()}


def opened_dialog(window) -> AxesDialog:
    window.actions_by_key["set_axes"].trigger()
    return window.findChildren(AxesDialog)[-1]


def test_an_image_with_odd_axes_is_marked(window):
    model = window.panels.images.model
    images = images_of(window)
    assert model.row_at(model.index_of(images["a.tif"].id)).status is Status.MISREAD
    assert "Image ▸ Axes" in model.row_at(model.index_of(images["a.tif"].id)).hint
    assert model.row_at(model.index_of(images["fine.tif"].id)).status is Status.OPEN


def test_one_click_mends_the_folder_and_what_comes_into_it_later(window, tmp_path, tiny_model):
    session = session_of(window)
    session.set_current_image(images_of(window)["a.tif"].id)
    session.set_plane(0, 50)
    dialog = opened_dialog(window)
    assert dialog.suggest.text() == "Suggested: rows, columns, channels"
    dialog.suggest.click()
    assert "3 channels of 120 × 96 pixels" in dialog.outcome.text()
    assert dialog.pictures.count() == 3
    dialog.scope.setCurrentIndex(dialog.scope.findData(FOLDER))
    dialog.apply()

    images = images_of(window)
    for name in ("a.tif", "b.tif"):
        assert (images[name].n_slices, images[name].n_channels) == (1, 3)
        assert (images[name].height, images[name].width, images[name].axes) == (96, 120, "YXC")
    assert images["fine.tif"].axes == ""
    assert session.z == 0
    viewer = window.panels.viewer.viewer
    assert viewer.image.shape == (96, 120)
    assert not window.panels.viewer.sliders.isVisible()

    write_misread(tmp_path / "odd" / "later.tif")
    window.panels.images.search.add([tmp_path / "odd"])
    assert images_of(window)["later.tif"].axes == "YXC"

    ids = [image.id for image in images_of(window).values()]
    settings = SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px", channel="channel_0")
    job = segment_job(session.project, ids, settings, "cells")
    assert not [event for event in segment_images(job) if isinstance(event, ImageFailed)]
    masks = [tifffile.imread(path) for path in sorted(job.output.rglob("*_labels.tif"))]
    assert {mask.shape for mask in masks} == {(96, 120)}
    assert all(np.array_equal(mask > 0, masks[0] > 0) for mask in masks), "all show the same cells"


def test_axes_are_chosen_one_by_one_and_given_back(window):
    session = session_of(window)
    session.set_current_image(images_of(window)["a.tif"].id)
    dialog = opened_dialog(window)
    assert [box.currentText() for box in dialog.meanings] == ["Slices", "Rows", "Columns"]

    def choose(place: int, text: str) -> None:
        dialog.meanings[place].setCurrentIndex(dialog.meanings[place].findText(text))
        dialog.meanings[place].activated.emit(dialog.meanings[place].currentIndex())

    choose(0, "Rows")
    assert [box.currentText() for box in dialog.meanings] == ["Rows", "Slices", "Columns"]
    choose(1, "Columns")
    choose(2, "Times")
    assert "3 times" in dialog.outcome.text()
    choose(0, "Times")
    assert "once each" in dialog.outcome.text()
    choose(0, "Rows")
    dialog.scope.setCurrentIndex(dialog.scope.findData(THIS))
    dialog.apply()
    assert images_of(window)["a.tif"].axes == "YXT"
    assert images_of(window)["b.tif"].axes == ""
    again = opened_dialog(window)
    again.as_file.click()
    again.scope.setCurrentIndex(again.scope.findData(THIS))
    again.apply()
    assert images_of(window)["a.tif"].axes == ""
    assert images_of(window)["a.tif"].width == 3


def test_the_small_picture_in_the_list_is_made_anew(window):
    session, images = session_of(window), window.panels.images
    session.set_current_image(images_of(window)["a.tif"].id)

    def picture():
        row = images.model.row_at(images.model.index_of(images_of(window)["a.tif"].id))
        images._thumbnails.picture(row)
        return images._thumbnails.picture(row).toImage()

    before = picture()
    dialog = opened_dialog(window)
    dialog.suggest.click()
    dialog.apply()
    assert picture() != before
    assert picture() == picture()


def test_a_project_that_cannot_be_changed_says_so_in_the_dialog(window, monkeypatch):
    session = session_of(window)
    session.set_current_image(images_of(window)["a.tif"].id)
    dialog = opened_dialog(window)
    dialog.suggest.click()
    reason = "It is open elsewhere."
    monkeypatch.setattr(session.project.images._database, "read_only_reason", reason)
    dialog.apply()
    assert "It is open elsewhere" in dialog.outcome.text()
    assert dialog.isVisible()
    assert dialog.buttons.isEnabled()
    assert images_of(window)["a.tif"].axes == ""
    dialog.reject()


def test_a_format_that_cannot_be_misread_says_so(window, tmp_path):
    import imageio.v3 as imageio

    imageio.imwrite(tmp_path / "odd" / "shot.png", spots())
    window.panels.images.search.add([tmp_path / "odd" / "shot.png"])
    session_of(window).set_current_image(images_of(window)["shot.png"].id)
    dialog = opened_dialog(window)
    assert "nothing to change" in dialog.explanation.text()
    assert not dialog.buttons.button(dialog.buttons.StandardButton.Ok).isEnabled()
    dialog.reject()


def test_the_shell_takes_the_same_word_and_results_know_it(tmp_path, tiny_model):
    write_misread(tmp_path / "odd" / "a.tif")
    words = ["segment", str(tmp_path / "odd"), "-o", str(tmp_path / "out"), "--model", str(tiny_model)]
    words += ["--diameter", "14px", "--channel", "0", "--device", "cpu"]
    assert main([*words, "--axes", "YXC"]) == 0
    (labels,) = (tmp_path / "out").rglob("*_labels.tif")
    assert tifffile.imread(labels).shape == (96, 120)
    (record,) = (tmp_path / "out").rglob("*_segmentation.json")
    assert '"axes": "YXC"' in record.read_text("utf-8")
    assert main([*words, "--axes", "YX"]) == 3
