"""`dinocell-app train finetune` from labelled folders to a model that segments."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main
from dinocell_app.events import EpochFinished, JobFinished, StepFinished
from dinocell_app.model.manifest import read_manifest
from dinocell_app.run_folder import RunFolder


@pytest.fixture
def data(tmp_path):
    """Four different pictures of two cells each, one of them with a binary mask."""
    folder = tmp_path / "data"
    folder.mkdir()
    for index in range(4):
        labels = np.zeros((48, 48), np.uint16)
        labels[4 + index : 16, 6:20] = 1
        labels[26:40, 22 : 36 + index] = 2
        tifffile.imwrite(folder / f"p{index}.tif", ((labels > 0) * (100 + index)).astype(np.uint8))
        tifffile.imwrite(folder / f"p{index}_masks.tif", labels if index else (labels > 0).astype(np.uint16))
    return folder


@pytest.fixture
def words(data, tiny_model, tmp_path):
    small = [
        "--epochs",
        "2",
        "--steps",
        "2",
        "--batch-size",
        "2",
        "--crop-size",
        "32",
        "--warmup-epochs",
        "0",
    ]
    base = [
        "--base-model",
        str(tiny_model),
        "--device",
        "cpu",
        "--licence",
        "CC0",
        "--validation-share",
        "0.25",
    ]
    return ["train", "finetune", str(data), "-o", str(tmp_path / "mine"), *base, *small]


def test_a_folder_teaches_a_model(words, data, tiny_model, tmp_path, capsys):
    assert main(words) == 0
    assert str(tmp_path / "mine") in capsys.readouterr().out
    manifest = read_manifest(tmp_path / "mine")
    assert manifest.id == "mine"
    assert manifest.lineage == (f"tiny (sha256 {read_manifest(tiny_model).sha256[:12]})",)
    assert [(each.name, each.licence, each.use) for each in manifest.training_data] == [
        ("data", "CC0", "fine-tuning, 3 images")
    ]
    assert {score.metric for score in manifest.scores} == {"ap_0.5", "ap_0.75", "seg", "det", "mma"}
    assert "job.json" in (tmp_path / "mine" / "card.md").read_text()
    run = RunFolder(tmp_path / "mine-run")
    kinds = [type(event) for event in run.events()]
    assert kinds.count(StepFinished) == 4
    assert kinds.count(EpochFinished) == 2
    assert kinds[-1] is JobFinished
    segment = [
        "segment",
        str(data / "p1.tif"),
        "-o",
        str(tmp_path / "out"),
        "--model",
        str(tmp_path / "mine"),
    ]
    assert main([*segment, "--device", "cpu"]) == 0


def test_a_model_is_not_replaced_unasked(words, tiny_model, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "manifest.json").write_text("{}")
    assert main(words) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert json.loads((tmp_path / "mine" / "manifest.json").read_text()) == {}


def test_a_stopped_training_goes_on(words, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "STOP").touch()
    assert main([*words, "--run-folder", str(run)]) == 130
    assert not (tmp_path / "mine").exists()
    assert main([*words, "--run-folder", str(run)]) == 0
    steps = [event.step for event in RunFolder(run).events() if isinstance(event, StepFinished)]
    assert steps == [1, 2, 3, 4]


def test_a_folder_without_labels_is_explained(words, data, capsys):
    for path in data.glob("*_masks.tif"):
        path.unlink()
    assert main(words) == 2
    assert "_masks" in capsys.readouterr().err
