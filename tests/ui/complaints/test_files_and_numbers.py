"""What people say of files and tables elsewhere: black masks, lost calibration, shrunken regions, Excel."""

from __future__ import annotations

import csv
import errno
import filecmp
import json
import os
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from skimage.draw import polygon2mask

from dinocell_app.cli import main
from dinocell_app.project.records import PixelSizeScope
from dinocell_app.ui.export.export_dialog import ExportDialog
from dinocell_app.ui.models.models_page import ModelsPage
from dinocell_app.ui.segment import run_starter
from dinocell_app.ui.segment.run_bar import ALL
from tests.ui.complaints.conftest import PIXEL_SIZE_UM, session_of


@pytest.fixture
def exported(morning, qtbot, tmp_path):
    """What the Export dialog writes when everything is ticked."""
    dialog = ExportDialog(session_of(morning), morning)
    qtbot.addWidget(dialog)
    dialog.form.folder.setText(str(tmp_path / "for the paper"))
    dialog.form.what.all.click()
    dialog.plan_now()
    dialog.export_button.click()
    qtbot.waitUntil(dialog.close_button.isEnabled)
    yield tmp_path / "for the paper"
    dialog.reject()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.rglob(pattern)
    return found


def test_masks_that_look_black_are_explained_where_they_are_chosen(morning, qtbot):
    dialog = ExportDialog(session_of(morning), morning)
    qtbot.addWidget(dialog)
    items = [dialog.form.what.list.item(row) for row in range(dialog.form.what.list.count())]
    notes = {item.data(Qt.ItemDataRole.UserRole): item.toolTip() for item in items}
    assert "that is normal" in notes["labels"]
    dialog.reject()


def test_masks_and_regions_keep_the_calibration(exported):
    with tifffile.TiffFile(one(exported, "a_labels.tif")) as file:
        across = file.pages[0].tags["XResolution"].value
        assert file.imagej_metadata["unit"] in ("um", "micron", "µm", "\\u00B5m")
    assert across[1] / across[0] == pytest.approx(PIXEL_SIZE_UM)


def test_masks_have_the_size_of_the_image(exported):
    assert tifffile.imread(one(exported, "a_labels.tif")).shape == (96, 120)
    assert tifffile.imread(one(exported, "empty_labels.tif")).shape == (64, 64)


def test_regions_are_as_large_as_the_masks_and_none_is_missing(exported):
    labels = tifffile.imread(one(exported, "a_labels.tif"))
    rois = roifile.roiread(one(exported, "a_rois.zip"))
    drawn = np.zeros(labels.shape, bool)
    for roi in rois:
        # Pixel centres lie half a pixel from the edges that the polygon follows.
        drawn |= polygon2mask(labels.shape, roi.coordinates()[:, ::-1] - 0.5)
    assert len(rois) == len(np.unique(labels)) - 1
    assert np.array_equal(drawn, labels > 0)


def test_an_image_without_cells_has_its_files_without_rows(exported):
    assert rows_of(one(exported, "empty_cells.csv")) == []
    assert json.loads(one(exported, "empty.geojson").read_text("utf-8"))["features"] == []
    images = {row["image"].rpartition("/")[2]: row for row in rows_of(exported / "images.csv")}
    assert images["empty.tif"]["n_cells"] == "0"


def test_detections_open_in_qupath(exported):
    content = json.loads(one(exported, "a.geojson").read_text("utf-8"))
    assert content["type"] == "FeatureCollection"
    assert {feature["properties"]["objectType"] for feature in content["features"]} == {"detection"}


def test_every_image_is_accounted_for(exported):
    listed = {row["image"].rpartition("/")[2]: row["status"] for row in rows_of(exported / "images.csv")}
    assert set(listed) == {"a.tif", "b.tif", "empty.tif", "torn.tif"}
    assert listed["torn.tif"] != listed["a.tif"]


def test_tables_suit_spreadsheets_of_any_country(exported):
    content = (exported / "cells.csv").read_bytes()
    header = content.split(b"\n", 1)[0]
    assert header.isascii()
    assert b"area_um2" in header
    rows = rows_of(exported / "cells.csv")
    assert float(rows[0]["area_um2"]) == pytest.approx(float(rows[0]["area_px2"]) * PIXEL_SIZE_UM**2)
    assert ";" not in header.decode()


def test_cells_cut_by_the_border_are_marked_and_left_out_of_means_only(exported):
    cells = [row for row in rows_of(exported / "cells.csv") if row["image"].endswith("a.tif")]
    cut = [row for row in cells if row["touches_border"].lower() in ("true", "1")]
    assert 0 < len(cut) < len(cells)
    images = {row["image"].rpartition("/")[2]: row for row in rows_of(exported / "images.csv")}
    whole = [float(row["area_um2"]) for row in cells if row not in cut]
    assert float(images["a.tif"]["area_um2_mean"]) == pytest.approx(np.mean(whole), rel=1e-6)
    assert int(images["a.tif"]["n_cells"]) == len(cells)


