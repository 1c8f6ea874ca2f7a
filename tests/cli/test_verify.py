"""What was changed since it was written is named; two runs are compared."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main
from dinocell_app.editing.journal import JOURNAL_NAME, Entry, line_of
from dinocell_app.model.catalogue import MODELS_VARIABLE


@pytest.fixture
def results(tiny_model, tmp_path, monkeypatch):
    """An output folder of one image, made by a model of this computer."""
    shutil.copytree(tiny_model, tmp_path / "models" / "tiny")
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    rows, columns = np.mgrid[:64, :64]
    picture = 100 + 90 * np.sin(rows / 6) * np.sin(columns / 6)
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "a.tif", picture.astype(np.uint8))
    words = ["--model", "tiny", "--device", "cpu", "--diameter", "14px", "--flow-threshold", "0"]
    for name in ("out", "other"):
        assert main(["segment", str(tmp_path / "in"), "-o", str(tmp_path / name), *words]) == 0
    return tmp_path / "out"


def findings(capsys, *words):
    capsys.readouterr()
    code = main(["verify", *map(str, words), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def states(found):
    return {each["path"].rsplit("/", 1)[-1]: each["state"] for each in found}


def test_nothing_was_changed(results, capsys):
    code, found = findings(capsys, results)
    assert code == 0
    assert states(found) == dict.fromkeys(
        ["a_labels.tif", "a_overlay.png", "a_cells.csv", "a.tif", "tiny", "images.csv", "cells.csv"], "same"
    )
    assert main(["verify", str(results)]) == 0
    assert "7 files: 7 as recorded" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("out/a_labels.tif", "changed"),
        ("out/a_cells.csv", "changed"),
        ("in/a.tif", "changed"),
        ("out/cells.csv", "changed"),
        ("models/tiny/weights.safetensors", "changed"),
        ("out/a_overlay.png", "missing"),
        ("in/a.tif", "missing"),
    ],
)
def test_what_was_changed_is_named(results, capsys, name, state):
    path = results.parent / name
    if state == "missing":
        path.unlink()
    elif path.suffix == ".csv":
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    else:
        content = bytearray(path.read_bytes())
        content[-1] ^= 1  # the size stays
        path.write_bytes(content)
    code, found = findings(capsys, results)
    assert code == 3
    named = "tiny" if "tiny" in name else path.name
    assert {key: value for key, value in states(found).items() if value != "same"} == {named: state}


def test_two_runs_are_equal_or_the_difference_is_named(results, capsys):
    other = results.parent / "other"
    code, found = findings(capsys, results, "--against", other)
    assert (code, [each["state"] for each in found]) == (0, ["same"])
    record = other / "a_segmentation.json"
    content = json.loads(record.read_text())
    content["device"] = "cuda:0 card"
    content["digests"]["labels"]["sha256"] = "0" * 64
    record.write_text(json.dumps(content))
    code, (found,) = findings(capsys, results, "--against", other)
    assert (code, found["state"]) == (3, "changed")
    assert found["what"].startswith("labels differ; device cpu")
    assert "cuda:0 card" in found["what"]
    record.unlink()
    assert main(["verify", str(results), "--against", str(other)]) == 2


def test_edits_are_listed_with_who_and_when(results, capsys, tmp_path):
    folder = results / "edits" / "standard" / "1"
    folder.mkdir(parents=True)
    entries = [
        Entry(1, "edit", "2026-01-02T03:04:05.000+00:00", "ann\r", "brush", (3, 4), (), 9),
        Entry(2, "undo", "2026-01-02T03:05:05.000+00:00", "bob", "", (3,), (), 9),
    ]
    (folder / JOURNAL_NAME).write_bytes(b"".join(map(line_of, entries)))
    assert main(["verify", str(results), "--edits", str(tmp_path / "log.csv")]) == 0
    with (tmp_path / "log.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["who"], row["what"], row["tool"], row["cells"]) for row in rows] == [
        ("ann\r", "edit", "brush", "3 4"),
        ("bob", "undo", "", "3"),
    ]
    assert {row["result"] for row in rows} == {"edits/standard/1"}
    (folder / JOURNAL_NAME).write_bytes(line_of(entries[0]) + b"damaged\n")
    assert main(["verify", str(results), "--edits", str(tmp_path / "log2.csv")]) == 2
    assert "the journal is damaged after entry 1" in capsys.readouterr().err
    assert not (tmp_path / "log2.csv").exists()


def test_a_folder_without_results_says_so(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 2
    assert "holds no results" in capsys.readouterr().err
