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
    n_below = np.arange(1, len(logits))
    n_above = len(logits) - n_below
    sums = np.cumsum(logits)[:-1]
    apart = sums / n_below - (logits.sum() - sums) / n_above
    between = n_below * n_above / len(logits) ** 2 * apart**2
    at = int(between.argmax())
    if between[at] < LEAST_SEPARATION * variance:
        return None
    return float(1 / (1 + np.exp(-(logits[at] + logits[at + 1]) / 2)))
