"""How sure the difference between two models is: an interval from resampling pictures and cells.

A bootstrap at both levels: pictures are drawn with replacement, and within each picture its units, which
are the reference cells and the cells that either model found where there is none. A unit carries what
it counts for in both models, so that the two are compared on the same draw (a paired bootstrap; Efron and
Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_training.label_overlaps import AnyLabels, count_overlaps
from dinocell_training.matching import match_by_iou

DRAWS = 2000
"""Enough for the ends of a 95 % interval to be stable to about a hundredth of AP."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class PairedUnits:
    """What each unit of one picture counts for in the base model and in the new one.

    Parameters
    ----------
    base_hit, new_hit : ndarray of shape (N,), bool
        A reference cell that was found.
    base_false, new_false : ndarray of shape (N,), bool
        A cell found where there is none.
    is_reference : ndarray of shape (N,), bool
        Whether the unit is a reference cell.
    """

    base_hit: NDArray[np.bool_]
    new_hit: NDArray[np.bool_]
    base_false: NDArray[np.bool_]
    new_false: NDArray[np.bool_]
    is_reference: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.is_reference)

    def difference(self, weights: NDArray[np.integer]) -> NDArray[np.float64]:
        """Give how much higher the AP of the new model is, when units count as often as drawn.

        Parameters
        ----------
        weights : ndarray of shape (B, N), int

        Returns
        -------
        ndarray of shape (B,), float64
            AP = TP / (TP + FP + FN) (Personalized Cell Segmentation, section 4.2); 1 where there is nothing.
        """
        n_reference = weights @ self.is_reference.astype(np.int64)
        return _ap(n_reference, weights, self.new_hit, self.new_false) - _ap(
            n_reference, weights, self.base_hit, self.base_false
        )


@dataclass(frozen=True)
class Interval:
    """A difference and how far it may be from the truth.

    Parameters
    ----------
    difference : float
        Mean over the pictures, new less base.
    low, high : float
        Ends of the interval of `CONFIDENCE`.
    """

    difference: float
    low: float
    high: float

    def lowered(self, by: float) -> Interval:
        """Move the difference and both ends down."""
        return Interval(self.difference - by, self.low - by, self.high - by)


def pair_units(
    base: AnyLabels,
    new: AnyLabels,
    reference: AnyLabels,
    ignore: NDArray[np.bool_] | None,
    threshold: float,
) -> PairedUnits:
    """Say of each cell what both models made of it.

    Parameters
    ----------
    base, new, reference : ndarray of shape (M, N), int
        Labels; 0 is background.
    ignore : ndarray of shape (M, N), bool, or None
        Where nothing is counted.
    threshold : float
        Smallest IoU of a cell that was found.
    """
    hits, wrong = [], []
    n_reference = 0
    for predicted in (base, new):
        overlaps = count_overlaps(predicted, reference, ignore=ignore)
        matching = match_by_iou(overlaps, threshold)
        n_reference = overlaps.n_reference
        hit = np.zeros(n_reference, bool)
        hit[matching.reference] = True
        hits.append(hit)
        missing = np.setdiff1d(np.arange(overlaps.n_predicted), matching.predicted)
        wrong.append(overlaps.predicted_ids[missing])
    # The same wrong cell found by both models is one unit, or equal models would seem to differ.
    false_base = np.where(np.isin(base, wrong[0]), base, 0)
    false_new = np.where(np.isin(new, wrong[1]), new, 0)
    shared = len(match_by_iou(count_overlaps(false_new, false_base), threshold))
    only_base, only_new = len(wrong[0]) - shared, len(wrong[1]) - shared
    nothing = np.zeros(shared + only_base + only_new, bool)
    in_base, in_new = nothing.copy(), nothing.copy()
    in_base[: shared + only_base] = True
    in_new[:shared] = True
    in_new[shared + only_base :] = True
    none = np.zeros(n_reference, bool)
    return PairedUnits(
        base_hit=np.concatenate([hits[0], nothing]),
        new_hit=np.concatenate([hits[1], nothing]),
        base_false=np.concatenate([none, in_base]),
        new_false=np.concatenate([none, in_new]),
        is_reference=np.concatenate([~none, nothing]),
    )


def interval_of(pictures: Sequence[PairedUnits], seed: int = 0) -> Interval:
    """Resample pictures and cells.

    Parameters
    ----------
    pictures : sequence of PairedUnits
        At least one.
    """
    rng = np.random.default_rng(seed)
    whole = [float(units.difference(np.ones((1, len(units)), np.int64))[0]) for units in pictures]
    draws = np.stack([_drawn(units, rng) for units in pictures])
    chosen = rng.integers(0, len(pictures), (DRAWS, len(pictures)))
    means = draws[chosen, np.arange(DRAWS)[:, None]].mean(axis=1)
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(means, (tail, 100 - tail))
    return Interval(float(np.mean(whole)), float(low), float(high))


def _drawn(units: PairedUnits, rng: np.random.Generator) -> NDArray[np.float64]:
    if not len(units):
        return np.zeros(DRAWS)
    weights = rng.multinomial(len(units), np.full(len(units), 1 / len(units)), DRAWS)
    return units.difference(weights)


def _ap(
    n_reference: NDArray[np.integer],
    weights: NDArray[np.integer],
    hit: NDArray[np.bool_],
    false: NDArray[np.bool_],
) -> NDArray[np.float64]:
    found = weights @ hit.astype(np.int64)
    counted = n_reference + weights @ false.astype(np.int64)
    return np.where(counted > 0, found / np.maximum(counted, 1), 1.0)
