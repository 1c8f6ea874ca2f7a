"""What speaks for and against each cell before the trained head looks: scores without training, looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.references.types import N_LOOKS
from dinocell_app.segmentation.reference.scoring import (
    PositiveLikeness,
    likeness_to_positives,
    logits_beside,
)

N_EVIDENCE = 4 + 2 * N_LOOKS
"""Two logits, two similarities, and how the cell's looks differ from those of both kinds of references."""

LOGIT_UNIT = 4.0
MOST_UNITS = 3.0
"""Logits of the score without training are given in units of 4 and cut at 12, where a score is 0 or 1."""

LOOK_UNIT = 0.2


@dataclass(frozen=True)
class PositiveEvidence:
    """What the positives alone say of all cells of a picture; found once for any number of negatives.

    Parameters
    ----------
    alone : ndarray of shape (K, 1), float64
        Logit without negatives, in units.
    cosine : ndarray of shape (K, 1), float64
    looks : ndarray of shape (K, N_LOOKS), float64
    """

    likeness: PositiveLikeness
    alone: NDArray[np.float64]
    cosine: NDArray[np.float64]
    looks: NDArray[np.float64]


def positive_evidence(cells: NDArray[np.float32], positives: NDArray[np.float32]) -> PositiveEvidence:
    """Gather what positives say.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture, as `description.describe_cells` gives them.
    positives : ndarray of shape (P, D + N_LOOKS), float32
        At least one.
    """
    likeness = likeness_to_positives(cells, positives)
    alone = _in_units(logits_beside(likeness, cells, positives[:0]))
    return PositiveEvidence(
        likeness, alone, _nearest_cosine(cells, positives), _looks_apart(cells, positives)
    )


def evidence_beside(
    known: PositiveEvidence, cells: NDArray[np.float32], negatives: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Gather what is known of cells without training.

    Parameters
    ----------
    known : PositiveEvidence
        Of these cells.
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture.
    negatives : ndarray of shape (Q, D + N_LOOKS), float32

    Returns
    -------
    ndarray of shape (K, N_EVIDENCE), float32
        First the logit of the score without training.
    """
    beside = _in_units(logits_beside(known.likeness, cells, negatives)) if len(negatives) else known.alone
    columns = [beside, known.alone, known.cosine, _nearest_cosine(cells, negatives), known.looks]
    return np.concatenate([*columns, _looks_apart(cells, negatives)], axis=1).astype(np.float32)


def evidence(
    cells: NDArray[np.float32], positives: NDArray[np.float32], negatives: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Gather what is known of cells without training, of positives and negatives at once.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture.
    positives : ndarray of shape (P, D + N_LOOKS), float32
        At least one.
    negatives : ndarray of shape (Q, D + N_LOOKS), float32

    Returns
    -------
    ndarray of shape (K, N_EVIDENCE), float32
        As `evidence_beside` gives it.
    """
    return evidence_beside(positive_evidence(cells, positives), cells, negatives)


def _in_units(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(logits / LOGIT_UNIT, -MOST_UNITS, MOST_UNITS)[:, None]


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
