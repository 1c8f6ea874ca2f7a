"""Scores against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from dinocell_training.evaluation import evaluate_labels, summarise
from dinocell_training.image_scores import MEAN_OVER_IMAGES, POOLED_OVER_CELLS
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dinocell_app.base.errors import InvalidParameterError


def strip(*runs, width=60):
    """A one-row label image from (label, start, stop)."""
    labels = np.zeros((1, width), dtype=np.int32)
    for label, start, stop in runs:
        labels[0, start:stop] = label
    return labels


def test_identical_images_score_one_whatever_the_ids():
    reference = strip((1, 0, 10), (2, 10, 20), (3, 30, 40))
    predicted = strip((900_000, 0, 10), (7, 10, 20), (-4, 30, 40))
    scores = evaluate_labels(predicted, reference, iou_thresholds=(0.3, 0.5, 1.0))
    assert scores.ap == {0.3: 1.0, 0.5: 1.0, 1.0: 1.0}
    assert (scores.seg, scores.seg_of_matched, scores.det, scores.mma) == (1, 1, 1, 1)
    assert scores.counts() == {
        "n_reference": 3, "n_predicted": 3, "n_split": 0, "n_merged": 0, "n_missed": 0, "n_false": 0,
    }  # fmt: skip


def test_one_shifted_one_missed_one_false():
    reference = strip((1, 0, 10), (2, 20, 30))
    predicted = strip((1, 2, 12), (2, 40, 50))  # IoU 8 / 12, and a false cell
    scores = evaluate_labels(predicted, reference, iou_thresholds=(0.5, 0.75))
    half, strict = scores.matching
    assert (half.tp, half.fp, half.fn) == (1, 1, 1)
    assert half.ap == pytest.approx(1 / 3)
    assert (half.precision, half.recall, half.f1) == (0.5, 0.5, 0.5)
    assert (strict.tp, strict.fp, strict.fn, strict.ap) == (0, 2, 2, 0.0)
    assert scores.seg == pytest.approx((8 / 12 + 0) / 2)
    assert scores.seg_of_matched == pytest.approx(8 / 12)
    assert scores.det == pytest.approx(1 - (10 * 1 + 1 * 1) / 20)
    assert scores.mma == pytest.approx(8 / (12 + 10 + 10))
    assert (scores.n_missed, scores.n_false) == (1, 1)


def test_two_cells_merged_into_one():
    reference = strip((1, 0, 10), (2, 10, 18))
    predicted = strip((5, 0, 18))
    scores = evaluate_labels(predicted, reference)
    assert scores.seg == pytest.approx((10 / 18 + 8 / 18) / 2)  # one prediction may serve two references
    assert scores.det == pytest.approx(1 - 5 / 20)  # one split operation
    assert scores.mma == pytest.approx(10 / 18)
    assert scores.ap[0.5] == pytest.approx(1 / 2)
    assert scores.counts() == {
        "n_reference": 2, "n_predicted": 1, "n_split": 0, "n_merged": 1, "n_missed": 0, "n_false": 0,
    }  # fmt: skip


def test_one_cell_split_into_two():
    reference = strip((1, 0, 10))
    scores = evaluate_labels(strip((1, 0, 6), (2, 6, 10)), reference)
    assert scores.seg == pytest.approx(0.6)
    assert scores.det == pytest.approx(1 - 1 / 10)  # the second part is a false vertex
    assert scores.mma == pytest.approx(0.6)
    assert (scores.n_split, scores.n_missed, scores.n_false) == (1, 0, 0)


def test_exactly_half_is_no_match_for_seg_but_an_iou_of_one_half_is_a_true_positive():
    reference = strip((1, 0, 10))
    scores = evaluate_labels(strip((1, 0, 5), (2, 5, 10)), reference)
    assert (scores.seg, scores.det) == (0.0, pytest.approx(0.0))  # missed 10 + false 2 exceeds 10
    assert (scores.matching[0].tp, scores.matching[0].fp, scores.matching[0].fn) == (1, 1, 0)
    assert (scores.n_split, scores.n_missed, scores.n_false) == (1, 0, 0)


def test_det_never_falls_below_zero():
    reference = strip((1, 0, 2))
    predicted = np.arange(60, dtype=np.int32)[None] * (np.arange(60) >= 10)
    assert evaluate_labels(predicted, reference).det == 0.0


@pytest.mark.parametrize(
    ("predicted", "reference", "expected"),
    [(strip(), strip(), 1.0), (strip((1, 0, 5)), strip(), 0.0), (strip(), strip((1, 0, 5)), 0.0)],
    ids=["both empty", "only predictions", "only references"],
)
def test_images_without_cells(predicted, reference, expected):
    scores = evaluate_labels(predicted, reference)
    assert set(scores.scores().values()) == {expected}


def test_predictions_mostly_in_the_ignore_region_are_not_counted():
    reference = strip((1, 0, 10), (2, 40, 50))
    predicted = strip((1, 0, 10), (2, 20, 30))
    ignore = np.zeros(reference.shape, dtype=bool)
    ignore[0, 24:50] = True  # 6 of 10 pixels of prediction 2, all of reference 2
    scores = evaluate_labels(predicted, reference, ignore=ignore)
    assert (scores.n_reference, scores.n_predicted, scores.ap[0.5]) == (1, 1, 1.0)
    assert (scores.mma, scores.seg, scores.det) == (1.0, 1.0, 1.0)


def test_pixels_in_the_ignore_region_are_not_counted():
    reference = strip((1, 0, 10))
    predicted = strip((1, 0, 14))
    ignore = np.zeros(reference.shape, dtype=bool)
    ignore[0, 12:] = True
    assert evaluate_labels(predicted, reference, ignore=ignore).mma == pytest.approx(10 / 12)
    assert evaluate_labels(predicted, reference).mma == pytest.approx(10 / 14)


def test_a_reference_mostly_in_the_ignore_region_widens_it():
    reference = strip((1, 0, 10), (2, 20, 30))
    predicted = strip((1, 0, 10), (2, 20, 27))
    ignore = np.zeros(reference.shape, dtype=bool)
    ignore[0, 24:30] = True  # 6 of 10 pixels of reference 2, but only 3 of 7 of its prediction
    scores = evaluate_labels(predicted, reference, ignore=ignore)
    assert (scores.n_reference, scores.n_predicted, scores.mma) == (1, 1, 1.0)


def test_summary_states_both_ways_of_averaging():
    good = evaluate_labels(strip((1, 0, 10)), strip((1, 0, 10)))
    poor = evaluate_labels(
        strip((1, 0, 10)), strip((1, 0, 10), (2, 20, 30), (3, 40, 50)), iou_thresholds=(0.5, 0.75)
    )
    total = summarise([good, poor])
    assert total.mean["ap_0.5"] == pytest.approx((1 + 1 / 3) / 2)
    assert total.pooled.ap[0.5] == pytest.approx(2 / 4)
    assert total.mean["seg"] == pytest.approx((1 + 1 / 3) / 2)
    assert total.pooled.seg == pytest.approx(2 / 4)
    assert total.pooled.det == pytest.approx(1 - 20 / 40)
    assert total.pooled.mma == pytest.approx(20 / 40)
    mean, pooled = total.to_rows()
    assert (mean["over"], pooled["over"]) == (MEAN_OVER_IMAGES, POOLED_OVER_CELLS)
    assert mean["n_missed"] == pooled["n_missed"] == 2
    assert list(mean) == list(pooled)


def test_an_image_without_cells_counts_in_the_mean_and_not_in_the_pool():
    nothing = evaluate_labels(strip(), strip())
    missed = evaluate_labels(strip(), strip((1, 0, 5)))
    total = summarise([nothing, missed])
    assert (total.mean["seg"], total.pooled.seg) == (0.5, 0.0)


def test_summary_of_nothing_and_of_different_thresholds_is_refused():
    with pytest.raises(InvalidParameterError, match="no image"):
        summarise([])
    one = evaluate_labels(strip((1, 0, 5)), strip((1, 0, 5)), iou_thresholds=(0.5,))
    other = evaluate_labels(strip((1, 0, 5)), strip((1, 0, 5)), iou_thresholds=(0.3,))
    with pytest.raises(InvalidParameterError, match="different IoU thresholds"):
        summarise([one, other])


@pytest.mark.parametrize(
    ("predicted", "reference", "ignore", "error"),
    [
        (np.zeros((2, 3), int), np.zeros((3, 2), int), None, ValueError),
        (np.zeros((2, 3, 1), int), np.zeros((2, 3, 1), int), None, ValueError),
        (np.zeros((2, 3)), np.zeros((2, 3), int), None, TypeError),
        (np.zeros((2, 3), int), np.zeros((2, 3), int), np.zeros((2, 3), int), TypeError),
        (np.zeros((2, 3), int), np.zeros((2, 3), int), np.zeros((3, 2), bool), ValueError),
    ],
)
def test_inputs_that_cannot_be_compared_are_refused(predicted, reference, ignore, error):
    with pytest.raises(error):
        evaluate_labels(predicted, reference, ignore=ignore)


def test_a_threshold_of_zero_is_refused():
    with pytest.raises(ValueError, match="threshold"):
        evaluate_labels(strip(), strip(), iou_thresholds=(0,))


small_labels = hnp.arrays(np.int64, (6, 7), elements=st.integers(0, 5))


@settings(max_examples=80, deadline=None)
@given(small_labels, small_labels, st.integers(1, 10**12), st.permutations(range(1, 6)))
def test_scores_do_not_depend_on_ids(predicted, reference, offset, order):
    renamed = np.concatenate([[0], np.array(order) + offset])[predicted]
    assert evaluate_labels(renamed, reference).to_row() == pytest.approx(
        evaluate_labels(predicted, reference).to_row()
    )


@settings(max_examples=80, deadline=None)
@given(small_labels, small_labels)
def test_exchanging_the_images_exchanges_precision_and_recall(predicted, reference):
    forward = evaluate_labels(predicted, reference, iou_thresholds=(0.2,))
    backward = evaluate_labels(reference, predicted, iou_thresholds=(0.2,))
    assert forward.matching[0].precision == pytest.approx(backward.matching[0].recall)
    assert forward.mma == pytest.approx(backward.mma)
    assert all(0 <= value <= 1 for value in forward.scores().values())
