"""The crop that is shown after each epoch."""

from __future__ import annotations

import numpy as np
import tifffile
from dinocell_training.datasets import labelled_pairs
from dinocell_training.sample_prediction import choose_sample, earlier_sample, predict_sample, write_sample
from scipy.ndimage import gaussian_filter

from dinocell_app.model.model_folder import load_model


def _write(folder, name, labels):
    tifffile.imwrite(folder / f"{name}.tif", gaussian_filter((labels > 0) * 200.0, 2).astype(np.uint8))
    tifffile.imwrite(folder / f"{name}_masks.tif", labels)


def _labels(*places, shape=(100, 120)):
    labels = np.zeros(shape, np.uint16)
    for number, (row, column) in enumerate(places, start=5):
        labels[row : row + 10, column : column + 10] = number
    return labels


def test_the_crop_with_most_cells_of_the_first_picture_with_cells_is_taken(tmp_path):
    _write(tmp_path, "a", _labels())
    _write(tmp_path, "b", _labels((2, 2), (60, 70), (60, 90), (80, 75)))
    _write(tmp_path, "c", _labels((2, 2)))
    sample = choose_sample(labelled_pairs(tmp_path).pairs, edge=48)
    assert sample.name == "b.tif"
    assert sample.pixels.shape == sample.labels.shape == (48, 48)
    assert sample.n_labelled == 3
    assert sample.pixels[sample.labels > 0].min() > 40 > np.median(sample.pixels[sample.labels == 0])
    assert choose_sample(labelled_pairs(tmp_path).pairs[:1]) is None


def test_a_small_picture_is_taken_whole_and_written_with_what_was_found(tmp_path, tiny_model):
    _write(tmp_path, "b", _labels((2, 2), (20, 25), shape=(40, 44)))
    sample = choose_sample(labelled_pairs(tmp_path).pairs)
    assert sample.labels.shape == (40, 44)
    found = predict_sample(sample, load_model(tiny_model))
    event = write_sample(sample, found, 3, tmp_path / "run")
    assert (event.epoch, event.image, event.n_labelled) == (3, "b.tif", 2)
    assert event.n_cells == len(np.unique(found[found > 0])) > 0
    for file in (event.picture, event.labels, event.labelled_picture):
        assert (tmp_path / "run" / file).is_file()
    assert (earlier_sample(3, tmp_path / "run") == found).all()
    assert earlier_sample(2, tmp_path / "run") is None
    half = np.where(sample.labels == 1, 9, 0).astype(np.uint16)
    assert write_sample(sample, half, 4, tmp_path / "run").n_correct == 1
