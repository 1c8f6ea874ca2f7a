"""Intervals for a share of things that were judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95
_NORMAL_QUANTILE = 1.959963984540054
"""Of 0.975: half of the 5 % that an interval may leave out lies on each side."""


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
    share, z2 = n_right / n, _NORMAL_QUANTILE**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _NORMAL_QUANTILE / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # Exact at the ends, where rounding would leave a trace.
    low = 0.0 if n_right == 0 else max(0.0, centre - half)
    high = 1.0 if n_right == n else min(1.0, centre + half)
    return Estimate(share, low, high)
