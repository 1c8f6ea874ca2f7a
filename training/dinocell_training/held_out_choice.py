"""Which pictures are held out: those that were asked for, those of earlier models, or as the rule says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.holding_out import is_judged_in_turns, n_held_out, n_turns, sentence_of_rule
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
    share : float or None
        Of the pictures, when neither `images` nor pictures of their own folders are given; None for the rule
        of `holding_out`.
    seed : int
        Another seed chooses others.
    turns : bool
        Whether few pictures may be judged in turns, which takes a base model to compare with.
    """

    images: tuple[Path, ...] = ()
    share: float | None = None
    seed: int = 0
    turns: bool = False


@dataclass(frozen=True)
class Division:
    """Pictures to learn from and pictures to score on.

    Parameters
    ----------
    notices : tuple of str
        What the person should know about the choice.
    turns : tuple of tuple of Examined
        Pictures of `training` that each of several models is judged by, without being taught them.
    """

    training: tuple[Examined, ...]
    held_out: tuple[Examined, ...]
    record: HeldOut
    notices: tuple[str, ...] = field(default=())
    turns: tuple[tuple[Examined, ...], ...] = ()


def divide(
    given: Sequence[Examined],
    separate: Sequence[Examined],
    wish: Wish,
    *,
    before: HeldOut | None = None,
    known: HeldOut | None = None,
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
    known : HeldOut, optional
        Of the base model: what it was scored on is never taught, and what it was taught is not scored on
        where there is a choice.

    Returns
    -------
    Division
        Pictures of equal content are on one side.

    Raises
    ------
    InvalidParameterError
        If a picture that was asked for is not there, or none is left to learn from.
    """
    known = known or HeldOut()
    notices: list[str] = []
    kept_out = {each.content for each in separate}
    groups: tuple[tuple[str, ...], ...] = ()
    if before is not None:
        known = HeldOut(inherited=before.inherited, taught=before.taught)
        kept_out |= before.contents
        groups = before.turns
    else:
        notices += _about_known(given, kept_out, known.contents)
        kept_out |= known.contents | _named(given, wish.images)
        if not (separate or wish.images):
            groups = _turns(given, kept_out, wish)
            chosen, about = _share(given, kept_out, wish, known.taught) if not groups else (set(), [])
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
    by_content = {each.content: each for each in reversed(training)}
    turns = tuple(
        tuple(by_content[content] for content in group if content in by_content) for group in groups
    )
    if turns and before is None:
        notices.append(sentence_of_rule(len(by_content)))
    notices += _about_taught((*held_out, *(each for group in turns for each in group)), known.taught)
    record = before or HeldOut(
        tuple(HeldOutPicture(e.pair.image_path, e.content, e.pair.label_source.path) for e in held_out),
        known.contents,
        known.taught | {each.content for each in training},
        groups,
    )
    return Division(training, held_out, record, tuple(notices), turns)


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


def _about_taught(judging: Sequence[Examined], taught: frozenset[str]) -> list[str]:
    favoured = [each.pair.image_path for each in judging if each.content in taught]
    if not favoured:
        return []
    return [
        f"The base model was taught {len(favoured)} of the {len(judging)} pictures for judging, so they "
        f"favour it: {named(favoured)}. Start from the model it was made from, or judge by other pictures"
    ]


def _turns(given: Sequence[Examined], taken: set[str], wish: Wish) -> tuple[tuple[str, ...], ...]:
    """Deal few pictures out to the models that are judged by them."""
    ranked = ranked_contents([each.content for each in given], wish.seed)
    if not wish.turns or wish.share is not None or taken.intersection(ranked):
        return ()
    count = n_turns(len(ranked))
    return tuple(tuple(ranked[number::count]) for number in range(count))


def _share(
    given: Sequence[Examined], taken: set[str], wish: Wish, taught: frozenset[str]
) -> tuple[set[str], list[str]]:
    """Choose some by content.

    Partly labelled pictures come last, as they cannot tell a false cell, and before them what the base model
    was taught.
    """
    unknown = "nothing will be known about how well the model does on new pictures"
    ranked = ranked_contents([each.content for each in given], wish.seed)
    if ranked and not taken.intersection(ranked):
        if wish.share == 0:
            return set(), [f"No picture is held out, as the share is 0: {unknown}"]
        if len(ranked) == 1:
            return set(), [f"There is only one labelled picture, so none is held out: {unknown}"]
    partly = {each.content for each in given if each.partly_labelled}
    wanted = n_held_out(len(ranked), wish.share)
    if wish.share is None and is_judged_in_turns(len(ranked)):
        wanted = 1
    wanted -= len(taken.intersection(ranked))
    candidates = sorted(
        (content for content in ranked if content not in taken),
        key=lambda content: (content in partly, content in taught),
    )
    return set(candidates[: max(0, wanted)]), []


def _pictures(number: int) -> str:
    return "1 picture is" if number == 1 else f"{number} pictures are"
