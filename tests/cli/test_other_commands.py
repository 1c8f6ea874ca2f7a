"""measure, evaluate, models, doctor and demo."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import dinocell_app
from dinocell_app.base import resource_files
from dinocell_app.cli import main


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def labelled(tmp_path):
    """Images and labels in two folders, one image without labels, one of another size."""
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    labels = np.zeros((20, 30), np.uint16)
    labels[2:8, 3:9] = 4
    labels[10:18, 12:20] = 9
    for name in ("one", "two", "small", "alone"):
        tifffile.imwrite(tmp_path / "images" / f"{name}.tif", (labels > 0).astype(np.uint8) * 90)
    tifffile.imwrite(tmp_path / "labels" / "one_masks.tif", labels)
    tifffile.imwrite(tmp_path / "labels" / "two.tif", labels)
    tifffile.imwrite(tmp_path / "labels" / "small_labels.tif", labels[:10])
    return tmp_path


def test_measuring_labels_made_elsewhere(labelled, capsys):
    out = labelled / "tables"
    words = [
        "measure",
        str(labelled / "images"),
        str(labelled / "labels"),
        "-o",
        str(out),
        "--pixel-size",
        "2",
    ]
    assert main(words) == 3
    said = capsys.readouterr().err
    assert "alone.tif" in said
    assert "10 x 30" in said
    cells = rows(out / "cells.csv")
    assert [(c["image"], c["label"], c["area_px2"], c["area_um2"]) for c in cells] == [
        (image, label, px, um)
        for image in ("one.tif", "two.tif")
        for label, px, um in (("4", "36", "144.0"), ("9", "64", "256.0"))
    ]
    assert not (out / "methods.txt").exists()


def test_scores_of_each_image_and_in_total(labelled, capsys):
    shifted = np.roll(tifffile.imread(labelled / "labels" / "two.tif"), 2, axis=1)
    (labelled / "found").mkdir()
    tifffile.imwrite(
        labelled / "found" / "one_labels.tif", tifffile.imread(labelled / "labels" / "one_masks.tif")
    )
    tifffile.imwrite(labelled / "found" / "two_labels.tif", shifted)
    words = ["evaluate", str(labelled / "found"), str(labelled / "labels"), "-o", str(labelled / "scores")]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "mean over images" in said
    scores = {row["image"]: row for row in rows(labelled / "scores" / "scores.csv")}
    assert float(scores["one_labels.tif"]["ap_0.9"]) == 1
    # Shifted by 2 of 6 and of 8 columns: IoU 4/8 and 6/10.
    assert float(scores["two_labels.tif"]["seg"]) == pytest.approx((0.5 + 0.6) / 2)
    mean, pooled = rows(labelled / "scores" / "summary.csv")
    assert "count_kappa" in mean
    assert float(mean["seg"]) == pytest.approx((1 + 0.55) / 2)
    assert int(pooled["n_reference"]) == 4
    assert main(words) == 2
    assert main([*words, "--overwrite"]) == 0


def test_models_travel_in_one_file(tiny_model, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path / "mine"))
    assert main(["models", "export", str(tiny_model), "-o", str(tmp_path / "tiny.zip")]) == 0
    assert main(["models", "export", str(tiny_model), "-o", str(tmp_path / "tiny.zip")]) == 2
    assert main(["models", "import", str(tmp_path / "tiny.zip"), "--name", "mine"]) == 0
    (tmp_path / "broken.zip").write_bytes((tmp_path / "tiny.zip").read_bytes()[:-100])
    assert main(["models", "import", str(tmp_path / "broken.zip"), "--name", "other"]) == 2
    capsys.readouterr()
    assert main(["models", "list", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ("mine", "own") in {(entry["id"], entry["origin"]) for entry in listed}
    assert main(["models", "info", "mine"]) == 0
    assert "mine (mine, version" in capsys.readouterr().out


def test_the_doctor_says_when_the_model_is_missing(capsys):
    assert main(["doctor", "--model", "unheard-of"]) == 2
    assert "unheard-of" in capsys.readouterr().out


def test_the_demo_names_its_folder(tiny_model, pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("dinocell_app.commands.demo.resource_path", lambda *parts: pictures)
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--model", str(tiny_model), "--device", "cpu"]) == 0
    assert str(tmp_path / "dinocell-demo") in capsys.readouterr().out
    assert (tmp_path / "dinocell-demo" / "a_overlay.png").exists()


def test_the_samples_of_the_demo_come_with_the_application():
    samples = resource_files.resource_path("samples")
    assert [path for path in samples.iterdir() if path.suffix in (".tif", ".png")]


def test_quick_commands_do_not_load_torch(labelled):
    images, labels, out = (str(labelled / name) for name in ("images", "labels", "out"))
    script = (
        "import sys\n"
        "from dinocell_app.cli import main\n"
        f"main(['measure', {images!r}, {labels!r}, '-o', {out!r}])\n"
        f"main(['evaluate', {labels!r}, {labels!r}, '-o', {out!r}])\n"
        "try:\n"
        "    main(['--version'])\n"
        "except SystemExit as ended:\n"
        "    assert ended.code == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert dinocell_app.__version__ in done.stdout
