"""The Export dialog and its plan, driven through widgets; work is done at once."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.reexport.export_choice import ExportChoice
from dinocell_app.reexport.export_items import export_items, table_columns_of
from dinocell_app.reexport.export_plan import plan_export
from dinocell_app.reexport.export_writing import write_export
from dinocell_app.reexport.remembered_choice import remembered_choice
from dinocell_app.ui.export.export_dialog import ExportDialog
from dinocell_app.ui.export.planned_file_model import PlannedFileModel
from dinocell_app.ui.workers import run_synchronously
from tests.ui.export.export_stand_ins import Result, Session, project_with_results


@pytest.fixture
def project(tmp_path):
    return project_with_results(tmp_path)


@pytest.fixture
def dialog(project, qtbot):
    session = Session(project)
    with run_synchronously():
        shown = ExportDialog(session)
        qtbot.addWidget(shown)
        yield shown
        shown.reject()


def names(plan):
    return [file.path.name for file in plan.files]


def test_the_plan_names_every_file_before_anything_is_written(dialog, project, qtmodeltester):
    target = project.folder.parent / "study export"
    assert not target.exists()
    shown = [dialog.model.index(row, 0).data() for row in range(dialog.model.rowCount())]
    assert "pictures/day 1/a_labels.tif" in shown
    assert {"cells.csv", "images.csv", "columns.csv", "methods.txt"} <= set(shown)
    assert {dialog.model.index(row, 1).data() for row in range(dialog.model.rowCount())} == {"New"}
    qtmodeltester.check(dialog.model)


def test_exporting_writes_the_files_and_remembers_the_choices(dialog, project):
    dialog.form.what.set_ticked("overlay", ticked=False)
    dialog.form.what.set_ticked("geojson", ticked=True)
    dialog.plan_now()
    dialog.export_now()
    target = project.folder.parent / "study export"
    assert (target / "pictures" / "day 1" / "a.geojson").is_file()
    assert not list(target.rglob("*_overlay.png"))
    assert "written" in dialog.summary.text()
    choice = remembered_choice(project.folder)
    assert "geojson" in choice.formats
    assert "overlay" not in choice.formats
    assert choice.folder == str(target)


def test_existing_files_are_kept_unless_replacing_was_asked_for(dialog, project):
    target = project.folder.parent / "study export"
    target.mkdir()
    (target / "cells.csv").write_text("mine", encoding="utf-8")
    dialog.plan_now()
    fates = {
        dialog.model.index(r, 0).data(): dialog.model.index(r, 1).data()
        for r in range(dialog.model.rowCount())
    }
    assert fates["cells.csv"] == "Exists: is kept"
    dialog.export_now()
    assert (target / "cells.csv").read_text(encoding="utf-8") == "mine"
    dialog.form.replace.setChecked(True)
    dialog.plan_now()
    assert "will be replaced" in dialog.summary.text()
    dialog.export_now()
    assert (target / "cells.csv").read_text(encoding="utf-8").startswith("image,label")


def test_a_file_that_appears_after_the_plan_is_kept(project, tmp_path):
    items = export_items(project, "first", None)
    plan = plan_export(items, ExportChoice(formats=("labels",), run_tables=(), folder=str(tmp_path / "o")))
    path = plan.files[0].path
    path.parent.mkdir(parents=True)
    path.write_text("mine", encoding="utf-8")
    assert [done.outcome for done in write_export(plan)] == ["kept", "written"]
    assert path.read_text(encoding="utf-8") == "mine"


def test_chosen_columns_come_in_every_table(project, tmp_path):
    items = export_items(project, "first", None)
    assert table_columns_of(items.finished) == ("area_px2", "round")
    choice = ExportChoice(
        formats=("csv", "parquet"), run_tables=(), columns=("round",), folder=str(tmp_path / "out")
    )
    assert {done.outcome for done in write_export(plan_export(items, choice))} == {"written"}
    with (tmp_path / "out" / "cells.csv").open(encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    assert rows[0] == ["image", "label", "round"]
    assert [row[2] for row in rows[1:]] == ["0.1", "0.1"]


def test_only_selected_images_are_exported(project, tmp_path):
    items = export_items(project, "first", [2])
    plan = plan_export(items, ExportChoice(formats=("labels",), run_tables=(), folder=str(tmp_path / "o")))
    assert names(plan) == ["b_labels.tif"]


def test_one_file_that_cannot_be_written_does_not_end_the_rest(project, tmp_path):
    items = export_items(project, "first", None)
    items.finished[0].file("labels").unlink()
    choice = ExportChoice(formats=("roi",), run_tables=(), folder=str(tmp_path / "out"))
    outcomes = list(write_export(plan_export(items, choice)))
    assert [done.outcome for done in outcomes] == ["failed", "written"]
    assert "b_labels.tif" in outcomes[0].reason


def test_closing_the_generator_ends_the_export_between_two_files(project, tmp_path):
    items = export_items(project, "first", None)
    plan = plan_export(
        items, ExportChoice(formats=("labels", "csv"), run_tables=(), folder=str(tmp_path / "o"))
    )
    writing = write_export(plan)
    next(writing)
    writing.close()
    assert [file.path.exists() for file in plan.files].count(True) == 1


def test_the_projects_own_results_are_no_place_for_an_export(project):
    items = export_items(project, "first", None)
    with pytest.raises(InvalidParameterError, match="where the results are"):
        plan_export(items, ExportChoice(folder=str(project.results_folder / "first")))
    with pytest.raises(InvalidParameterError, match="No folder"):
        plan_export(items, ExportChoice(folder=" "))


def test_failed_images_stand_in_the_table_of_images(project, tmp_path):
    project.results.stored[1] = Result(2, "first", (), status="failed", reason="Is damaged.")
    items = export_items(project, "first", None)
    choice = ExportChoice(formats=(), run_tables=("images",), folder=str(tmp_path / "out"))
    assert [done.outcome for done in write_export(plan_export(items, choice))] == ["written"]
    assert "pictures/b.tif,failed" in (tmp_path / "out" / "images.csv").read_text(encoding="utf-8")


def test_without_results_nothing_can_be_exported(project, qtbot):
    project.results.stored.clear()
    session = Session(project)
    with run_synchronously():
        shown = ExportDialog(session)
    qtbot.addWidget(shown)
    assert not shown.export_button.isEnabled()
    assert "run a segmentation first" in shown.summary.text()


def test_choices_are_read_back_and_replacing_is_never_remembered():
    choice = ExportChoice(
        "first", "selected", ("labels", "roi"), ("methods",), False, ("a",), "/o", "replace"
    )
    assert ExportChoice.from_json(choice.to_json()) == replace(choice, existing="keep")
    assert ExportChoice.from_json("[]") == ExportChoice()
    assert ExportChoice.from_json("{") == ExportChoice()
    assert ExportChoice.from_json('{"which": "none", "formats": 3}') == ExportChoice()


def test_an_empty_model_behaves(qtmodeltester):
    qtmodeltester.check(PlannedFileModel())
