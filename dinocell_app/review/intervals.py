"""Intervals for a share of things that were judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A share with its 95 % interval.

    Parameters
    ----------
    value : float
        NaN when nothing was judged.
    """

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether anything was judged."""
        return not math.isnan(self.value)


UNKNOWN = Estimate(math.nan, 0.0, 1.0)


def wilson(n_right: int, n: int) -> Estimate:
    """Estimate a share from a random sample by the score interval.

    The interval is that of Wilson (1927, Journal of the American Statistical Association 22, 209-212), which
    keeps close to 95 % also for small samples and shares near 0 and 1 (Brown, Cai and DasGupta 2001,
    Statistical Science 16, 101-133). Things drawn in proportion over strata, or without putting back, vary
    less than it takes them to, so that it is then rather too wide than too narrow.

    Parameters
    ----------
    n_right : int
        Of those judged.
    n : int
        That were judged.

    Returns
    -------
    Estimate
        `UNKNOWN` when `n` is 0.
    """
    if n == 0:
        return UNKNOWN
    from scipy.stats import binomtest

    found = binomtest(n_right, n).proportion_ci(CONFIDENCE, method="wilson")
    # Exact at the ends, where rounding would leave a trace.
    low = 0.0 if n_right == 0 else float(found.low)
    high = 1.0 if n_right == n else float(found.high)
    return Estimate(n_right / n, low, high)
