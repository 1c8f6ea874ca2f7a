"""`--axes` of the other commands that read images: measure and features."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main


@pytest.fixture
def misread(tmp_path: Path) -> Path:
    """Three channels stored last, which the file calls 20 pages, with labels for rows and columns."""
    labels = np.zeros((20, 30), np.uint16)
    labels[2:8, 3:9] = 4
    image = np.stack([np.where(labels, value, 0) for value in (10, 60, 200)], axis=-1).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="minisblack")
    tifffile.imwrite(tmp_path / "a_labels.tif", labels)
    return tmp_path


def test_measured_channels_are_those_that_are_said(misread: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["measure", str(misread / "a.tif"), str(misread / "a_labels.tif"), "-o", str(misread / "out")]
    assert main(words) != 0
    capsys.readouterr()
    assert main([*words, "--axes", "YXC"]) == 0
    with (misread / "out" / "cells.csv").open(newline="", encoding="utf-8") as lines:
        (cell,) = csv.DictReader(lines)
    assert [float(cell[f"intensity_mean_ch{c}"]) for c in (1, 2, 3)] == [10, 60, 200]
    (record,) = (misread / "out").rglob("*_segmentation.json")
    assert json.loads(record.read_text("utf-8"))["image_selection"]["axes"] == "YXC"


def test_other_axes_are_measured_again(misread: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["measure", str(misread / "a.tif"), str(misread / "a_labels.tif"), "-o", str(misread / "out")]
    assert main([*words, "--axes", "YXC"]) == 0
    capsys.readouterr()
    assert main([*words, "--axes", "YXT", "--plane", "t=0"]) != 0
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words, "--axes", "YXT", "--plane", "t=0", "--overwrite"]) == 0


def test_features_are_drawn_of_the_image_that_is_meant(misread: Path, tiny_model: Path) -> None:
    out = misread / "a.png"
    words = ["features", str(misread / "a.tif"), "--pca", str(out), "--model", str(tiny_model)]
    words += ["--device", "cpu", "--channel", "2"]
    assert main([*words, "--axes", "YXC"]) == 0
    assert imageio.imread(out).shape == (20, 30, 3)


def test_a_word_that_does_not_fit_names_the_file(misread: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["measure", str(misread / "a.tif"), str(misread / "a_labels.tif"), "-o", str(misread / "out")]
    assert main([*words, "--axes", "ZYXC"]) != 0
    assert "a.tif: has 3 axes (20 x 30 x 3)" in " ".join(capsys.readouterr().err.split())
