"""What scores on held-out pictures come to: one of three outcomes, in a sentence that says how sure it is."""

from __future__ import annotations

from typing import Literal

from dinocell_app.jobs.holding_out import FEWEST_JUDGED
from dinocell_training.verdict_interval import Interval

SAME = 0.02
"""An AP difference below this is of no use to anybody, however sure it is."""
FEWEST_PICTURES = FEWEST_JUDGED
"""Fewer cannot show how different pictures are from each other, whatever their number of cells."""

Outcome = Literal["better", "not better", "cannot tell"]


def outcome_of(interval: Interval, n_images: int) -> Outcome:
    """Decide by the interval, where there are pictures enough for one.

    Returns
    -------
    {"better", "not better", "cannot tell"}
        "not better" when the new model is surely worse, or surely no more than `SAME` better; always
        "cannot tell" with fewer than `FEWEST_PICTURES`.
    """
    if n_images < FEWEST_PICTURES:
        return "cannot tell"
    if interval.low > 0:
        return "better" if interval.difference >= SAME else "not better"
    if interval.high < SAME:
        return "not better"
    return "cannot tell"


def sentence_of(
    outcome: Outcome, interval: Interval, scores: tuple[float, float], counts: tuple[int, int]
) -> str:
    """Say the verdict in words.

    Parameters
    ----------
    outcome : {"better", "not better", "cannot tell"}
    scores : tuple of float
        Of base and new.
    counts : tuple of int
        Pictures and cells.

    Returns
    -------
    str
        Never only a number, and never without its uncertainty.
    """
    n_images, n_cells = counts
    where = f"On {_count(n_images, 'held-out image')} with {_count(n_cells, 'cell')}"
    found = f"the new model scores {scores[1]:.2f} and the base model {scores[0]:.2f} (AP at IoU 0.5)"
    ends_of = f"between {interval.low:+.2f} and {interval.high:+.2f}"
    sure = f"the difference of {interval.difference:+.2f} lies {ends_of}"
    few = f"{_count(n_images, 'image')} cannot show how it does on others"
    chance = (
        f"{few}, {FEWEST_PICTURES} are needed at least."
        if n_images < FEWEST_PICTURES
        else (f"{sure}, which may be chance.")
    )
    ends = {
        "better": f"{sure} with 95 % confidence.",
        "not better": f"{sure} with 95 % confidence: "
        + ("the base model is better." if interval.high < 0 else "that is no improvement worth having."),
        "cannot tell": f"{chance} More held-out images with labels would tell.",
    }
    return f"{outcome[0].upper()}{outcome[1:]}. {where} {found}; {ends[outcome]}"


def sentence_to_keep_base(interval: Interval, scores: tuple[float, float], counts: tuple[int, int]) -> str:
    """Say in words that the training did not beat its base.

    Parameters
    ----------
    scores : tuple of float
        Of base and new.
    counts : tuple of int
        Pictures and cells.
    """
    n_images, n_cells = counts
    where = f"On {_count(n_images, 'held-out image')} with {_count(n_cells, 'cell')}"
    ends = f"between {interval.low:+.2f} and {interval.high:+.2f}"
    sure = f"; the difference lies {ends} with 95 % confidence" if n_images >= FEWEST_PICTURES else ""
    return (
        f"Keep the base model. {where} it scores {scores[0]:.2f} and the best that came of the training "
        f"{scores[1]:.2f} (AP at IoU 0.5){sure}. The new model is not offered; it stays in the folder of the "
        "training to be looked at."
    )


def sentence_of_optimism(optimism: float) -> str:
    """Say what was taken off a difference, because the model was chosen on the images that judge it.

    Parameters
    ----------
    optimism : float
        AP.

    Returns
    -------
    str
        Empty for less than a hundredth.
    """
    if optimism < 0.005:
        return ""
    return f" From the difference {optimism:.2f} is taken off, as the model was chosen on these same images."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
