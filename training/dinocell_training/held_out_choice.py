"""Which pictures are held out: those that were asked for, those of earlier models, or a share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_training.datasets import LabelledPair
from dinocell_training.held_out import HeldOut, HeldOutPicture
from dinocell_training.splitting import ranked_contents

NAMED = 5
"""So many files are named in a notice; more are counted."""


@dataclass(frozen=True)
class Examined:
    """A labelled picture and what it shows.

    Parameters
    ----------
    content : str
        `dinocell_training.held_out.picture_hash` of it.
    partly_labelled : bool
        Whether cells may be missing from its labels.
    """

    pair: LabelledPair
    content: str
    partly_labelled: bool = False


@dataclass(frozen=True)
class Wish:
    """What a person wants held out.

    Parameters
    ----------
    images : tuple of Path
        These pictures; they go before the share.
    share : float
        Of the pictures, when neither `images` nor pictures of their own folders are given.
    seed : int
        Another seed chooses others.
    """

    images: tuple[Path, ...] = ()
    share: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class Division:
    """Pictures to learn from and pictures to score on.

    Parameters
    ----------
    notices : tuple of str
        What the person should know about the choice.
    """

    training: tuple[Examined, ...]
    held_out: tuple[Examined, ...]
    record: HeldOut
    notices: tuple[str, ...] = field(default=())


def divide(
    given: Sequence[Examined],
    separate: Sequence[Examined],
    wish: Wish,
    *,
    before: HeldOut | None = None,
    inherited: frozenset[str] = frozenset(),
) -> Division:
    """Decide which pictures are held out.

    Parameters
    ----------
    given : sequence of Examined
        Pictures to learn from, of which some may be held out.
    separate : sequence of Examined
        Pictures that were given for scoring alone.
    before : HeldOut, optional
        The choice of an earlier process of the same run; it stands.
    inherited : frozenset of str
        Contents that the base model was scored on; they are never taught.

    Returns
    -------
    Division
        Pictures of equal content are on one side.

    Raises
    ------
    InvalidParameterError
        If a picture that was asked for is not there, or none is left to learn from.
    """
    notices: list[str] = []
    kept_out = {each.content for each in separate}
    if before is not None:
        inherited = before.inherited
        kept_out |= before.contents
    else:
        notices += _about_known(given, kept_out, inherited)
        kept_out |= inherited | _named(given, wish.images)
        if not (separate or wish.images):
            chosen, about = _share(given, kept_out, wish)
            kept_out |= chosen
            notices += about
    training = tuple(each for each in given if each.content not in kept_out)
    if given and not training:
        raise InvalidParameterError(
            f"All {len(given)} labelled pictures are held out, so none is left to learn from",
            path=given[0].pair.image_path.parent,
            remedy="Add labelled pictures, or hold out fewer",
        )
    held_out = _distinct([*separate, *(each for each in given if each.content in kept_out)])
    record = before or HeldOut(
        tuple(HeldOutPicture(e.pair.image_path, e.content, e.pair.label_source.path) for e in held_out),
        inherited,
    )
    return Division(training, held_out, record, tuple(notices))


def named(paths: Sequence[Path]) -> str:
    """List files in a sentence.

    Returns
    -------
    str
        Their names; of many, the first ones and how many there are more.
    """
    rest = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(path.name for path in paths[:NAMED]) + rest


def _distinct(pictures: Sequence[Examined]) -> tuple[Examined, ...]:
    """Score a picture once, however many copies there are."""
    return tuple({each.content: each for each in reversed(pictures)}.values())[::-1]


def _named(given: Sequence[Examined], images: Sequence[Path]) -> set[str]:
    by_path = {each.pair.image_path.absolute(): each.content for each in given}
    missing = [path for path in images if path.absolute() not in by_path]
    if missing:
        raise InvalidParameterError(
            "is to be held out, but is none of the labelled pictures",
            path=missing[0],
            remedy="Name a picture of the folders of data that has labels",
        )
    return {by_path[path.absolute()] for path in images}


def _about_known(given: Sequence[Examined], separate: set[str], inherited: frozenset[str]) -> list[str]:
    notices = []
    twice = [each.pair.image_path for each in given if each.content in separate]
    if twice:
        notices.append(
            f"{_pictures(len(twice))} of the training data also in the held-out folders, so not taught: "
            f"{named(twice)}"
        )
    scored = [each.pair.image_path for each in given if each.content in inherited - separate]
    if scored:
        notices.append(
            f"{_pictures(len(scored))} held out again, because the base model was scored on them: "
            f"{named(scored)}"
        )
    return notices


def _share(given: Sequence[Examined], taken: set[str], wish: Wish) -> tuple[set[str], list[str]]:
    """Choose a share by content; partly labelled pictures come last, as they cannot tell a false cell."""
    unknown = "nothing will be known about how well the model does on new pictures"
    ranked = ranked_contents([each.content for each in given], wish.seed)
    if ranked and not taken.intersection(ranked):
        if wish.share <= 0:
            return set(), [f"No picture is held out, as the share is 0: {unknown}"]
        if len(ranked) == 1:
            return set(), [f"There is only one labelled picture, so none is held out: {unknown}"]
    partly = {each.content for each in given if each.partly_labelled}
    wanted = min(max(1, round(wish.share * len(ranked))), len(ranked) - 1) if wish.share > 0 else 0
    wanted -= len(taken.intersection(ranked))
    candidates = sorted((content for content in ranked if content not in taken), key=partly.__contains__)
    return set(candidates[: max(0, wanted)]), []


def _pictures(number: int) -> str:
    return "1 picture is" if number == 1 else f"{number} pictures are"
