"""Which labelled pictures to keep for judging, as a suggestion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dinocell_app.training_plan.examined_pictures import Picture

HELD_OUT_SHARE = 0.2
FEWEST_JUDGED = 3
"""Pictures that a verdict other than "cannot tell" needs (`dinocell_training.verdict`)."""


def suggested_split(pictures: Sequence[Picture]) -> frozenset[Path]:
    """Suggest which pictures are kept for judging.

    Parameters
    ----------
    pictures : sequence of Picture
        That can be used.

    Returns
    -------
    frozenset of Path
        A share of the different pictures, spread evenly over their numbers of cells, so that sparse and
        dense ones are both judged; never fewer than one of two, and three where eight can be had.
    """
    by_content: dict[str, list[Picture]] = {}
    for picture in pictures:
        by_content.setdefault(picture.content, []).append(picture)
    if len(by_content) < 2:
        return frozenset()
    groups = sorted(by_content.values(), key=lambda group: (group[0].n_cells, group[0].content))
    wanted = max(1, round(HELD_OUT_SHARE * len(groups)))
    if len(groups) >= 5:
        wanted = max(2 if len(groups) < 8 else FEWEST_JUDGED, wanted)
    step = len(groups) / wanted
    chosen = [groups[int(step * (number + 0.5))] for number in range(wanted)]
    return frozenset(picture.image for group in chosen for picture in group)
