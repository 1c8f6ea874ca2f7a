"""Label images made elsewhere become results of a real project, measured and found again."""

from __future__ import annotations

import csv

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from dinocell_app.export.formats import FORMATS
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage
from dinocell_app.reexport.export_choice import ExportChoice
from dinocell_app.reexport.export_items import export_items
from dinocell_app.reexport.export_plan import plan_export
from dinocell_app.reexport.export_writing import write_export
from dinocell_app.ui.export.import_dialog import ImportLabelsDialog
from dinocell_app.ui.export.label_match_model import LabelMatchModel
from dinocell_app.ui.workers import run_synchronously
from tests.ui.export.export_stand_ins import Session


@pytest.fixture
def project(tmp_path):
    pictures = tmp_path / "pictures"
    (pictures / "day 1").mkdir(parents=True)
    picture = np.arange(30 * 40, dtype=np.uint16).reshape(30, 40)
    tifffile.imwrite(
        pictures / "day 1" / "cells.tif", picture, imagej=True, resolution=(2, 2), metadata={"unit": "um"}
    )
    tifffile.imwrite(pictures / "other.tif", picture)
    made = Project.create(tmp_path / "study")
    found = find_images([pictures], recursive=True, known=frozenset())
    made.images.add([one for one in found if isinstance(one, FoundImage)])
    yield made
    made.close()


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    labels = np.zeros((30, 40), np.uint16)
    labels[2:10, 3:13], labels[20:28, 20:30] = 1, 2
    tifffile.imwrite(folder / "cells_cp_masks.tif", labels)
    tifffile.imwrite(folder / "other_masks.tif", labels[:20])
    tifffile.imwrite(folder / "nobody_masks.tif", labels)
    return folder


@pytest.fixture
def imported(project, masks, qtbot):
    session = Session(project)
    dialog = ImportLabelsDialog(session)
    qtbot.addWidget(dialog)
    with run_synchronously():
        dialog.look_at([masks])
        dialog.import_now()
    yield dialog, session
    dialog.reject()


def states(dialog):
    rows = range(dialog.model.rowCount())
    return {dialog.model.index(row, 0).data(): dialog.model.index(row, 2).data() for row in rows}


def test_matching_files_become_measured_results(imported, project):
    dialog, _ = imported
    told = states(dialog)
    assert told["cells_cp_masks.tif"] == "✓ Imported, 2 cells"
    assert "No image" in told["nobody_masks.tif"]
    assert "20 x 40 pixels" in told["other_masks.tif"]
    assert "1 of 2 label images" in dialog.summary.text()
    image = next(image for image in project.images.all() if image.name == "cells.tif")
    result = project.results.of_image(image.id)[0]
    assert (result.name, result.n_cells) == ("imported", 2)
    with project.results.table_path(result).open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["area_px2"] for row in rows] == ["80", "80"]
    assert float(rows[0]["area_um2"]) == pytest.approx(20)
    labels = tifffile.imread(project.results.labels_path(result))
    assert labels.shape == (30, 40)


def test_files_of_other_programs_become_results(project, tmp_path, qtbot):
    folder = tmp_path / "theirs"
    (folder / "cellpose").mkdir(parents=True)
    (folder / "imagej").mkdir()
    labels = np.zeros((30, 40), np.uint16)
    labels[2:10, 3:13], labels[20:28, 20:30] = 1, 2
    picture = LabelledImage(labels, "cells.tif")
    FORMATS["cellpose"].write(folder / "cellpose" / "cells_seg.npy", picture)
    FORMATS["roi"].write(folder / "imagej" / "cells_rois.zip", picture)
    imageio.imwrite(folder / "other_mask.png", (labels > 0).astype(np.uint8) * 255)
    told = {}
    for source in (folder / "cellpose", folder / "imagej", folder / "other_mask.png"):
        dialog = ImportLabelsDialog(Session(project))
        qtbot.addWidget(dialog)
        with run_synchronously():
            dialog.look_at([source])
            dialog.import_now()
        told |= states(dialog)
        dialog.reject()
    assert told == {
        "cells_seg.npy": "✓ Imported, 2 cells",
        "cells_rois.zip": "✓ Imported, 2 cells",
        "other_mask.png": "✓ Imported, 2 cells: the parts of a black-and-white mask",
    }
    assert project.results.set_names() == ["imported", "imported 2", "imported 3"]
    for image in project.images.all():
        for result in project.results.of_image(image.id):
            found = tifffile.imread(project.results.labels_path(result))
            np.testing.assert_array_equal(found, labels)


def test_imported_results_can_be_exported(imported, project, tmp_path):
    items = export_items(project, "imported", None)
    choice = ExportChoice(formats=("labels", "overlay", "geojson"), folder=str(tmp_path / "out"))
    outcomes = [(done.outcome, done.reason) for done in write_export(plan_export(items, choice))]
    assert [outcome for outcome, _ in outcomes] == ["written"] * 5 + ["nothing"]


def test_a_name_that_is_taken_is_not_used_again(imported, project, qtbot):
    dialog = ImportLabelsDialog(Session(project))
    qtbot.addWidget(dialog)
    assert dialog.name.text() == "imported 2"
    dialog.name.setText("imported")
    with run_synchronously():
        dialog.import_now()
    assert "Choose another name" in dialog.summary.text()


def test_the_model_behaves(imported, qtmodeltester):
    qtmodeltester.check(imported[0].model)
    qtmodeltester.check(LabelMatchModel())
