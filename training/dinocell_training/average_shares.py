"""In which shares to average models: chosen by the cells that the average finds on labelled images.

The best model alone comes first, then the others one by one in the order of their own scores; a share of each
is taken in if that finds more cells (the greedy soup of Wortsman et al. 2022, Model soups, ICML).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.planes import ChannelChoice
from dinocell_app.model.averaged_model import averaged, require_one_kind
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_training.candidates import SHARES
from dinocell_training.datasets import binary_as_components, labelled_pairs
from dinocell_training.decoded_scores import DecodedScores


@dataclass(frozen=True)
class ScoredShares:
    """An average and what it finds.

    Parameters
    ----------
    shares : tuple of float
        One a model; their sum is 1.
    scores : tuple of float
        AP at IoU 0.5 on each folder of images, 0 to 1.
    """

    shares: tuple[float, ...]
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the folders, however many images each has."""
        return float(np.mean(self.scores))


def scored_averages(
    models: Sequence[SegmentationModel], folders: Sequence[Path], channel: str = "grey"
) -> Iterator[ScoredShares]:
    """Score models and averages of them on folders of labelled images.

    Parameters
    ----------
    folders : sequence of Path
        Of at most 8 images of each folder cells are looked for, at the size of the labelled ones.
    channel : str
        As `ChannelChoice` reads it.

    Yields
    ------
    ScoredShares
        Each as it is scored; `best_shares` chooses.

    Raises
    ------
    UserFacingError
        If a folder has no labelled image, or the models cannot be averaged.
    """
    require_one_kind(models)
    images = [_images(folder, models[0], channel) for folder in folders]

    def score(shares: Sequence[float]) -> ScoredShares:
        mixed = averaged(models, shares)
        means = [float(np.mean(each.of(mixed, _never) or (0.0,))) for each in images]
        return ScoredShares(tuple(shares), tuple(means))

    alone = [score(row) for row in np.eye(len(models)).tolist()]
    yield from alone
    order = sorted(range(len(models)), key=lambda number: -alone[number].mean)
    best = alone[order[0]]
    for number in order[1:]:
        mixtures = [score(_mixed(best.shares, number, share)) for share in SHARES]
        yield from mixtures
        best = best_shares([best, *mixtures])


def best_shares(scored: Sequence[ScoredShares]) -> ScoredShares:
    """Choose what finds most; of equals the earlier."""
    return max(scored, key=lambda each: round(each.mean, 9))


def _mixed(shares: Sequence[float], number: int, share: float) -> tuple[float, ...]:
    return tuple(each * (1 - share) + share * (place == number) for place, each in enumerate(shares))


def _images(folder: Path, model: SegmentationModel, channel: str) -> DecodedScores:
    pairs = binary_as_components(labelled_pairs(folder, channel=ChannelChoice.parse(channel)).pairs)
    if not pairs:
        raise InvalidParameterError(
            "No image with labels was found",
            path=folder,
            remedy="Add _masks or _labels to the names of images, or use folders images/ and masks/",
        )
    return DecodedScores(pairs, model.manifest)


_never: Callable[[], bool] = bool
