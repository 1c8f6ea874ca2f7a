"""A training that leads nowhere is recognised, said in words, and ended when going on is no use."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from dinocell_training.training_check import (
    DoomedTrainingError,
    Finding,
    LossWatch,
    concerns_of_prediction,
    concerns_of_scale,
    stop_if_doomed,
)

GOOD = Finding(10, 9, 8, 20.0, 19.0)
NOTHING = Finding(10, 0, 0, 20.0, None)


def _judge(now, before=None, *, classes=False):
    return concerns_of_prediction(now, before, learning_rate=1e-3, labels_are_classes=classes)


def test_a_finding_counts_and_measures():
    labels = np.zeros((40, 40), np.int32)
    labels[2:12, 2:12], labels[20:30, 20:30] = 1, 2
    found = np.where(labels == 2, 1, 0)
    finding = Finding.of(found, labels)
    assert (finding.n_labelled, finding.n_found, finding.n_matched) == (2, 1, 1)
    assert finding.found_diameter == pytest.approx(math.sqrt(400 / math.pi))


@pytest.mark.parametrize(
    "now", [GOOD, replace(GOOD, n_found=2, found_diameter=90.0), replace(GOOD, n_matched=0)]
)
def test_a_prediction_like_the_labels_is_no_concern(now):
    assert not _judge(now)


def test_finding_nothing_where_the_base_model_found_cells_ends_it():
    (concern,) = _judge(NOTHING, replace(GOOD, n_found=3))
    assert concern.stops
    assert "0.0001" in concern.remedy
    with pytest.raises(DoomedTrainingError, match=r"10 are labelled.*found 3.*learning rate"):
        stop_if_doomed([concern])


@pytest.mark.parametrize("before", [None, NOTHING, replace(GOOD, n_found=2)])
def test_finding_nothing_yet_is_told_when_nothing_was_found_before(before):
    (concern,) = _judge(NOTHING, before)
    assert not concern.stops
    stop_if_doomed([concern])


def test_a_crop_without_cells_in_which_none_is_found_is_no_concern():
    assert not _judge(Finding(0, 0, 0, None, None))


@pytest.mark.parametrize(("diameter", "said"), [(45.0, "touching cells"), (9.0, "broken up")])
def test_cells_of_another_size_than_labelled_are_told(diameter, said):
    (concern,) = _judge(replace(GOOD, found_diameter=diameter))
    assert said in concern.remedy
    assert not concern.stops


def test_labels_that_are_classes_end_it_when_no_cell_comes_out_right():
    assert not _judge(GOOD, classes=True)
    (concern,) = _judge(replace(GOOD, n_matched=0), classes=True)
    assert concern.stops
    assert "classes" in concern.sentence


@pytest.mark.parametrize(
    ("diameters", "brought_to", "stops"),
    [([300.0, 310.0], None, True), ([300.0], (20.0, 60.0), False), ([30.0], (20.0, 400.0), True)],
)
def test_cells_larger_than_a_crop_end_it_before_the_first_step(diameters, brought_to, stops):
    assert any(c.stops for c in concerns_of_scale(diameters, crop_size=256, brought_to=brought_to)) is stops


def test_mixed_sizes_are_told():
    (concern,) = concerns_of_scale([10.0, 50.0], crop_size=256, brought_to=None)
    assert not concern.stops
    assert not concerns_of_scale([10.0, 39.0], crop_size=256, brought_to=None)
    assert not concerns_of_scale([], crop_size=256, brought_to=None)


def test_a_loss_that_is_no_number_ends_it_unless_it_comes_back():
    watch = LossWatch(1e-3)
    for loss in (1.0, math.nan, math.inf, 1.0, math.nan, math.nan):
        watch.see({"total": loss})
    with pytest.raises(DoomedTrainingError, match=r"no number.*0\.0001"):
        watch.see({"total": math.nan})


def test_an_exploding_loss_ends_it():
    watch = LossWatch(1e-3)
    for step in range(100):
        watch.see({"total": 1.0 + step % 7})
    watch.see({"total": 500.0})  # a single bad batch
    for _ in range(20):
        watch.see({"total": 2.0})
    with pytest.raises(DoomedTrainingError, match="has grown from"):  # noqa: PT012 - it takes several steps
        for _ in range(10):
            watch.see({"total": 100.0})
