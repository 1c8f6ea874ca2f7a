"""Regions of a project leave it with the tables, also where they were drawn after the run."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from dinocell_app.export.label_files import read_labels
from dinocell_app.export.names import SUFFIXES
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.export.provenance import write_sidecar
from dinocell_app.project.project import Project
from dinocell_app.reexport.export_choice import ExportChoice
from dinocell_app.reexport.export_items import export_items, table_columns_of
from dinocell_app.reexport.export_plan import plan_export
from dinocell_app.reexport.export_writing import write_export
from dinocell_app.reexport.region_column import add_regions
from dinocell_app.regions.region import Region
from tests.ui.review.review_pictures import SHAPE, fill

LEFT_HALF = Region("Left half", ((0, 0), (160, 0), (160, 240), (0, 240)))
TOP = Region("Top, row 1", ((0, 0), (320, 0), (320, 40), (0, 40)))
FAR_LEFT = Region("Far left", ((0, 0), (40, 0), (40, 240), (0, 240)), kind="exclude")


@pytest.fixture
def project(tmp_path: Path):
    with Project.create(tmp_path / "study.dinocell") as made:
        fill(made, tmp_path / "pictures")
        for name in "ab":
            record = PlaneRecord(
                "model",
                "ab" * 32,
                {},
                f"{name}.tif",
                "",
                "cpu",
                "float32",
                pixel_size_um=0.5,
                name=f"pictures/{name}",
                outputs={"csv": f"{name}_cells.csv"},
            )
            write_sidecar(made.results_folder / "cells" / f"{name}{SUFFIXES['sidecar']}", record)
        yield made


def _export(project: Project, choice: ExportChoice) -> list[str]:
    plan = plan_export(export_items(project, "cells", None), choice)
    outcomes = list(write_export(plan))
    assert not [outcome for outcome in outcomes if outcome.outcome == "failed"]
    return [plan.files[o.number].path.name for o in outcomes if o.outcome == "written"]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_cells_are_counted_by_the_regions_of_now(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out"
    choice = ExportChoice("cells", formats=("csv", "parquet"), run_tables=("regions",), folder=str(out))
    assert "regions.csv" not in _export(project, choice)
    project.regions.put(1, (LEFT_HALF, TOP, FAR_LEFT))
    out = tmp_path / "again"
    choice = ExportChoice(
        "cells", formats=("csv", "parquet"), run_tables=("regions", "columns"), folder=str(out)
    )
    assert {"regions.csv", "columns.csv"} <= set(_export(project, choice))

    labels = read_labels(project.results.labels_path(project.results.of_image(1)[0]))
    found = {number: np.argwhere(labels == number).mean(0) for number in np.unique(labels[labels > 0])}
    kept = {number: at for number, at in found.items() if at[1] + 0.5 > 40}
    left = [number for number, at in kept.items() if at[1] + 0.5 < 160]
    half, top = _rows(out / "regions.csv")
    assert (half["image"], half["region"], int(half["n_cells"])) == ("pictures/a", "Left half", len(left))
    assert int(half["region_area_px2"]) == 120 * SHAPE[0]
    assert float(half["density_per_mm2"]) == pytest.approx(len(left) / (120 * SHAPE[0] * 0.25) * 1e6)
    assert int(top["n_cells"]) == sum(at[0] + 0.5 < 40 for at in kept.values())

    (table,) = out.rglob("a_cells.csv")
    named = {int(row["label"]): row["region"] for row in _rows(table)}
    expected = {
        number: "; ".join(
            name
            for name, inside in (("Left half", at[1] + 0.5 < 160), ("Top, row 1", at[0] + 0.5 < 40))
            if inside
        )
        for number, at in found.items()
    }
    assert named == expected
    (parquet,) = out.rglob("a_cells.parquet")
    assert dict(
        zip(*(pq.read_table(parquet).column(name).to_pylist() for name in ("label", "region")), strict=True)
    ) == (expected)
    (other,) = out.rglob("b_cells.csv")
    assert "region" not in _rows(other)[0]
    assert [row["region"] for row in _rows(out / "cells.csv")].count("") > 42
    assert "density_per_mm2" in {row["name"] for row in _rows(out / "columns.csv")}
    assert "region" in table_columns_of(export_items(project, "cells", None).finished)


def test_a_table_that_says_so_already_stays_byte_for_byte(project: Project, tmp_path: Path) -> None:
    source = project.results.table_path(project.results.of_image(1)[0])
    assert source is not None
    once = tmp_path / "once.csv"
    once.write_bytes(source.read_bytes())
    add_regions(once, "csv", (LEFT_HALF,))
    first = once.read_bytes()
    add_regions(once, "csv", (LEFT_HALF,))
    assert once.read_bytes() == first
    add_regions(once, "csv", (TOP,))
    assert {row["region"] for row in _rows(once)} == {"", "Top, row 1"}
