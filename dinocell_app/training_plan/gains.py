"""What one training after the other brought, from the verdicts of a project."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from dinocell_app.base.json_text import parse_json
from dinocell_app.project.project import RUNS_NAME
from dinocell_app.training_plan.training_runs import FOLDER_NAME, VERDICT_NAME, training_number

FEWEST_COMMON = 3
"""Held-out images that two trainings need to have in common to be compared."""

HARDLY = 0.02
"""A gain below this is of no use to anybody, as in the verdict."""


def scores_of(project: Path) -> list[dict[str, float]]:
    """Read how the models of a project do on each held-out image.

    Parameters
    ----------
    project : Path
        Its folder.

    Returns
    -------
    list of dict of str to float
        For each judged training in their order, AP at IoU 0.5 by the name of the image.
    """
    found = []
    verdicts = [
        verdict
        for folder in (FOLDER_NAME, RUNS_NAME)
        for verdict in sorted(
            (project / folder).glob(f"*/{VERDICT_NAME}"), key=lambda path: training_number(path.parent)
        )
    ]
    for verdict in verdicts:
        try:
            images = parse_json(verdict.read_bytes())["images"]
            scores = {Path(str(each["path"])).name: float(each["new"]["ap_50"]) for each in images}
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found.append({name: score for name, score in scores.items() if math.isfinite(score)})
    return found


def sentence_of_gains(scores: Sequence[Mapping[str, float]]) -> str:
    """Say what the last training brought over the one before, on images that neither was taught.

    Parameters
    ----------
    scores : sequence of mapping of str to float
        From `scores_of`.

    Returns
    -------
    str
        Empty when there are no two trainings that can be compared.
    """
    if len(scores) < 2:
        return ""
    before, after = scores[-2], scores[-1]
    common = sorted(before.keys() & after.keys())
    if len(common) < FEWEST_COMMON:
        return ""
    gain = sum(after[name] - before[name] for name in common) / len(common)
    change = f"On {len(common)} held-out images that your last two trainings share, AP changed by {gain:+.2f}"
    if gain >= HARDLY:
        return f"{change}: more corrected images still help."
    return (
        f"{change}: more images of this kind hardly help. Correct images that look different, or stop here."
    )
