"""How many of the cells that are there were found, judged by random places without a mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.review.intervals import CONFIDENCE, UNKNOWN, Estimate
from dinocell_app.review.verdicts import AuditCounts

CELLS_IN_A_MERGED_MASK = 2.0
CELLS_IN_A_SPLIT_MASK = 0.5
"""How many real cells a mask stands for that holds several, or a part of one: the fewest it can be, and the
most."""

_N_DRAWS = 20_000
_PRIOR = 0.5

ASSUMPTIONS = (
    "Recall counts a cell as found when it has one mask of its own. Cells without any mask are estimated "
    "from random places outside the masks: the share of places inside such a cell times the area outside the "
    "masks is their area, and that divided by the mean area of the masks is their number. This takes missed "
    "cells to be about as large as found ones; when they are smaller, there are more of them and recall is "
    "lower than stated. A merged mask counts as two cells that were not found, a split one as half a cell."
)
"""What recall rests on, for people."""


@dataclass(frozen=True)
class Ground:
    """What random cells and places were drawn from.

    Parameters
    ----------
    n_cells : int
        Cells in all images.
    cell_area_px : float
        Pixels of all cells together.
    empty_area_px : float
        Pixels of all images outside cells.
    """

    n_cells: int
    cell_area_px: float
    empty_area_px: float

    @property
    def cells_that_fit(self) -> float:
        """How many cells of mean size the empty area holds, for each cell that there is."""
        return self.empty_area_px / self.cell_area_px if self.cell_area_px > 0 else 0.0


def estimate_recall(counts: AuditCounts, ground: Ground) -> Estimate:
    """Estimate the share of cells that were found, with a 95 % interval.

    Let p, s and m be the shares of masks that are right, split and merged, and q the share of empty places
    that lie inside a cell without a mask. A random point hits missed cells in proportion to their area
    (point counting; Howard and Reed, Unbiased Stereology, 2nd ed. 2005, ch. 2), so they cover q times the
    empty area B. With the mean area a of the N masks, there are q B / a of them, and::

        recall = p N / (p N + 2 m N + s N / 2 + q B / a)

    N cancels but for c = B / (a N). This assumes that masks and places are random, that missed cells are of
    mean size, that a merged mask holds two cells and a split one half a cell; N, a and B are counted, not
    sampled. Area instead of count would need no size, but would be less than people ask.

    The interval: with Jeffreys' prior, shares of masks are Dirichlet(counts + 1/2) and q is
    Beta(missed + 1/2, empty + 1/2), each independent of the other; its ends are the quantiles 0.025 and
    0.975 of the recall of 20,000 draws with a fixed seed. Such intervals keep close to 95 % (Brown, Cai and
    DasGupta 2001, Statistical Science 16, 101-133); as they propose, an end is 1 when nothing was seen
    missed, split or merged, and 0 when no mask was right.

    Returns
    -------
    Estimate
        Unknown unless both cells and places were judged, or when all that was judged says nothing of real
        cells.
    """
    if counts.n_cells == 0 or counts.n_places == 0:
        return UNKNOWN
    parts = np.array([counts.right, counts.split, counts.merged, counts.wrong], float)
    value = _recall((parts / parts.sum())[None], np.array([counts.missed / counts.n_places]), ground)[0]
    if np.isnan(value):
        return UNKNOWN
    random = np.random.default_rng(0)
    shares = random.dirichlet(parts + _PRIOR, _N_DRAWS)
    missed = random.beta(counts.missed + _PRIOR, counts.empty + _PRIOR, _N_DRAWS)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(_recall(shares, missed, ground), [tail, 1 - tail])
    if counts.missed + counts.split + counts.merged == 0:
        high = 1.0
    if counts.right == 0:
        low = 0.0
    return Estimate(float(value), float(min(low, value)), float(max(high, value)))


def _recall(shares: NDArray[np.float64], missed: NDArray[np.float64], ground: Ground) -> NDArray[np.float64]:
    """Recall for each draw of shares that are right, split and merged, and of places that are missed."""
    found = shares[:, 0]
    lost = (
        CELLS_IN_A_SPLIT_MASK * shares[:, 1]
        + CELLS_IN_A_MERGED_MASK * shares[:, 2]
        + ground.cells_that_fit * missed
    )
    there = found + lost
    recall = np.full(len(found), np.nan)
    np.divide(found, there, out=recall, where=there > 0)
    return recall
