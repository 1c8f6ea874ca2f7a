"""Crops: what is taught, what is ignored."""

from __future__ import annotations

import numpy as np
from dinocell_training.augmentation import PAPER
from dinocell_training.crops import CropDataset, CropParameters, Source

from dinocell_app.model.flows import FlowsObjective


class Labelled:
    """An image made of labels alone."""

    def __init__(self, labels, ignored=None):
        self.labels = labels
        self.ignored = np.zeros(labels.shape, bool) if ignored is None else ignored

    def read(self):
        return (self.labels > 0).astype(np.float32), self.labels

    def read_ignore_region(self, shape):
        assert shape == self.labels.shape
        return self.ignored


def crop_of(labels, ignored=None, **parameters):
    """The whole picture as one crop, unchanged but for brightness: its target and weight."""
    data = CropDataset(
        [Source([Labelled(labels, ignored)])], FlowsObjective(), CropParameters(64, 0, **parameters), PAPER
    )
    _, target, weight = data[0]
    return target[2].numpy() > 0.5, weight.numpy()


def test_a_tip_broken_off_a_cell_is_ignored_and_no_cell():
    labels = np.zeros((64, 64), np.int32)
    labels[10:40, 10:40] = 1
    labels[45:50, 20:25] = 1  # 25 pixels of the same cell, apart
    cell, weight = crop_of(labels)
    assert cell.sum() == 900
    assert (weight == 0).sum() == 25
    assert not cell[weight == 0].any()


def test_a_small_cell_of_its_own_is_taught():
    labels = np.zeros((64, 64), np.int32)
    labels[10:40, 10:40] = 1
    labels[45:50, 20:25] = 2
    cell, weight = crop_of(labels)
    assert cell.sum() == 925
    assert weight.min() == 1


def test_two_large_halves_of_one_id_are_both_taught():
    labels = np.zeros((64, 64), np.int32)
    labels[5:25, 10:40] = 3
    labels[35:60, 10:40] = 3
    cell, weight = crop_of(labels)
    assert cell.sum() == (20 + 25) * 30
    assert weight.min() == 1


def test_where_labels_say_nothing_nothing_is_taught():
    labels = np.zeros((64, 64), np.int32)
    labels[10:40, 10:40] = 1
    crowd = np.zeros((64, 64), bool)
    crowd[30:60, 35:60] = True  # also over the corner of a cell that is outlined
    cell, weight = crop_of(labels, crowd)
    assert cell.sum() == 900
    ignored = weight == 0  # a view may lie half a pixel off
    assert not ignored[cell].any()
    assert ignored[32:58, 43:58].all()
    assert not ignored[:28].any()
    assert not ignored[:, :33].any()


class Counted(Labelled):
    """A picture that counts how often it is read."""

    def __init__(self, seed):
        labels = np.zeros((100, 100), np.int32)
        labels[10 + seed : 40, 10:40] = 1
        super().__init__(labels)
        self.n_read = 0

    def read(self):
        self.n_read += 1
        return super().read()


def test_pictures_in_memory_are_bounded_by_bytes_and_the_oldest_goes():
    one = 100 * 100 * (4 + 4) + 16  # grey values, labels and a pixel of the one cell
    images = [Counted(seed) for seed in range(4)]
    data = CropDataset(
        [Source(images)], FlowsObjective(), CropParameters(32, cache_bytes=2 * one + 10), PAPER
    )
    for index in range(40):
        data[index]
        assert data.cached_bytes <= 2 * one + 10
    assert data.cached_bytes == 2 * one
    assert sum(image.n_read for image in images) > 8
    roomy = [Counted(seed) for seed in range(4)]
    data = CropDataset([Source(roomy)], FlowsObjective(), CropParameters(32, cache_bytes=4 * one), PAPER)
    for index in range(40):
        data[index]
    assert [image.n_read for image in roomy] == [1, 1, 1, 1]


def test_a_picture_larger_than_the_cache_is_kept_alone():
    images = [Counted(seed) for seed in range(2)]
    data = CropDataset([Source(images[:1])], FlowsObjective(), CropParameters(32, cache_bytes=10), PAPER)
    for index in range(5):
        data[index]
    assert images[0].n_read == 1
