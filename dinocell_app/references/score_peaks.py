"""Where the scores of cells part into two humps: those of the wanted type, and the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST_CELLS = 8
LEAST_SEPARATION = 0.85
"""Share of the variance that lies between the humps; below it, thresholds lost cells of drawn scenes."""

_EDGE = 1e-3
_LEAST_VARIANCE = 1e-9


def parting_score(scores: NDArray[np.float64]) -> float | None:
    """Find the score between two humps.

    Otsu's method (1979, IEEE Transactions on Systems, Man, and Cybernetics 9, 62-66) on the logits of the
    scores, which spread what lies close to 0 and 1.

    Parameters
    ----------
    scores : ndarray of shape (K,), float64
        0 to 1.

    Returns
    -------
    float or None
        The middle between the neighbours on both sides, so that cells at or above it are of the upper hump;
        None for few cells, or where the scores do not part.
    """
    if len(scores) < FEWEST_CELLS:
        return None
    clipped = np.clip(np.sort(scores), _EDGE, 1 - _EDGE)
    logits = np.log(clipped / (1 - clipped))
    variance = float(logits.var())
    if variance < _LEAST_VARIANCE:
        return None
    at, _, between = best_parting(logits)
    if between < LEAST_SEPARATION * variance:
        return None
    return float(1 / (1 + np.exp(-(logits[at] + logits[at + 1]) / 2)))


def best_parting(ascending: NDArray[np.float64]) -> tuple[int, tuple[float, float], float]:
    """Part values into two groups so that most of their variance lies between the groups (Otsu 1979).

    The values themselves are parted, without a histogram: there are few of them.

    Parameters
    ----------
    ascending : ndarray of shape (K,), float64
        At least two.

    Returns
    -------
    last_below : int
        Index of the greatest value of the lower group.
    means : (float, float)
        Of both groups.
    between : float
        Variance between the groups.
    """
    n_below = np.arange(1, len(ascending))
    n_above = len(ascending) - n_below
    sums = np.cumsum(ascending)[:-1]
    below, above = sums / n_below, (ascending.sum() - sums) / n_above
    between = n_below * n_above / len(ascending) ** 2 * (above - below) ** 2
    best = int(between.argmax())
    return best, (float(below[best]), float(above[best])), float(between[best])
