"""`dinocell-app models average`, with models that find all, most and no cells."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
import tifffile
from dinocell_training.average_shares import ScoredShares, best_shares

from dinocell_app.cli import main
from dinocell_app.model.manifest import read_manifest


@pytest.fixture
def labelled(tmp_path):
    """An image of a bright disk and two dim ones, with their labels."""
    rows, columns = np.mgrid[:40, :56]
    image, labels = np.zeros((40, 56)), np.zeros((40, 56), np.uint16)
    for number, (row, column) in enumerate([(12, 12), (12, 40), (29, 26)], start=1):
        distance = np.hypot(rows - row, columns - column)
        image += np.exp(-(distance**2) / 32) * (1.0 if number == 1 else 0.5)
        labels[distance < (6.6 if number == 1 else 5.6)] = number  # too large for the half-blind model
    folder = tmp_path / "labelled"
    folder.mkdir()
    tifffile.imwrite(folder / "a.tif", (image * 200).astype(np.uint8))
    tifffile.imwrite(folder / "a_masks.tif", labels)
    return folder


def test_shares_are_chosen_on_labelled_images(tiny_model, half_blind_model, labelled, tmp_path, capsys):
    words = ["models", "average", str(half_blind_model), str(tiny_model), "-o", str(tmp_path / "mean")]
    assert main([*words, "--choose-on", str(labelled)]) == 0
    said = capsys.readouterr().out
    table = [
        [float(word) for word in line.split()] for line in said.splitlines() if re.match(r"[\d.]+ ", line)
    ]
    assert [row[:2] for row in table[:2]] == [[1, 0], [0, 1]]
    assert sorted(row[0] for row in table[2:]) == [0.25, 0.5, 0.75]
    best = max(table, key=lambda row: row[2])
    assert best[2] > table[0][2]  # the model that misses most cells is not chosen
    chosen = re.search(r"mean is (\d+)% half-blind, (\d+)% tiny", said)
    assert [float(share) / 100 for share in chosen.groups()] == best[:2]
    assert read_manifest(tmp_path / "mean").id == "mean"


def test_shares_that_are_given_are_taken(tiny_model, half_blind_model, tmp_path, capsys):
    words = ["models", "average", str(tiny_model), str(half_blind_model), "-o", str(tmp_path / "mean")]
    assert main([*words, "--shares", "1", "3"]) == 0
    assert "25% tiny, 75% half-blind" in capsys.readouterr().out
    assert main([*words, "--shares", "1", "3"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words, "--shares", "1", "3", "--overwrite"]) == 0
    assert main([*words, "--shares", "1", "--overwrite"]) == 2


def test_what_is_no_average_is_refused(tiny_model, tmp_path, capsys):
    assert main(["models", "average", str(tiny_model), "-o", str(tmp_path / "mean")]) == 2
    assert "Name two models" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    twin = shutil.copytree(tiny_model, tmp_path / "twin")
    words = ["models", "average", str(tiny_model), str(twin), "-o", str(tmp_path / "mean")]
    assert main([*words, "--choose-on", str(empty)]) == 2
    assert "No image with labels" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()


def test_of_equal_averages_the_earlier_is_chosen():
    first, better = ScoredShares((1.0, 0.0), (0.5, 0.7)), ScoredShares((0.5, 0.5), (0.9, 0.4))
    assert best_shares([first, ScoredShares((0.0, 1.0), (0.6, 0.6))]) is first
    assert best_shares([first, better]) is better
