"""What speaks for and against each cell before the trained head looks: scores without training, looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dinocell_app.reference_types import N_LOOKS
from dinocell_app.segmentation.reference.scoring import cell_logits

N_EVIDENCE = 4 + 2 * N_LOOKS
"""Two logits, two similarities, and how the cell's looks differ from those of both kinds of references."""

LOGIT_UNIT = 4.0
MOST_UNITS = 3.0
"""Logits of the score without training are given in units of 4 and cut at 12, where a score is 0 or 1."""

LOOK_UNIT = 0.2


def evidence(
    cells: NDArray[np.float32], positives: NDArray[np.float32], negatives: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Gather what is known of cells without training.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture, as `description.describe_cells` gives them.
    positives : ndarray of shape (P, D + N_LOOKS), float32
        At least one.
    negatives : ndarray of shape (Q, D + N_LOOKS), float32

    Returns
    -------
    ndarray of shape (K, N_EVIDENCE), float32
        First the logit of the score without training.
    """
    with_all = cell_logits(cells, positives, negatives)
    alone = cell_logits(cells, positives, negatives[:0]) if len(negatives) else with_all
    columns = [np.clip(each / LOGIT_UNIT, -MOST_UNITS, MOST_UNITS)[:, None] for each in (with_all, alone)]
    columns += [_nearest_cosine(cells, each) for each in (positives, negatives)]
    columns += [_looks_apart(cells, each) for each in (positives, negatives)]
    return np.concatenate(columns, axis=1).astype(np.float32)


def _nearest_cosine(cells: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.float64]:
    if not len(references):
        return np.zeros((len(cells), 1))
    similarity = cells[:, :-N_LOOKS] @ references[:, :-N_LOOKS].T
    return np.asarray(similarity.max(axis=1, keepdims=True), np.float64)


def _looks_apart(cells: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.float64]:
    if not len(references):
        return np.zeros((len(cells), N_LOOKS))
    apart = (cells[:, -N_LOOKS:] - references[:, -N_LOOKS:].mean(axis=0)) / LOOK_UNIT
    return np.asarray(np.clip(apart, -5, 5), np.float64)
