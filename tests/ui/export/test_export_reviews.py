"""Judgements and audits leave the project with the tables and the methods paragraph."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dinocell_app.export.methods_text import methods_paragraph
from dinocell_app.export.provenance import Provenance
from dinocell_app.project.audits import AuditItem, AuditRecord
from dinocell_app.project.project import Project
from dinocell_app.reexport.export_choice import ExportChoice
from dinocell_app.reexport.export_items import export_items
from dinocell_app.reexport.export_plan import plan_export
from dinocell_app.reexport.export_writing import write_export
from dinocell_app.review.recall import Ground
from tests.ui.review.review_pictures import fill


@pytest.fixture
def project(tmp_path: Path):
    with Project.create(tmp_path / "study.dinocell") as made:
        fill(made, tmp_path / "pictures")
        yield made


def _export(project: Project, choice: ExportChoice) -> list[str]:
    plan = plan_export(export_items(project, "cells", None), choice)
    outcomes = list(write_export(plan))
    assert not [outcome for outcome in outcomes if outcome.outcome == "failed"]
    return [file.path.name for file in plan.files]


def _column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [row[name] for row in csv.DictReader(lines)]


def test_tables_say_what_was_judged_also_with_chosen_columns_and_together(
    project: Project, tmp_path: Path
) -> None:
    first = project.results.of_image(1)[0].id
    project.judgements.set({(first, 2): "delete", (first, 3): "keep"})
    choice = ExportChoice("cells", formats=("csv", "parquet"), run_tables=(), folder=str(tmp_path / "out"))
    _export(project, choice)
    (table,) = (tmp_path / "out").rglob("a_cells.csv")
    said = dict(zip(_column(table, "label"), _column(table, "review"), strict=True))
    assert {label: word for label, word in said.items() if word} == {"2": "delete", "3": "keep"}
    assert len(_column(table, "area_px2")) == 42
    (other,) = (tmp_path / "out").rglob("b_cells.csv")
    assert "review" not in other.read_text(encoding="utf-8").splitlines()[0]
    together = _column(tmp_path / "out" / "cells.csv", "review")
    assert (len(together), together.count("delete"), together.count("")) == (84, 1, 82)
    (parquet,) = (tmp_path / "out").rglob("a_cells.parquet")
    assert pq.read_table(parquet).column("review").to_pylist().count("delete") == 1

    _export(project, replace(choice, columns=("area_px2",), folder=str(tmp_path / "few")))
    (few,) = (tmp_path / "few").rglob("a_cells.csv")
    header = few.read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",") == ["image", "label", "review", "area_px2"]


def test_an_audit_is_exported_and_stands_in_the_methods_paragraph(project: Project, tmp_path: Path) -> None:
    choice = ExportChoice("cells", formats=(), run_tables=("methods", "audit"), folder=str(tmp_path / "out"))
    assert _export(project, choice) == ["methods.txt"]
    result = project.results.of_image(1)[0].id
    items = (AuditItem(0, "cell", result, 1, 2, 3), AuditItem(1, "cell", result, 2, 2, 3))
    audit = project.audits.start(AuditRecord(0, "cells", "Ada", 9, Ground(84, 1e4, 1e5), "", items))
    project.audits.judge(audit.id, 0, "right")
    project.audits.judge(audit.id, 1, "split")
    assert _export(project, choice) == ["methods.txt", "audit.json"]
    kept = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))["audits"][0]
    assert (kept["precision"]["value"], kept["recall"]["value"], kept["seed"]) == (0.5, None, 9)
    sentence = export_items(project, "cells", None).audits[0].methods_sentence()
    record = Provenance("model", "ab" * 32, {}, "a.tif", "", "cpu", "float32")
    assert methods_paragraph([record], [sentence]).endswith(
        "1 of 2 random cells of 84 were right (1 split): precision 0.50 (Wilson 95 % interval 0.09 to 0.91) "
        "(random seed 9)."
    )
