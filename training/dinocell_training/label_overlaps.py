"""Which predicted cell shares how many pixels with which reference cell.

Everything that compares two label images starts from this one sparse table, so that label ids may
be any integers and 20,000 cells cost no more than their pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

AnyLabels = NDArray[np.integer[Any]] | NDArray[np.bool_]


@dataclass(frozen=True)
class LabelOverlaps:
    """Pixel counts of two label images of one field of view.

    Rows of the pair arrays describe pairs with at least one common pixel, sorted by reference and
    then by prediction.

    Parameters
    ----------
    reference_ids, predicted_ids : ndarray of shape (R,) and (P,), int64
        The ids that occur, in ascending order, 0 (background) excepted.
    reference_areas, predicted_areas : ndarray of shape (R,) and (P,), int64
        Their areas in pixels.
    pair_reference, pair_predicted : ndarray of shape (K,), intp
        Indices into the two lists above.
    intersections : ndarray of shape (K,), int64
        Common pixels of each pair.
    """

    reference_ids: NDArray[np.int64]
    predicted_ids: NDArray[np.int64]
    reference_areas: NDArray[np.int64]
    predicted_areas: NDArray[np.int64]
    pair_reference: NDArray[np.intp]
    pair_predicted: NDArray[np.intp]
    intersections: NDArray[np.int64]

    @property
    def n_reference(self) -> int:
        """Number of reference cells."""
        return len(self.reference_ids)

    @property
    def n_predicted(self) -> int:
        """Number of predicted cells."""
        return len(self.predicted_ids)

    @property
    def ious(self) -> NDArray[np.float64]:
        """Intersection over union of each pair, shape (K,)."""
        unions = (
            self.reference_areas[self.pair_reference]
            + self.predicted_areas[self.pair_predicted]
            - self.intersections
        )
        return self.intersections / unions

    @property
    def covers_reference(self) -> NDArray[np.bool_]:
        """Whether the prediction of a pair covers more than half of the reference, shape (K,).

        The matching rule of the Cell Tracking Challenge: a reference has at most one such partner.
        """
        return 2 * self.intersections > self.reference_areas[self.pair_reference]

    @property
    def lies_in_reference(self) -> NDArray[np.bool_]:
        """Whether more than half of the prediction of a pair lies in the reference, shape (K,)."""
        return 2 * self.intersections > self.predicted_areas[self.pair_predicted]

    @property
    def union_area(self) -> int:
        """Pixels that belong to a reference cell, to a predicted cell or to both."""
        return int(self.reference_areas.sum() + self.predicted_areas.sum() - self.intersections.sum())


def count_overlaps(
    predicted: AnyLabels, reference: AnyLabels, *, ignore: NDArray[np.bool_] | None = None
) -> LabelOverlaps:
    """Count the pixels of each cell and of each overlapping pair of cells.

    With an ignore region, (1) a reference cell of which more than half lies in the region becomes
    part of it, (2) a predicted cell of which more than half lies in the region is left out, and
    (3) pixels in the region are not counted, neither for areas nor for intersections.

    Parameters
    ----------
    predicted : ndarray of shape (M, N), int or bool
        Predicted labels, 0 = background, any ids.
    reference : ndarray of shape (M, N), int or bool
        Reference labels, 0 = background, any ids unrelated to the predicted ones.
    ignore : ndarray of shape (M, N), bool, optional
        True where nobody knows what is right (unannotated or ambiguous parts).

    Returns
    -------
    LabelOverlaps
        Areas and intersections in pixels.

    Raises
    ------
    ValueError
        If the shapes differ or are not two-dimensional.
    TypeError
        If labels are not integers, or `ignore` is not bool.
    """
    _check(predicted, reference, ignore)
    reference_ids, reference_index = _compact(reference)
    predicted_ids, predicted_index = _compact(predicted)
    reference_kept = np.ones(len(reference_ids) + 1, dtype=bool)
    predicted_kept = np.ones(len(predicted_ids) + 1, dtype=bool)
    reference_kept[0] = predicted_kept[0] = False
    if ignore is not None:
        ignored = ignore.ravel()
        reference_kept &= ~_mostly_in(reference_index, ignored, len(reference_ids))
        ignored = ignored | (~reference_kept & (np.arange(len(reference_kept)) > 0))[reference_index]
        predicted_kept &= ~_mostly_in(predicted_index, ignored, len(predicted_ids))
        reference_index, predicted_index = reference_index[~ignored], predicted_index[~ignored]

    # A cell outside the ignore region always keeps at least half of its pixels, so none has area 0.
    counts = sparse.coo_array(
        (np.ones(len(reference_index), dtype=np.int64), (reference_index, predicted_index)),
        shape=(len(reference_ids) + 1, len(predicted_ids) + 1),
    ).tocsr()
    counts = counts[reference_kept | (np.arange(len(reference_kept)) == 0)]
    counts = counts[:, predicted_kept | (np.arange(len(predicted_kept)) == 0)]
    pairs = counts[1:, 1:].tocoo()
    order = np.lexsort((pairs.col, pairs.row))
    return LabelOverlaps(
        reference_ids=reference_ids[reference_kept[1:]],
        predicted_ids=predicted_ids[predicted_kept[1:]],
        reference_areas=np.asarray(counts.sum(axis=1), dtype=np.int64)[1:],
        predicted_areas=np.asarray(counts.sum(axis=0), dtype=np.int64)[1:],
        pair_reference=pairs.row[order].astype(np.intp),
        pair_predicted=pairs.col[order].astype(np.intp),
        intersections=pairs.data[order].astype(np.int64),
    )


def _check(predicted: AnyLabels, reference: AnyLabels, ignore: NDArray[np.bool_] | None) -> None:
    if predicted.ndim != 2 or predicted.shape != reference.shape:
        raise ValueError(
            f"labels must be two-dimensional and of one shape, not {predicted.shape} (predicted) "
            f"and {reference.shape} (reference)"
        )
    for name, labels in (("predicted", predicted), ("reference", reference)):
        if not (np.issubdtype(labels.dtype, np.integer) or labels.dtype == np.bool_):
            raise TypeError(f"{name} labels must be integers, not {labels.dtype}")
    if ignore is None:
        return
    if ignore.dtype != np.bool_:
        raise TypeError(f"the ignore region must be bool, not {ignore.dtype}")
    if ignore.shape != reference.shape:
        raise ValueError(f"the ignore region has shape {ignore.shape}, the labels {reference.shape}")


def _compact(labels: AnyLabels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids that occur (background excepted) and, for each pixel, 0 or 1 + the index of its id."""
    flat = labels.ravel()
    if flat.dtype == np.bool_:
        flat = flat.view(np.uint8)
    if flat.size and int(flat.min()) >= 0 and int(flat.max()) <= 4 * flat.size:
        present = np.zeros(int(flat.max()) + 1, dtype=bool)  # linear in the pixels, where sorting is not
        present[flat] = True
        present[0] = False
        ids = np.flatnonzero(present)
        index_of = np.cumsum(present, dtype=np.int64) * present
        return ids.astype(np.int64), index_of[flat]
    ids, inverse = np.unique(flat, return_inverse=True)
    foreground = ids != 0
    index_of = np.cumsum(foreground, dtype=np.int64) * foreground
    return ids[foreground].astype(np.int64), index_of[inverse.ravel()]


def _mostly_in(index: NDArray[np.int64], region: NDArray[np.bool_], n_cells: int) -> NDArray[np.bool_]:
    """Whether more than half of each cell lies in a region, shape (n_cells + 1,); entry 0 is False."""
    areas = np.bincount(index, minlength=n_cells + 1)
    inside = np.bincount(index[region], minlength=n_cells + 1)
    mostly: NDArray[np.bool_] = 2 * inside > areas
    mostly[0] = False
    return mostly
