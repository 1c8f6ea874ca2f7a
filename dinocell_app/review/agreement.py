"""How far two people agree who judged the same things."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """Two people's verdicts on the same things.

    Parameters
    ----------
    n : int
        Things that both judged.
    share : float
        Those on which they agree; NaN when there are none.
    kappa : float
        Cohen's kappa: agreement beyond what chance gives, 1 when they always agree, 0 when no more than by
        chance; NaN when both gave one and the same verdict throughout, or judged nothing in common.
    """

    n: int
    share: float
    kappa: float

    def sentence(self) -> str:
        """Say it to people."""
        if self.n == 0:
            return "Nothing was judged by both."
        agreed = f"Two people judged the same {self.n}: they agree on {self.share:.0%}"
        return f"{agreed}." if math.isnan(self.kappa) else f"{agreed} (Cohen's kappa {self.kappa:.2f})."


def agreement(first: Mapping[Hashable, str], second: Mapping[Hashable, str]) -> Agreement:
    """Compare two people's verdicts (Cohen 1960, Educational and Psychological Measurement 20, 37-46).

    Parameters
    ----------
    first, second : mapping of hashable to str
        Verdict by what was judged; empty ones are left out.

    Returns
    -------
    Agreement
        On what both judged.
    """
    both = [(verdict, second[key]) for key, verdict in first.items() if verdict and second.get(key, "")]
    n = len(both)
    if n == 0:
        return Agreement(0, math.nan, math.nan)
    share = sum(a == b for a, b in both) / n
    ours, theirs = Counter(a for a, _ in both), Counter(b for _, b in both)
    by_chance = sum(ours[verdict] * theirs[verdict] for verdict in ours) / n**2
    return Agreement(n, share, math.nan if by_chance == 1 else (share - by_chance) / (1 - by_chance))


def kappa_of_counts(first: Sequence[int], second: Sequence[int]) -> float:
    r"""Compare two people's numbers of cells in the same images.

    Cohen's kappa with quadratic weights (Cohen 1968, Psychological Bulletin 70, 213-220), the squared
    difference of two numbers being their disagreement:

    .. math:: 1 - \frac{\sum_i (a_i - b_i)^2 / n}{\sum_{i,j} (a_i - b_j)^2 / n^2}

    Parameters
    ----------
    first, second : sequence of int
        One number an image, in the same order.

    Returns
    -------
    float
        1 when all numbers are the same, 0 when they agree no more than by chance; NaN without images, or
        when there is one and the same number throughout.

    Raises
    ------
    ValueError
        If there are not as many numbers of both.
    """
    pairs = list(zip(first, second, strict=True))
    n = len(pairs)
    apart = sum((a - b) ** 2 for a, b in pairs)
    by_chance = sum((a - b) ** 2 for a in first for b in second)
    return math.nan if not by_chance else 1 - n * apart / by_chance
