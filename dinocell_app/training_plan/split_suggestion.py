"""Which labelled pictures to keep for judging, as a suggestion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dinocell_app.jobs.holding_out import n_held_out
from dinocell_app.training_plan.examined_pictures import Picture


def suggested_split(pictures: Sequence[Picture]) -> frozenset[Path]:
    """Suggest which pictures are kept for judging.

    Parameters
    ----------
    pictures : sequence of Picture
        That can be used.

    Returns
    -------
    frozenset of Path
        As many of the different pictures as `holding_out` says, spread evenly over their numbers of cells, so
        that sparse and dense ones are both judged; none where they are so few that each is judged in turns.
    """
    by_content: dict[str, list[Picture]] = {}
    for picture in pictures:
        by_content.setdefault(picture.content, []).append(picture)
    wanted = n_held_out(len(by_content))
    if not wanted:
        return frozenset()
    groups = sorted(by_content.values(), key=lambda group: (group[0].n_cells, group[0].content))
    step = len(groups) / wanted
    chosen = [groups[int(step * (number + 0.5))] for number in range(wanted)]
    return frozenset(picture.image for group in chosen for picture in group)
