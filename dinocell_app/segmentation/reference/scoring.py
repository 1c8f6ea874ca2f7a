"""How much a cell looks like the references: likeness to the nearest, calibrated by the picture's cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from dinocell_app.references.score_peaks import best_parting
from dinocell_app.segmentation.reference.description import likeness, likeness_to_all

MIN_SPREAD = 0.02
"""Likeness is not told apart more finely than this."""

MIN_CELLS = 5
"""With fewer cells a picture says nothing about which similarities are common."""

TWO_HUMPS = 0.75
"""Variance between two groups, of all, for a flat distribution; a normal one has 0.64 (Otsu 1979)."""

UNUSUAL_SHARE = 0.1
"""A reference less like the picture's cells than this share of them is like each other is of a rare type."""


@dataclass(frozen=True)
class TypeReferences:
    """Cells that a person pointed at for one type.

    Parameters
    ----------
    positives : ndarray of shape (P, D), float32
        Descriptions of cells of the type, as `description.describe_cells` gives them; at least one.
    negatives : ndarray of shape (Q, D), float32
        Descriptions of cells that are not of it.
    """

    name: str
    positives: NDArray[np.float32]
    negatives: NDArray[np.float32]


@dataclass(frozen=True)
class Level:
    """Where a likeness stops being common.

    Parameters
    ----------
    middle : float
        Likeness that scores 0.5.
    spread : float
        Likeness that brings the odds from 1 to e.
    """

    middle: float
    spread: float


def score_cells(cells: NDArray[np.float32], references: TypeReferences) -> NDArray[np.float64]:
    r"""Score cells of a picture by the references of one type.

    With the likeness :math:`s^+` to the nearest positive, :math:`s^-` to the nearest negative and
    the level :math:`(m, t)` of `background_level`, the score is

    .. math:: 1 / (1 + \exp(-(s^+ - \max(s^-, m)) / t)),

    the share of the nearest positive in a softmax over it and the strongest rival at temperature t, as in
    prototypical networks (Snell, Swersky and Zemel 2017) with nearest in place of mean prototypes. The level
    depends on positives alone, so one more negative never raises a score; the order of references has no
    part in it.

    Parameters
    ----------
    cells : ndarray of shape (K, D), float32
        Descriptions of all cells of one picture.

    Returns
    -------
    ndarray of shape (K,), float64
        0 to 1; 0.5 where a cell is as much like the references as like others.
    """
    return np.asarray(expit(cell_logits(cells, references.positives, references.negatives)), np.float64)


def cell_logits(
    cells: NDArray[np.float32], positives: NDArray[np.float32], negatives: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Give the logits of `score_cells`.

    Parameters
    ----------
    cells : ndarray of shape (K, D), float32
        Descriptions of all cells of one picture.
    positives : ndarray of shape (P, D), float32
        At least one.
    negatives : ndarray of shape (Q, D), float32

    Returns
    -------
    ndarray of shape (K,), float64
    """
    return logits_beside(likeness_to_positives(cells, positives), cells, negatives)


@dataclass(frozen=True)
class PositiveLikeness:
    """How like the positives all cells of a picture are.

    Parameters
    ----------
    similarity : ndarray of shape (K,), float64
        To the nearest positive.
    level : Level
        That parts cells like the positives from the others.
    """

    similarity: NDArray[np.float64]
    level: Level


def likeness_to_positives(cells: NDArray[np.float32], positives: NDArray[np.float32]) -> PositiveLikeness:
    """Compare cells with positives; whatever the negatives are, this stays.

    Parameters
    ----------
    cells : ndarray of shape (K, D), float32
    positives : ndarray of shape (P, D), float32
        At least one.
    """
    if not len(cells):
        return PositiveLikeness(np.zeros(0), Level(0.0, MIN_SPREAD))
    return PositiveLikeness(_nearest(cells, positives), background_level(cells, positives))


def logits_beside(
    known: PositiveLikeness, cells: NDArray[np.float32], negatives: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Give the logits of `score_cells` for some negatives.

    Parameters
    ----------
    known : PositiveLikeness
        Of these cells.
    cells : ndarray of shape (K, D), float32
    negatives : ndarray of shape (Q, D), float32

    Returns
    -------
    ndarray of shape (K,), float64
    """
    rival = np.full(len(cells), known.level.middle)
    if len(negatives) and len(cells):
        rival = np.maximum(rival, _nearest(cells, negatives))
    return np.asarray((known.similarity - rival) / known.level.spread, np.float64)


def score_types(cells: NDArray[np.float32], types: Sequence[TypeReferences]) -> NDArray[np.float64]:
    """Score cells by several types; a type's references speak against the other types.

    Parameters
    ----------
    cells : ndarray of shape (K, D), float32
        Descriptions of all cells of one picture.

    Returns
    -------
    ndarray of shape (K, len(types)), float64
    """
    scores = np.zeros((len(cells), len(types)))
    for index, own in enumerate(types):
        others = [each.positives for each in types if each is not own]
        negatives = np.concatenate([own.negatives, *others])
        scores[:, index] = score_cells(cells, TypeReferences(own.name, own.positives, negatives))
    return scores


def background_level(cells: NDArray[np.float32], positives: NDArray[np.float32]) -> Level:
    """Find the level of likeness that parts cells like the references from the others of a picture.

    The likenesses of the picture's own cells decide, as the cohort does in score normalisation
    (Auckenthaler, Carey and Lloyd-Thomas 2000): where they form two humps (Otsu 1979) the level is half-way
    between the means; where they form one, it is two robust standard deviations below the median when the
    reference is a usual cell of the picture, and three above it when it is not. Several positives are at
    least at the level themselves, each compared with the nearest other.

    Parameters
    ----------
    cells : ndarray of shape (K, D), float32
        At least one.
    positives : ndarray of shape (P, D), float32
    """
    similarity = _nearest(cells, positives)
    median = float(np.median(similarity))
    deviation = max(1.4826 * float(np.median(np.abs(similarity - median))), MIN_SPREAD)
    humps = _two_humps(np.sort(similarity))
    if humps is not None:
        level = Level(sum(humps) / 2, max((humps[1] - humps[0]) / 4, MIN_SPREAD))
    elif _is_usual(cells, positives):
        level = Level(median - 2 * deviation, deviation)
    else:
        level = Level(median + 3 * deviation, deviation)
    if len(positives) > 1:
        among = likeness(positives, positives)
        np.fill_diagonal(among, -np.inf)
        level = Level(min(level.middle, float(among.max(axis=1).min())), level.spread)
    return level


def _nearest(cells: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(likeness(cells, references).max(axis=1), np.float64)


def _two_humps(ascending: NDArray[np.float64]) -> tuple[float, float] | None:
    """Give the means of the two groups that part the values best; None when they are one group."""
    variance = float(ascending.var())
    if len(ascending) < MIN_CELLS or variance < MIN_SPREAD**2:
        return None
    _, means, between = best_parting(ascending)
    return means if between > TWO_HUMPS * variance else None


def _is_usual(cells: NDArray[np.float32], positives: NDArray[np.float32]) -> bool:
    """Tell whether references are as much like the picture's cells as these are like each other."""
    if len(cells) < MIN_CELLS:
        return True
    among = likeness_to_all(cells, cells)
    return bool(likeness_to_all(positives, cells).max() >= np.quantile(among, UNUSUAL_SHARE))
