"""`dinocell-app segment` from words to files."""

from __future__ import annotations

import csv
import filecmp
import json
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main
from dinocell_app.export.label_files import read_labels
from dinocell_app.jobs.events import from_json_line


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_a_folder_becomes_labels_overlays_and_tables(segment, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert segment("--recursive") == 0
    assert str(out) in capsys.readouterr().out
    for name in ("a", "b", "inner/c"):
        labels = read_labels(out / f"{name}_labels.tif")
        assert labels.shape == (40, 56)
        assert labels.max() == 3
        assert iio.imread(out / f"{name}_overlay.png").shape == (40, 56, 3)
    cells = rows(out / "cells.csv")
    assert [(cell["image"], cell["label"]) for cell in cells] == [
        (name, str(label)) for name in ("a.tif", "b.tif", "inner/c.tif") for label in (1, 2, 3)
    ]
    assert not any(column.endswith(("_um", "_um2")) for column in cells[0])
    images = rows(out / "images.csv")
    assert [image["n_cells"] for image in images] == ["3", "3", "3"]
    described = {row["name"] for row in rows(out / "columns.csv")}
    assert set(cells[0]) | set(images[0]) <= described
    record = json.loads((out / "a_segmentation.json").read_text())
    assert record["model_id"] == "tiny"
    assert record["outputs"]["labels"] == "a_labels.tif"


def test_finished_images_are_skipped_and_tables_stay_complete(segment, pictures, tmp_path, events):
    out = tmp_path / "out"
    assert segment("--json") == 0
    first = events()
    cells = (out / "cells.csv").read_bytes()
    stamp = (out / "a_labels.tif").stat().st_mtime_ns
    (out / "b_overlay.png").unlink()
    (out / "cells.csv").unlink()
    assert segment("--json") == 0
    second = events()
    assert [e["event"] for e in first if "n_cells" in e] == ["ImageSegmented", "ImageSegmented"]
    assert [(e["event"], e["image"]) for e in second if "n_cells" in e] == [
        ("ImageSkipped", "a.tif"),
        ("ImageSegmented", "b.tif"),
    ]
    assert (out / "cells.csv").read_bytes() == cells
    assert (out / "a_labels.tif").stat().st_mtime_ns == stamp


def test_other_results_are_replaced_only_when_asked(segment, tmp_path, events):
    out = tmp_path / "out"
    assert segment() == 0
    before = (out / "a_labels.tif").read_bytes()
    assert segment("--cell-probability", "0.9", "--json") == 3
    failed = [e for e in events() if e["event"] == "ImageFailed"]
    assert len(failed) == 2
    assert "--overwrite" in failed[0]["reason"]
    assert "0.5 instead of 0.9" in failed[0]["reason"]
    assert (out / "a_labels.tif").read_bytes() == before
    assert segment("--cell-probability", "0.9", "--overwrite") == 0
    assert (out / "a_labels.tif").read_bytes() != before


def test_a_file_of_somebody_else_is_not_replaced(segment, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a_labels.tif").write_bytes(b"precious")
    assert segment() == 3
    assert (out / "a_labels.tif").read_bytes() == b"precious"
    assert "not made by this application" in capsys.readouterr().err


def test_bad_images_are_reported_and_the_others_done(segment, pictures, tmp_path, events):
    out = tmp_path / "out"
    (pictures / "corrupt.tif").write_bytes(b"II*\0" + bytes(100))
    (pictures / "notes.txt").write_text("not an image")
    tifffile.imwrite(pictures / "empty.tif", np.zeros((40, 56), np.uint8))
    grey = tifffile.imread(pictures / "a.tif")
    iio.imwrite(pictures / "rgba.png", np.dstack([grey, grey, grey, np.full_like(grey, 255)]))
    tifffile.imwrite(
        pictures / "stack.tif", np.stack([grey, grey[::-1]]), imagej=True, metadata={"axes": "ZYX"}
    )
    assert segment("--json") == 3
    seen = events()
    assert [from_json_line(json.dumps(event)) for event in seen]
    (failed,) = [e for e in seen if e["event"] == "ImageFailed"]
    assert failed["path"] == str(pictures / "corrupt.tif")
    done = {e["image"]: e["n_cells"] for e in seen if e["event"] == "ImageSegmented"}
    assert done == {"a.tif": 3, "b.tif": 3, "empty.tif": 0, "rgba.png": 3, "stack.tif": 6}
    assert read_labels(out / "empty_labels.tif").max() == 0
    assert rows(out / "empty_cells.csv") == []
    assert {path.name for path in out.glob("stack*_labels.tif")} == {
        "stack_z000_labels.tif",
        "stack_z001_labels.tif",
    }
    images = {row["image"]: row for row in rows(out / "images.csv")}
    assert images["corrupt.tif"]["status"] == "failed"
    assert images["corrupt.tif"]["reason"]
    assert any(e["event"] == "InputLeftOut" and e["path"].endswith("notes.txt") for e in seen)
    assert seen[-1]["event"] == "JobFinished"
    assert (seen[-1]["n_finished"], seen[-1]["n_failed"]) == (5, 1)


def test_a_saved_job_gives_the_same_files(segment, tmp_path):
    out = tmp_path / "out"
    assert segment("--formats", "labels,roi,csv", "--save-job", str(tmp_path / "job.json")) == 0
    other = tmp_path / "other"
    assert main(["segment", "--job", str(tmp_path / "job.json"), "-o", str(other)]) == 0
    for name in ("a_labels.tif", "a_cells.csv"):
        assert filecmp.cmp(other / name, out / name, shallow=False)


def test_a_pixel_size_brings_columns_in_micrometres(segment, tmp_path):
    assert segment("--pixel-size", "0.5um", "--min-size", "1um2") == 0
    cell = rows(tmp_path / "out" / "a_cells.csv")[0]
    assert float(cell["area_um2"]) == pytest.approx(0.25 * float(cell["area_px2"]))


def test_micrometres_without_a_pixel_size_are_explained(segment, events):
    assert segment("--min-size", "20um2", "--json") == 3
    reasons = [e["reason"] for e in events() if e["event"] == "ImageFailed"]
    assert all("--pixel-size" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["segment"], "INPUT"),
        (["segment", "nowhere", "-o", "out"], "does not exist"),
        (["segment", ".", "-o", "out"], "No image was found"),
        (["segment", ".", "-o", "out", "--diameter", "big"], "not a length"),
        (["segment", ".", "-o", "out", "--formats", "word"], "no output format"),
        (["segment", "p.png", "-o", "out", "--model", "unheard-of"], "unheard-of"),
        (["segment", "p.png", "-o", "out", "--device", "cuda:77"], "cuda:77"),
        (["run", "nowhere"], "no run folder"),
        (["measure", "a", "b"], "does not exist"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    iio.imwrite("p.png", np.zeros((8, 8), np.uint8)) if "p.png" in words else None
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_without_a_command_help_is_printed(capsys):
    assert main([]) == 0
    assert "segment" in capsys.readouterr().out
