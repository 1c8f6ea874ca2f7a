"""The sparse matching against scipy's dense Hungarian algorithm and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from dinocell_training.label_overlaps import count_overlaps
from dinocell_training.matching import match_by_intersection, match_by_iou
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment

labels = hnp.arrays(np.uint16, (8, 9), elements=st.integers(0, 7))


def dense_tables(predicted, reference):
    reference_ids, predicted_ids = (np.setdiff1d(np.unique(x), [0]) for x in (reference, predicted))
    inter = np.array(
        [[np.sum((reference == r) & (predicted == p)) for p in predicted_ids] for r in reference_ids]
    )
    union = np.array(
        [[np.sum((reference == r) | (predicted == p)) for p in predicted_ids] for r in reference_ids]
    )
    shape = (len(reference_ids), len(predicted_ids))
    return inter.reshape(shape), union.reshape(shape)


@settings(max_examples=100, deadline=None)
@given(labels, labels)
def test_overlaps_equal_counting_pixel_by_pixel(predicted, reference):
    inter, _ = dense_tables(predicted, reference)
    overlaps = count_overlaps(predicted, reference)
    dense = np.zeros_like(inter)
    dense[overlaps.pair_reference, overlaps.pair_predicted] = overlaps.intersections
    np.testing.assert_array_equal(dense, inter)
    assert overlaps.reference_areas.tolist() == [np.sum(reference == i) for i in overlaps.reference_ids]
    assert overlaps.predicted_areas.tolist() == [np.sum(predicted == i) for i in overlaps.predicted_ids]
    assert overlaps.union_area == np.sum((predicted > 0) | (reference > 0))


@settings(max_examples=100, deadline=None)
@given(labels, labels)
def test_largest_total_intersection_equals_the_dense_assignment(predicted, reference):
    inter, _ = dense_tables(predicted, reference)
    rows, columns = linear_sum_assignment(inter, maximize=True)
    matching = match_by_intersection(count_overlaps(predicted, reference))
    assert matching.intersections.sum() == inter[rows, columns].sum()
    assert len(set(matching.reference.tolist())) == len(set(matching.predicted.tolist())) == len(matching)


@settings(max_examples=100, deadline=None)
@given(labels, labels, st.sampled_from([0.05, 0.2, 0.3, 0.5, 0.75, 1.0]))
def test_iou_matching_equals_the_dense_assignment(predicted, reference, threshold):
    inter, union = dense_tables(predicted, reference)
    iou = inter / np.maximum(union, 1)
    admitted = iou >= threshold
    gain = np.where(admitted, 100 + iou, 0.0)  # a pair more outweighs every difference of IoU here
    rows, columns = linear_sum_assignment(gain, maximize=True)
    chosen = admitted[rows, columns]
    matching = match_by_iou(count_overlaps(predicted, reference), threshold)
    assert len(matching) == chosen.sum()
    assert matching.ious.sum() == pytest.approx(iou[rows, columns][chosen].sum())
    assert len(set(matching.reference.tolist())) == len(set(matching.predicted.tolist())) == len(matching)
    assert np.all(matching.ious >= threshold)


def runs(*label_and_length):
    return np.repeat(label_and_length[::2], label_and_length[1::2])[None]


def test_one_more_pair_outweighs_a_better_pair():
    # Pair (1, 1) has IoU 8 / 11; pairs (1, 2) and (2, 1) together only 2 / 10 + 1 / 17.
    overlaps = count_overlaps(runs(2, 2, 1, 9, 0, 8), runs(1, 10, 2, 9))
    matching = match_by_iou(overlaps, 0.05)
    assert matching.ious.tolist() == [2 / 10, 1 / 17]
    assert match_by_iou(overlaps, 0.3).ious.tolist() == [8 / 11]


def test_more_pixels_outweigh_one_more_pair():
    # Prediction 1 shares 2 pixels with reference 1 and 5 with reference 2, prediction 2 shares 2 with it.
    overlaps = count_overlaps(runs(1, 7, 2, 2), runs(1, 2, 2, 7))
    assert match_by_intersection(overlaps).intersections.tolist() == [5]


def test_thousands_of_touching_cells_in_one_block_are_matched():
    # A grid against itself moved by 3 of 10 pixels: every cell overlaps four others.
    rows, columns = np.divmod(np.arange(600 * 600).reshape(600, 600), 600)
    reference = (rows // 10) * 60 + columns // 10 + 1
    predicted = np.roll(reference, (3, 3), axis=(0, 1))
    matching = match_by_intersection(count_overlaps(predicted, reference))
    assert matching.intersections.sum() == 3600 * 49
    assert len(match_by_iou(count_overlaps(predicted, reference), 0.3)) == 3600