def test_model_and_parameters_stay_with_the_masks(exported):
    record = json.loads(one(exported, "a_segmentation.json").read_text("utf-8"))
    assert record["model_id"] == "tiny"
    assert record["model_sha256"]
    assert "Tiny" in (exported / "methods.txt").read_text("utf-8") or "tiny" in (
        exported / "methods.txt"
    ).read_text("utf-8")


def test_the_command_of_the_window_makes_the_same_files(morning, night, tmp_path):
    session_of(morning).set_selection([])  # all images
    morning.panels.segment.run_bar.copy.click()
    program, *words = shlex.split(QGuiApplication.clipboard().text())
    assert program == "dinocell-app"
    assert main(words) == 3  # one image is torn
    theirs = next(path for path in tmp_path.rglob("a_labels.tif") if not path.is_relative_to(night))
    mine = one(night, "a_labels.tif")
    assert np.array_equal(tifffile.imread(theirs), tifffile.imread(mine))
    assert filecmp.cmp(one(theirs.parent, "a_cells.csv"), one(night, "a_cells.csv"), shallow=False)


def test_results_of_other_settings_are_never_replaced_unasked(morning, monkeypatch):
    session, asked = session_of(morning), []
    monkeypatch.setattr(run_starter, "ask_keep_or_replace", lambda *words: asked.append(words) or "nothing")
    monkeypatch.setattr(session.queue, "enqueue", lambda *_: pytest.fail("nobody agreed"))
    morning.panels.segment.form.cell_probability.number.setValue(0.3)
    morning.panels.segment.run(ALL)
    assert len(asked) == 1


def test_a_disk_that_fills_up_leaves_whole_files_and_says_which_are_missing(
    morning, qtbot, tmp_path, monkeypatch
):
    flush, flushed = os.fsync, []

    def fill(handle: int) -> None:
        flushed.append(handle)
        if len(flushed) > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    dialog = ExportDialog(session_of(morning), morning)
    qtbot.addWidget(dialog)
    out = tmp_path / "stick"
    dialog.form.folder.setText(str(out))
    dialog.plan_now()
    monkeypatch.setattr(os, "fsync", fill)
    dialog.export_button.click()
    qtbot.waitUntil(dialog.close_button.isEnabled)
    monkeypatch.setattr(os, "fsync", flush)
    assert "failed" in dialog.summary.text()
    rows = range(dialog.model.rowCount())
    tips = [str(dialog.model.index(row, 1).data(Qt.ItemDataRole.ToolTipRole)) for row in rows]
    assert any("full" in tip for tip in tips)
    written = [path for path in out.rglob("*") if path.is_file()]
    assert 0 < len(written) <= 4
    assert not [path for path in written if ".partial" in path.name]
    dialog.plan_now()
    dialog.export_button.click()
    qtbot.waitUntil(dialog.close_button.isEnabled)
    assert len([path for path in out.rglob("*") if path.is_file()]) > 4
    dialog.reject()


def test_a_damaged_result_is_named_and_the_others_are_shown(morning):
    session = session_of(morning)
    results = session.project.results
    first, second = session.project.images.all()[:2]
    results.labels_path(results.of_image(second.id)[0]).write_bytes(b"II*\x00 torn")
    session.set_current_image(second.id)
    assert "b_labels.tif" in morning.problems.text.text()
    session.set_current_image(first.id)
    assert morning.panels.viewer.viewer.labels is not None


def test_a_cell_size_is_drawn_in_um_and_remembered(morning, night, open_window):
    panel = morning.panels.segment
    session_of(morning).project.images.set_pixel_size(PixelSizeScope.project(), PIXEL_SIZE_UM)
    morning.panels.viewer.viewer.diameter_drawn.emit(14.0)
    drawn = panel.form.settings().diameter
    assert str(drawn) == "7um"
    morning.close()
    again = open_window()
    again.projects.open_folder(night)
    assert again.panels.segment.form.settings().diameter == drawn


def test_a_model_of_another_version_is_named_with_its_reason(night, open_window, tiny_model):
    folder = Path(os.environ["DINOCELL_APP_MODELS"]) / "from later"
    shutil.copytree(tiny_model, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"schema_version": 99}), "utf-8")
    window = open_window()
    heard = []
    session_of(window).problem_reported.connect(heard.append)
    window.projects.open_folder(night)
    page = ModelsPage(session_of(window))
    said = [str(error) for error in heard] + [page.message.text()]
    page.close()
    page.deleteLater()
    shutil.rmtree(folder)
    assert any("from later" in sentence and "version" in sentence for sentence in said), said
