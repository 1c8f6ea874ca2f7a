"""One-to-one matching of predicted and reference cells.

Only pairs that overlap are considered, as a sparse assignment problem, so that the result is the
one of the Hungarian algorithm on the full table without ever building that table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from dinocell_training.label_overlaps import LabelOverlaps


@dataclass(frozen=True)
class Matching:
    """Pairs of cells, each cell in at most one of them.

    Parameters
    ----------
    reference, predicted : ndarray of shape (T,), intp
        Indices into `LabelOverlaps.reference_ids` and `predicted_ids`, ascending in `reference`.
    intersections : ndarray of shape (T,), int64
        Common pixels of each matched pair.
    ious : ndarray of shape (T,), float64
        Intersection over union of each matched pair.
    """

    reference: NDArray[np.intp]
    predicted: NDArray[np.intp]
    intersections: NDArray[np.int64]
    ious: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.reference)


def match_by_iou(overlaps: LabelOverlaps, threshold: float) -> Matching:
    """Match as many pairs with IoU >= `threshold` as possible and, among those, the best.

    The number of pairs is maximised first and the sum of their IoU second (the Hungarian matching
    of Personalized Cell Segmentation, section 4.2). Above an IoU of 0.5 the matching is unique.

    Parameters
    ----------
    overlaps : LabelOverlaps
        Pixel counts of the two label images.
    threshold : float
        Smallest IoU of a pair, above 0 and at most 1.

    Returns
    -------
    Matching
        The pairs; its length is the number of true positives.

    Raises
    ------
    ValueError
        If the threshold is not in (0, 1].
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"an IoU threshold lies above 0 and at most at 1, not at {threshold}")
    ious = overlaps.ious
    admitted = np.flatnonzero(ious >= threshold)
    # All second-order terms together stay below 1/2, so they never outweigh one more pair.
    n_most = max(1, min(overlaps.n_reference, overlaps.n_predicted))
    return _matching(overlaps, admitted, 1 + ious[admitted] / (2 * n_most))


def match_by_intersection(overlaps: LabelOverlaps) -> Matching:
    """Match one-to-one such that the total intersection in pixels is as large as possible.

    Parameters
    ----------
    overlaps : LabelOverlaps
        Pixel counts of the two label images.

    Returns
    -------
    Matching
        The pairs of the maximum-weight bipartite matching.
    """
    every_pair = np.arange(len(overlaps.intersections))
    return _matching(overlaps, every_pair, overlaps.intersections.astype(np.float64))


def _matching(overlaps: LabelOverlaps, pairs: NDArray[np.intp], weights: NDArray[np.float64]) -> Matching:
    reference, predicted = overlaps.pair_reference[pairs], overlaps.pair_predicted[pairs]
    chosen = pairs[_maximum_weight_pairs(reference, predicted, weights)]
    return Matching(
        reference=overlaps.pair_reference[chosen],
        predicted=overlaps.pair_predicted[chosen],
        intersections=overlaps.intersections[chosen],
        ious=overlaps.ious[chosen],
    )


def _maximum_weight_pairs(
    rows: NDArray[np.intp], columns: NDArray[np.intp], weights: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Choose pairs so that no row and no column occurs twice and the sum of weights is largest.

    Parameters
    ----------
    rows, columns : ndarray of shape (K,), intp
        The admitted pairs, each at most once.
    weights : ndarray of shape (K,), float64
        Their weights, all above 0.

    Returns
    -------
    ndarray of shape (T,), intp
        Positions of the chosen pairs, ascending.
    """
    if len(rows) == 0:
        return np.empty(0, dtype=np.intp)
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    contested = np.flatnonzero(~alone)
    if len(contested) == 0:
        return np.flatnonzero(alone)

    _, row = np.unique(rows[contested], return_inverse=True)
    _, column = np.unique(columns[contested], return_inverse=True)
    n_rows, n_columns = int(row.max()) + 1, int(column.max()) + 1
    # A column of its own lets every row stay unmatched. The offset of 1 is paid once by every row,
    # so it changes no comparison; it is there because a stored weight of 0 would mean "no pair".
    staying_single = np.arange(n_rows)
    table = sparse.coo_array(
        (
            np.concatenate([weights[contested] + 1, np.ones(n_rows)]),
            (np.concatenate([row, staying_single]), np.concatenate([column, n_columns + staying_single])),
        ),
        shape=(n_rows, n_columns + n_rows),
    ).tocsr()
    matched_rows, matched_columns = min_weight_full_bipartite_matching(table, maximize=True)
    partner = np.full(n_rows, -1)
    partner[matched_rows] = matched_columns
    chosen = np.concatenate([np.flatnonzero(alone), contested[partner[row] == column]])
    return np.sort(chosen)
