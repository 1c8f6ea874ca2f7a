"""Colour images on their way into training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dinocell_training.colours import GREY_SHARE, as_input, change_colours, random_grey
from dinocell_training.crops import CropDataset, CropParameters, Source

from dinocell_app.jobs.training_settings import AugmentationSettings
from dinocell_app.model.flows import FlowsObjective

STRONG = AugmentationSettings(diameter_range=(12, 24), strong_intensity=True)


class Painted:
    """Red disks on a blue ground, or the same in one grey."""

    def __init__(self, shape):
        self.shape = shape

    def read(self):
        labels = np.zeros((90, 100), np.int32)
        rows, columns = np.indices(labels.shape)
        for number, (row, column) in enumerate([(25, 25), (60, 70), (30, 75)], start=1):
            labels[np.hypot(rows - row, columns - column) < 9] = number
        grey = np.where(labels > 0, 60, 180).astype(np.uint8)
        if self.shape == "grey":
            return grey, labels
        return np.stack([np.where(labels > 0, 220, 40), grey, np.where(labels > 0, 40, 220)], axis=-1).astype(
            np.uint8
        ), labels

    def read_ignore_region(self, shape):
        return np.zeros(shape, bool)


def examples(kind, input_colour, augmentation=STRONG):
    how = CropParameters(size=64, input_colour=input_colour, seed=3)
    data = CropDataset([Source([Painted(kind)])], FlowsObjective(), how, augmentation)
    return [data[index] for index in range(24)]


def channels_differ(tile):
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    values = tile * std + mean
    return bool((values[0] - values[1]).abs().max() > 0.02)


def test_a_network_of_colours_is_shown_colours_and_at_times_grey():
    shown = [channels_differ(tile) for tile, _, _ in examples("colour", "rgb")]
    assert 0.4 < np.mean(shown) < 0.95


@pytest.mark.parametrize(("kind", "input_colour"), [("colour", "grey"), ("grey", "grey"), ("grey", "rgb")])
def test_grey_is_shown_in_all_three_channels(kind, input_colour):
    assert not any(channels_differ(tile) for tile, _, _ in examples(kind, input_colour))


def test_colours_do_not_move_targets_or_weights():
    for coloured, grey in zip(examples("colour", "rgb"), examples("colour", "grey"), strict=True):
        assert torch.equal(coloured[1], grey[1])
        assert torch.equal(coloured[2], grey[2])


def test_a_share_of_colour_images_becomes_grey():
    rng = np.random.default_rng(0)
    pixels = np.zeros((4, 4, 3), np.uint8)
    grey = [as_input(rng, pixels, "rgb").ndim == 2 for _ in range(500)]
    assert np.mean(grey) == pytest.approx(GREY_SHARE, abs=0.07)
    assert as_input(rng, pixels, "grey").ndim == 2
    assert as_input(rng, pixels[..., 0], "rgb").ndim == 2


def test_grey_of_a_colour_image_lies_between_its_channels():
    pixels = np.random.default_rng(1).uniform(0, 1, (20, 20, 3)).astype(np.float32)
    for seed in range(20):
        grey = random_grey(np.random.default_rng(seed), pixels)
        assert (grey >= pixels.min(axis=2) - 1e-5).all()
        assert (grey <= pixels.max(axis=2) + 1e-5).all()


def test_changed_colours_stay_an_image():
    pixels = np.random.default_rng(1).uniform(0, 1, (20, 20, 3)).astype(np.float32)
    changed = [change_colours(np.random.default_rng(seed), pixels) for seed in range(50)]
    assert all(each.shape == pixels.shape and each.dtype == np.float32 for each in changed)
    assert all(np.isfinite(each).all() for each in changed)
    similarity = [np.corrcoef(each.ravel(), pixels.ravel())[0, 1] for each in changed]
    assert np.median(similarity) > 0.9
    assert min(similarity) < 0.5  # some have their channels shuffled
