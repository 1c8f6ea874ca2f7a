"""What a fine-tuning chooses from: the untouched base, each epoch, and mixtures of base and taught weights.

All are scored on the same held-out images. The base is candidate number 0: what does not beat it is not
offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json

CANDIDATES_NAME = "candidates.json"
SHARES = (0.25, 0.5, 0.75)
"""Of the taught weights, beside 0 and 1. Finer steps would fit the choice to a few images."""


@dataclass(frozen=True)
class Candidate:
    """Weights that could be the result.

    Parameters
    ----------
    epoch : int
        0 for the base.
    share : float
        Of the weights of the epoch, 0 to 1; the rest are those of the base.
    scores : tuple of float
        AP on each held-out image.
    """

    epoch: int
    share: float
    scores: tuple[float, ...]

    @property
    def is_base(self) -> bool:
        """Whether nothing taught is in it."""
        return self.epoch == 0

    @property
    def mean(self) -> float:
        """AP over the images."""
        return float(np.mean(self.scores))


class Candidates:
    """The candidates of a run, as they are scored.

    Parameters
    ----------
    folder : Path
        The run's `checkpoints` folder; what an earlier process wrote there is read.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / CANDIDATES_NAME
        self.known: dict[tuple[int, float], Candidate] = {}
        if self.path.exists():
            self.known = {(each.epoch, each.share): each for each in _read(self.path)}

    def add(self, candidate: Candidate) -> None:
        """Keep a candidate, in place of an earlier one of the same epoch and share."""
        self.known[candidate.epoch, candidate.share] = candidate
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(
            self.path, {"schema_version": 1, "candidates": [asdict(each) for each in self.known.values()]}
        )

    def get(self, epoch: int, share: float) -> Candidate | None:
        """Look a candidate up; None when it was not scored yet."""
        return self.known.get((epoch, share))

    def best_of(self, epoch: int) -> Candidate | None:
        """Choose between the base and what an epoch comes to in any share.

        Returns
        -------
        Candidate or None
            Of equals the base, then the one nearest to it. None when none was scored.
        """
        return _best([each for each in self.known.values() if each.is_base or each.epoch == epoch])

    def optimism(self, chosen: Candidate) -> float:
        """Say how much too good a choice looks, as it was made on the images that it is judged by.

        Returns
        -------
        float
            Mean over the images of its AP, less that of what the other images would have chosen; 0 or more.
            0 for a single image, of which nothing can be said.
        """
        images = range(len(chosen.scores))
        if len(images) < 2:
            return 0.0
        lost = []
        for image in images:
            without = _best(list(self.known.values()), [other for other in images if other != image])
            if without is not None:
                lost.append(chosen.scores[image] - without.scores[image])
        return max(0.0, float(np.mean(lost)))


def _best(pool: Sequence[Candidate], images: Sequence[int] | None = None) -> Candidate | None:
    def rank(each: Candidate) -> tuple[float, float, int]:
        scores = each.scores if images is None else [each.scores[number] for number in images]
        distance = 0.0 if each.is_base else each.share
        return -round(float(np.mean(scores)), 9), distance, each.epoch

    return min(pool, key=rank, default=None)


def _read(path: Path) -> list[Candidate]:
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        found = [
            Candidate(int(each["epoch"]), float(each["share"]), tuple(map(float, each["scores"])))
            for each in content["candidates"]
        ]
        fit = len({len(each.scores) for each in found}) <= 1 and all(each.scores for each in found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise _damaged(path) from error
    if not fit:
        raise _damaged(path)
    return found


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        "The list of candidates and their scores is damaged",
        path=path,
        remedy="Restore it from a copy, or start in a new run folder",
    )
