"""Scores of one predicted label image against its reference, each from its published definition.

Where nothing can be measured the value is fixed once, in `share`: **no cell in the reference and
none predicted is a perfect result (1), and exactly one of the two empty is a failed one (0).**
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dinocell_training.label_overlaps import LabelOverlaps
from dinocell_training.matching import match_by_intersection, match_by_iou

SPLIT_COST = 5
MISSED_COST = 10
FALSE_COST = 1


def share(part: float, whole: float, *, n_cells: int) -> float:
    """Quotient of a score, with the rule for images without cells.

    Parameters
    ----------
    part, whole : float
        Numerator and denominator.
    n_cells : int
        Reference and predicted cells together.

    Returns
    -------
    float
        1 without any cell, else `part / whole`, and 0 when only the denominator is empty.
    """
    if n_cells == 0:
        return 1.0
    return float(part / whole) if whole else 0.0


@dataclass(frozen=True)
class DetectionErrors:
    """Operations that turn the predicted cells into the reference cells (AOGM-D).

    Parameters
    ----------
    n_reference, n_predicted : int
        Reference and predicted cells.
    n_splits : int
        Cuts needed in predictions that cover several references: references covered minus one.
    n_missed : int
        References that no prediction covers by more than half.
    n_false : int
        Predictions that cover no reference by more than half.
    """

    n_reference: int
    n_predicted: int
    n_splits: int
    n_missed: int
    n_false: int

    @property
    def cost(self) -> int:
        """AOGM-D: the weighted sum of operations, weights 5 (split), 10 (missed), 1 (false)."""
        return SPLIT_COST * self.n_splits + MISSED_COST * self.n_missed + FALSE_COST * self.n_false

    @property
    def accuracy(self) -> float:
        """DET = 1 - min(AOGM-D, AOGM-D0) / AOGM-D0 with AOGM-D0 = 10 * references."""
        cost_of_nothing = MISSED_COST * self.n_reference
        saved = cost_of_nothing - min(self.cost, cost_of_nothing)
        return share(saved, cost_of_nothing, n_cells=self.n_reference + self.n_predicted)


@dataclass(frozen=True)
class CellErrors:
    """What went wrong, in the words of someone who corrects masks by hand.

    Parameters
    ----------
    n_split : int
        References in which two or more predictions lie with more than half of their own area.
    n_merged : int
        Predictions that cover more than half of each of two or more references.
    n_missed : int
        References that no prediction covers by more than half and that are not split.
    n_false : int
        Predictions that cover no reference by more than half and are no part of a split one.
    """

    n_split: int
    n_merged: int
    n_missed: int
    n_false: int


@dataclass(frozen=True)
class SummedIou:
    """Sum of IoU over cells; sums of several images can be added.

    Parameters
    ----------
    total : float
        Sum of the IoU of matched cells.
    n_counted : int
        Number of cells the sum is to be divided by.
    n_cells : int
        Reference and predicted cells together.
    """

    total: float
    n_counted: int
    n_cells: int

    @property
    def mean(self) -> float:
        """IoU per counted cell; 1 when there is no cell at all, 0 when none is counted."""
        return share(self.total, self.n_counted, n_cells=self.n_cells)


def segmentation_accuracy(overlaps: LabelOverlaps) -> SummedIou:
    """SEG of the Cell Tracking Challenge (Maška et al. 2014); `.mean` is the score.

    A prediction S matches a reference R when |R ∩ S| > 0.5 |R|; the score is the mean over **all**
    reference cells of |R ∩ S| / |R ∪ S|, an unmatched reference counting 0. The DINOCell paper
    (section 3.4.1) words it differently, see `segmentation_accuracy_of_matched`.

    Parameters
    ----------
    overlaps : LabelOverlaps
        Pixel counts of the two label images.

    Returns
    -------
    SummedIou
        Counted over all references.
    """
    total = float(overlaps.ious[overlaps.covers_reference].sum())
    return SummedIou(total, overlaps.n_reference, overlaps.n_reference + overlaps.n_predicted)


def segmentation_accuracy_of_matched(overlaps: LabelOverlaps) -> SummedIou:
    """SEG as worded in the DINOCell paper, section 3.4.1 and formula 2; `.mean` is the score.

    Cells are matched one-to-one at an IoU of 0.5 and the IoU is averaged over the **matched** pairs
    only: a missed cell costs nothing here, where the Cell Tracking Challenge counts it as 0. Never
    below 0.5 once anything is matched, so it cannot be compared with `segmentation_accuracy`.

    Parameters
    ----------
    overlaps : LabelOverlaps
        Pixel counts of the two label images.

    Returns
    -------
    SummedIou
        Counted over matched references.
    """
    matching = match_by_iou(overlaps, 0.5)
    total = float(matching.ious.sum())
    return SummedIou(total, len(matching), overlaps.n_reference + overlaps.n_predicted)


def detection_errors(overlaps: LabelOverlaps) -> DetectionErrors:
    """Errors behind DET of the Cell Tracking Challenge (Matula et al. 2015), `.accuracy` is DET.

    The DINOCell paper (section 3.4.1, formula 3) uses the same measure.

    Parameters
    ----------
    overlaps : LabelOverlaps
        Pixel counts of the two label images.

    Returns
    -------
    DetectionErrors
        Numbers of splits, missed references and false predictions.
    """
    covering = overlaps.pair_predicted[overlaps.covers_reference]
    n_covering = len(np.unique(covering))
    return DetectionErrors(
        n_reference=overlaps.n_reference,
        n_predicted=overlaps.n_predicted,
        n_splits=len(covering) - n_covering,
        n_missed=overlaps.n_reference - len(covering),
        n_false=overlaps.n_predicted - n_covering,
    )


@dataclass(frozen=True)
class MatchedArea:
    """Numerator and denominator of MMA; areas of several images can be added.

    Parameters
    ----------
    intersection : int
        Total intersection of the best one-to-one matching in pixels.
    union : int
        Pixels that belong to any reference or predicted cell.
    """

    intersection: int
    union: int

    @property
    def accuracy(self) -> float:
        """MMA in [0, 1]; 1 when both images are empty."""
        return share(self.intersection, self.union, n_cells=self.union)


def maximum_matching_accuracy(overlaps: LabelOverlaps) -> MatchedArea:
    """MMA of the DINOCell paper, section 3.4.1 and formula 4; `.accuracy` is the score.

    The total intersection of the maximum-weight one-to-one matching, divided by the number of
    pixels that belong to any reference or predicted cell.

    Parameters
    ----------
    overlaps : LabelOverlaps
        Pixel counts of the two label images.

    Returns
    -------
    MatchedArea
        The two areas.
    """
    matching = match_by_intersection(overlaps)
    return MatchedArea(int(matching.intersections.sum()), overlaps.union_area)


def cell_errors(overlaps: LabelOverlaps) -> CellErrors:
    """Count split, merged, missed and false cells.

    Parameters
    ----------
    overlaps : LabelOverlaps
        Pixel counts of the two label images.

    Returns
    -------
    CellErrors
        The four counts; a cell can be both split and merged.
    """
    covers, inside = overlaps.covers_reference, overlaps.lies_in_reference
    parts = np.bincount(overlaps.pair_reference[inside], minlength=overlaps.n_reference)
    covered = np.bincount(overlaps.pair_predicted[covers], minlength=overlaps.n_predicted)
    is_split = parts >= 2
    is_detected = np.zeros(overlaps.n_reference, dtype=bool)
    is_detected[overlaps.pair_reference[covers]] = True
    explained = covered > 0
    explained[overlaps.pair_predicted[inside & is_split[overlaps.pair_reference]]] = True
    return CellErrors(
        n_split=int(is_split.sum()),
        n_merged=int((covered >= 2).sum()),
        n_missed=int((~is_detected & ~is_split).sum()),
        n_false=int((~explained).sum()),
    )
