"""How many labelled images are kept for judging: one rule for the shell, the window and `train check`."""

from __future__ import annotations

FEWEST_JUDGED = 3
"""Images that a verdict other than "cannot tell" needs: fewer do not show how much images differ."""

IN_TURNS_BELOW = 8
"""Of fewer images three cannot be spared: each is judged by a model that was not taught it, in turns."""

TURNS = 3
"""Models that are taught for it, each without a third of the images; a last one is taught with all."""

HELD_OUT_SHARE = 0.2


def n_held_out(n_images: int, share: float | None = None) -> int:
    """Choose how many of some different images are kept for judging.

    Parameters
    ----------
    share : float, optional
        What a person asked for; None for the rule.

    Returns
    -------
    int
        By the rule a fifth, at least `FEWEST_JUDGED`, and none where they are judged in turns. A share that
        was asked for is never none, unless it is 0, and never all.
    """
    if share == 0 or n_images < 2:
        return 0
    if share is not None:
        return min(max(1, round(share * n_images)), n_images - 1)
    if is_judged_in_turns(n_images):
        return 0
    return max(FEWEST_JUDGED, round(HELD_OUT_SHARE * n_images))


def is_judged_in_turns(n_images: int) -> bool:
    """Tell whether some different images are so few that each is judged in its turn."""
    return 2 <= n_images < IN_TURNS_BELOW


def n_turns(n_images: int) -> int:
    """Say how many models are taught only to judge; 0 where images are held out instead."""
    return min(TURNS, n_images) if is_judged_in_turns(n_images) else 0


def sentence_of_rule(n_images: int) -> str:
    """Say what the rule comes to, without a full stop."""
    if n_images < 2:
        return "With a single image nothing is left to judge by: nobody can say whether a model got better"
    if is_judged_in_turns(n_images):
        turns = n_turns(n_images)
        return (
            f"Each of {n_images} images will be judged by a model that was not taught it ({turns} models in "
            f"turns), then one is taught with all: {turns + 1} times the time of a single training"
        )
    held_out = n_held_out(n_images)
    return f"{held_out} of {n_images} images will be kept for judging and {n_images - held_out} taught"
