"""Cells compared with reference cells, from words to tables."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main
from dinocell_app.export.label_files import read_labels
from dinocell_app.jobs.job_files import read_job, write_job
from dinocell_app.model.manifest import read_manifest
from dinocell_app.references.library import write_library
from dinocell_app.references.likeness import LEAST_LIKENESS
from dinocell_app.references.types import N_LOOKS, KeptReferences, ReferenceExample, ReferenceType


def rows(path):
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def plain(segment, tmp_path):
    """Labels of a plain run."""
    assert segment("--recursive", out=tmp_path / "plain") == 0
    return tmp_path / "plain"


def test_scores_come_beside_the_confidence_and_cells_keep_their_ids(
    segment, plain, pictures, tmp_path, events
):
    spec = f"{pictures / 'a.tif'}@{plain / 'a_labels.tif'}:2"
    assert segment("--recursive", "--reference", spec) == 0
    out = tmp_path / "out"
    cells = rows(out / "cells.csv")
    assert list(cells[0])[:5] == ["image", "label", "confidence", "flow_error", "reference_score"]
    scores = {(cell["image"], int(cell["label"])): float(cell["reference_score"]) for cell in cells}
    assert len(scores) == 9
    assert all(0 <= score <= 1 for score in scores.values())
    assert scores["a.tif", 2] == max(scores["a.tif", label] for label in (1, 2, 3))
    assert np.array_equal(read_labels(out / "b_labels.tif"), read_labels(plain / "b_labels.tif"))
    assert "reference_score" in {row["name"] for row in rows(out / "columns.csv")}
    record = json.loads((out / "a_segmentation.json").read_text())
    assert record["parameters"]["references"][0].startswith("a.tif@a_labels.tif:2 (")

    least = sorted(scores["a.tif", label] for label in (1, 2, 3))[1:]
    kept = tmp_path / "kept"
    assert segment("--reference", spec, "--min-score", repr(least[0]), out=kept) == 0
    expected = {label for label in (1, 2, 3) if scores["a.tif", label] >= least[0]}
    labels, before = read_labels(kept / "a_labels.tif"), read_labels(plain / "a_labels.tif")
    assert set(np.unique(labels)) == {0} | expected
    assert np.array_equal(labels, np.where(np.isin(before, list(expected)), before, 0))
    assert {int(c["label"]) for c in rows(kept / "a_cells.csv")} == expected


def test_references_are_part_of_what_a_result_is(segment, plain, pictures, events):
    first, second = (f"{pictures / 'a.tif'}@{plain / 'a_labels.tif'}:{label}" for label in (1, 2))
    assert segment("--reference", first, second, "--json") == 0
    events()
    assert segment("--reference", second, first, "--json") == 0
    assert {e["event"] for e in events() if "n_cells" in e} == {"ImageSkipped"}
    assert segment("--reference", first, "--not", second, "--json") == 3
    failed = [e for e in events() if e["event"] == "ImageFailed"]
    assert failed
    assert all("results of something else exist" in e["reason"] and e["results_in_the_way"] for e in failed)


def test_a_negative_lowers_scores_and_points_name_the_same_cells(segment, plain, pictures, tmp_path):
    tables = {}
    labels = read_labels(plain / "a_labels.tif")
    row, column = (int(values.mean()) for values in np.nonzero(labels == 1))
    for name, words in {
        "label": ["--reference", f"{pictures / 'a.tif'}@{plain / 'a_labels.tif'}:1"],
        "point": ["--reference", f"{pictures / 'a.tif'}@{column},{row}"],
        "not": [
            *("--reference", f"{pictures / 'a.tif'}@{column},{row}"),
            *("--not", f"{pictures / 'a.tif'}@{plain / 'a_labels.tif'}:3"),
        ],
    }.items():
        assert segment(*words, out=tmp_path / name) == 0
        tables[name] = [float(cell["reference_score"]) for cell in rows(tmp_path / name / "cells.csv")]
    assert tables["point"] == pytest.approx(tables["label"], abs=1e-6)
    assert all(after <= before for after, before in zip(tables["not"], tables["point"], strict=True))
    assert tables["not"][2] <= 0.5  # it is the negative itself


def test_named_types_give_a_column(segment, plain, pictures, tmp_path):
    assert segment("--recursive", out=pictures) == 0  # labels beside the pictures
    specs = [f"{name}={pictures / 'a.tif'}:{label}" for name, label in (("left", 1), ("right", 2))]
    assert segment("--reference", *specs, inputs=(pictures / "a.tif",)) == 0
    cells = rows(tmp_path / "out" / "cells.csv")
    assert list(cells[0])[4:6] == ["reference_score", "cell_type"]
    types = [cell["cell_type"] for cell in cells]
    (image,) = rows(tmp_path / "out" / "images.csv")
    assert [int(image[f"n_type_{name}"]) for name in ("left", "right")] == [
        types.count(name) for name in ("left", "right")
    ]
    described = {row["name"] for row in rows(tmp_path / "out" / "columns.csv")}
    assert {"n_type_left", "n_type_right", "reference_likeness", "cell_type"} <= described
    assert set(types) <= {"left", "right", ""}
    for cell in cells:
        assert (cell["cell_type"] == "") == (float(cell["reference_score"]) < 0.5)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{a}@{labels}:99", "no cell 99"),
        ("{a}:1", "no label image"),
        ("{a}@0,0", "No cell was found"),
        ("gone.tif:1", "no such file"),
        ("{a}", "names no reference cell"),
    ],
)
def test_what_is_no_reference_is_said_before_the_work(segment, plain, pictures, tmp_path, capsys, spec, said):
    words = spec.format(a=pictures / "a.tif", labels=plain / "a_labels.tif")
    assert segment("--reference", words) not in (0, 3)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "a_labels.tif").exists()


def kept(manifest, *types, sha256=""):
    """Types of cells that look like nothing."""
    vector = np.concatenate([np.ones(192) / np.sqrt(192), np.zeros(N_LOOKS)]).astype(np.float32)
    cell = ReferenceExample(vector, "a.tif:1", np.zeros((5, 6), np.uint8))
    return KeptReferences.of(
        manifest.id,
        sha256 or manifest.sha256,
        [ReferenceType(name, (cell,), (cell,) * n) for name, n in types],
    )


def test_a_library_is_used_by_name_and_only_with_its_model(segment, tiny_model, tmp_path, capsys):
    manifest = read_manifest(tiny_model)
    path = tmp_path / "lib.json"
    write_library(path, kept(manifest, ("round", 0), ("rod", 1)))
    assert segment("--reference", f"{path}#Round") == 0
    assert "reference_score" in rows(tmp_path / "out" / "cells.csv")[0]
    assert segment("--reference", f"{path}#star", out=tmp_path / "other") == 2
    assert "Choose from round, rod" in capsys.readouterr().err
    write_library(path, kept(manifest, ("round", 0), sha256="0" * 64))
    assert segment("--reference", f"{path}#round", out=tmp_path / "other") == 2
    assert "cannot be compared" in capsys.readouterr().err


def test_references_travel_in_the_job_and_score_as_from_a_library(segment, tiny_model, tmp_path):
    manifest = read_manifest(tiny_model)
    references = kept(manifest, ("round", 0), ("rod", 1))
    path, job_path = tmp_path / "lib.json", tmp_path / "job.json"
    write_library(path, references)
    assert segment("--reference", f"{path}#round", f"{path}#rod", "--save-job", str(job_path)) == 0
    job = read_job(job_path).model_copy(
        update={"references": (), "kept_references": references, "output": tmp_path / "travelled"}
    )
    write_job(job_path, job)
    path.unlink()
    assert read_job(job_path) == job
    assert main(["segment", "--job", str(job_path)]) == 0
    columns = ("image", "label", "reference_score", "cell_type")
    by_library, by_job = (
        [[row[name] for name in columns] for row in rows(tmp_path / out / "cells.csv")]
        for out in ("out", "travelled")
    )
    assert by_job == by_library
    record = json.loads((tmp_path / "travelled" / "a_segmentation.json").read_text())
    assert record["parameters"]["cell_types"] == ["rod", "round"]
    assert record["parameters"]["references"][0].startswith("rod (")


def test_a_single_type_with_a_name_is_told_and_the_score_of_types_can_be_chosen(segment, plain, pictures):
    spec = f"ring={pictures / 'a.tif'}@{plain / 'a_labels.tif'}:1"
    out = plain.with_name("typed")
    assert segment("--reference", spec, "--type-score", "0.999", out=out) == 0
    cells = rows(out / "cells.csv")
    assert {cell["cell_type"] for cell in cells} <= {"", "ring"}
    for cell in cells:
        assert (cell["cell_type"] == "ring") == (float(cell["reference_score"]) >= 0.999)
    assert segment("--reference", spec, "--type-score", "0.2", out=out) == 3  # results of something else


def test_pictures_unlike_those_of_the_references_are_named(segment, tiny_model, tmp_path, events):
    manifest = read_manifest(tiny_model)
    path = tmp_path / "lib.json"
    write_library(path, kept(manifest, ("round", 0)))
    assert segment("--reference", f"{path}#round", "--json") == 0
    found = events()
    likeness = {
        row["image"]: float(row["reference_likeness"]) for row in rows(tmp_path / "out" / "images.csv")
    }
    doubted = {e["image"]: e["likeness"] for e in found if e["event"] == "ReferencesDoubted"}
    assert doubted == pytest.approx(
        {name: value for name, value in likeness.items() if value < LEAST_LIKENESS}
    )
    assert doubted  # an even vector is like nothing
    assert segment("--reference", f"{path}#round", "--json") == 0
    again = events()
    assert {e["image"] for e in again if e["event"] == "ReferencesDoubted"} == set(doubted)
    assert "ImageSegmented" not in {e["event"] for e in again}


def test_a_box_and_a_mask_stand_for_cells(segment, plain, pictures, tmp_path):
    labels = read_labels(plain / "a_labels.tif")
    mask = tmp_path / "mask.tif"
    tifffile.imwrite(mask, (labels == 1).astype(np.uint8))
    scores = {}
    for name, spec in {
        "label": f"{pictures / 'a.tif'}@{plain / 'a_labels.tif'}:1",
        "mask": f"{pictures / 'a.tif'}@{mask}",
    }.items():
        assert segment("--reference", spec, out=tmp_path / name) == 0
        scores[name] = [float(cell["reference_score"]) for cell in rows(tmp_path / name / "cells.csv")]
    assert scores["mask"] == pytest.approx(scores["label"], abs=1e-6)
    free = np.argwhere(labels == 0)[0]
    box = f"{pictures / 'a.tif'}@{free[1]},{free[0]},6,5"
    assert segment("--reference", box, out=tmp_path / "box") == 0
    assert segment("--reference", f"{pictures / 'a.tif'}@900,900,6,5", out=tmp_path / "far") != 0


def test_a_least_score_needs_references(segment, capsys):
    assert segment("--min-score", "0.5") == 2
    assert "none is given" in capsys.readouterr().err
