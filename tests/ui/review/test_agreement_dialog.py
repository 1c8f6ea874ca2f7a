"""Two results of a project compared: states to choose from, scores, a table, through the real command."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile

from dinocell_app.editing.cell_changes import delete
from dinocell_app.editing.edit_history import MODEL
from dinocell_app.project.adding import found_image
from dinocell_app.project.edits import open_history
from dinocell_app.project.label_states import LabelState, compared_results, label_states
from dinocell_app.project.records import NewResult
from dinocell_app.ui.review.agreement_dialog import NONE_IN_COMMON, NOTHING, AgreementDialog
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all


def _labels(n_cells: int) -> np.ndarray:
    labels = np.zeros((40, 80), np.uint16)
    for number in range(n_cells):
        labels[5:15, 3 + 15 * number : 13 + 15 * number] = number + 1
    return labels


@pytest.fixture
def session(own_folders, tmp_path):
    folder = tmp_path / "plate"
    folder.mkdir()
    session = Session()
    session.create_project(tmp_path / "study")
    project = session.project
    for name in "abc":
        tifffile.imwrite(folder / f"{name}.tif", np.zeros((40, 80), np.uint16))
    images = project.images.add([found_image(folder / f"{name}.tif", folder) for name in "abc"])
    for set_name, counts in (("Anna", (2, 3, 4)), ("Ben", (2, 3, 5))):
        for image, count in zip(images, counts, strict=True):
            file = project.results_folder / set_name / f"{image.id}_labels.tif"
            file.parent.mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(file, _labels(count))
            place = file.relative_to(project.folder).as_posix()
            project.results.record(NewResult(image.id, set_name, n_cells=count, files=(place,)))
    yield session
    session.shut_down()
    session.deleteLater()
    wait_for_all()


def test_results_of_two_people_are_compared(session, qtbot, tmp_path):
    dialog = AgreementDialog(session)
    qtbot.addWidget(dialog)
    assert [dialog.first.itemText(row) for row in range(2)] == ["Anna", "Ben"]
    assert (dialog.first.currentText(), dialog.second.currentText()) == ("Anna", "Ben")
    dialog.compare.click()
    qtbot.waitUntil(lambda: dialog.save.isEnabled(), timeout=60_000)
    rows = [dialog.table.topLevelItem(row) for row in range(3)]
    assert [row.text(0) for row in rows] == ["a", "b", "c"]
    assert [row.text(1) for row in rows] == ["2", "3", "4"]
    assert [row.text(2) for row in rows] == ["2", "3", "5"]
    assert [row.text(3) for row in rows] == ["1.000", "1.000", "0.800"]
    # By hand, with quadratic weights: 1 image of 3 differs by 1; over the 9 pairs the squares add up to 21.
    assert "AP 0.93" in dialog.sentence.text()
    assert f"kappa {1 - (1 / 3) / (21 / 9):.2f}" in dialog.sentence.text()
    dialog.table.itemActivated.emit(rows[1], 0)
    assert session.current_image.name == "b.tif"
    dialog.write(tmp_path / "out.csv")
    written = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["image"] for row in written] == ["a", "b", "c", "mean"]
    assert float(written[2]["ap_0.5"]) == pytest.approx(0.8)
    dialog.reject()


def test_versions_and_what_the_model_made_can_be_chosen(session, qtbot):
    project = session.project
    result = project.results.of_image(1)[0]
    assert result.name == "Ben"
    history = open_history(project.edits.folder_of(result), project.results.labels_path(result), "Ben")
    history.apply("delete", delete(history.canvas, [1]))
    history.name_version("after lunch")
    history.apply("delete", delete(history.canvas, [2]))
    history.close()
    titles = [state.title for state in label_states(project)]
    assert titles == ["Anna", "Ben", "Ben, as the model made them", "Ben, version “after lunch”"]
    version, model = LabelState("Ben", "after lunch"), LabelState("Ben", MODEL.name)
    (compared,) = compared_results(project, version, LabelState("Anna"))
    assert set(np.unique(compared.first()).tolist()) == {0, 2}
    assert set(np.unique(compared.second()).tolist()) == {0, 1, 2}
    assert len(compared_results(project, model, LabelState("Ben"))) == 3
    assert compared_results(project, LabelState("Ben", "none"), model) == ()


def test_nothing_to_compare_is_said(session, qtbot):
    project = session.project
    dialog = AgreementDialog(session)
    qtbot.addWidget(dialog)
    for result in project.results.in_set("Anna"):
        project.results.labels_path(result).unlink()
    dialog.compare.click()
    assert dialog.sentence.text() == NONE_IN_COMMON
    dialog.reject()
    alone = Session()
    empty = AgreementDialog(alone)
    qtbot.addWidget(empty)
    assert empty.sentence.text() == NOTHING
    assert not empty.compare.isEnabled()
    alone.shut_down()
