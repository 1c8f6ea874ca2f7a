"""Signs that a training leads nowhere, in words and with what to do, and the end of one that is doomed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UserFacingError
from dinocell_training.crops import median_diameter
from dinocell_training.datasets import LabelledPair
from dinocell_training.diagnosis import ProblemKind
from dinocell_training.label_overlaps import count_overlaps
from dinocell_training.matching import match_by_iou

STEPS_NOT_FINITE = 3
"""One batch may overflow in half precision; so many in a row are no accident."""

WINDOW = 10
EXPLOSION = 20.0
"""A mean loss of `WINDOW` steps that is so many times that of the first ones has exploded."""

SIZES_APART = 2.0


class DoomedTrainingError(UserFacingError):
    """A training that cannot lead to a model was ended."""


@dataclass(frozen=True)
class Concern:
    """Something that looks wrong.

    Parameters
    ----------
    sentence, remedy : str
        Without full stops.
    stops : bool
        Whether going on is no use.
    """

    sentence: str
    remedy: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{self.sentence}. {self.remedy}"


@dataclass(frozen=True)
class Finding:
    """What a prediction of the sample has to do with its labels.

    Parameters
    ----------
    n_labelled, n_found, n_matched : int
        Cells; matched ones overlap by half.
    labelled_diameter, found_diameter : float or None
        Medians in pixels; None without cells.
    """

    n_labelled: int
    n_found: int
    n_matched: int
    labelled_diameter: float | None
    found_diameter: float | None

    @classmethod
    def of(cls, found: NDArray[np.integer], labels: NDArray[np.integer]) -> Finding:
        """Compare a prediction with labels.

        Parameters
        ----------
        found, labels : ndarray of shape (M, N), int
        """
        overlaps = count_overlaps(found, labels)
        return cls(
            overlaps.n_reference,
            overlaps.n_predicted,
            len(match_by_iou(overlaps, 0.5)),
            median_diameter(labels),
            median_diameter(found),
        )


def concerns_of_prediction(
    now: Finding, before: Finding | None, *, learning_rate: float, labels_are_classes: bool
) -> tuple[Concern, ...]:
    """Judge the sample after the first epoch.

    Parameters
    ----------
    before : Finding or None
        Of the model that the training started from, if it was one.
    labels_are_classes : bool
        Whether the labels looked like classes rather than cells.

    Returns
    -------
    tuple of Concern
        Empty when nothing looks wrong.
    """
    if labels_are_classes and not now.n_matched:
        return (
            Concern(
                "After the first epoch no cell is found as it was labelled, and most label images hold "
                "separate pieces under one number: they look like classes, not cells",
                "Export label images in which each cell has a number of its own, and start again",
                stops=True,
            ),
        )
    if not now.n_found:
        return (_nothing_found(now, before, learning_rate),) if now.n_labelled else ()
    if now.labelled_diameter is None or now.found_diameter is None or now.n_found < 3:
        return ()
    ratio = now.found_diameter / now.labelled_diameter
    if 1 / SIZES_APART <= ratio <= SIZES_APART:
        return ()
    what = (
        f"The cells found after the first epoch are {now.found_diameter:.0f} pixels across, "
        f"the labelled ones {now.labelled_diameter:.0f}"
    )
    remedy = (
        "Several cells are taken for one: make sure that touching cells have different numbers in the labels"
        if ratio > 1
        else "Cells are broken up: if it stays so, bring cells to a range of diameters or choose larger crops"
    )
    return (Concern(what, remedy),)


def concerns_of_scale(
    diameters: Sequence[float], *, crop_size: int, brought_to: tuple[float, float] | None
) -> tuple[Concern, ...]:
    """Judge the size of labelled cells before the first step.

    Parameters
    ----------
    diameters : sequence of float
        Typical diameter in each picture, in pixels.
    crop_size : int
        Pixels.
    brought_to : tuple of float or None
        The range of diameters that crops are resampled to, if they are.
    """
    if not len(diameters) and brought_to is None:
        return ()
    shown = max(brought_to) if brought_to is not None else float(np.median(diameters))
    if shown > crop_size:
        return (
            Concern(
                f"The cells are {shown:.0f} pixels across and the crops {crop_size}: none is ever seen whole",
                "Choose larger crops, or a range of diameters that cells are brought to",
                stops=True,
            ),
        )
    if brought_to is None and max(diameters) > 4 * min(diameters):
        return (
            Concern(
                f"Cells are {min(diameters):.0f} to {max(diameters):.0f} pixels across in different pictures",
                "Choose a range of diameters that cells are brought to, unless they really differ so much",
            ),
        )
    return ()


def look_like_classes(pairs: Sequence[LabelledPair]) -> bool:
    """Tell whether most label images hold separate pieces under one number."""
    doubtful = sum(
        any(problem.kind is ProblemKind.DISCONNECTED for problem in pair.diagnosis) for pair in pairs
    )
    return 2 * doubtful > len(pairs)


class LossWatch:
    """Looks at the loss of every step.

    Parameters
    ----------
    learning_rate : float
        Of the training, for the advice.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self._not_finite = 0
        self._first: list[float] = []
        self._last: list[float] = []

    def see(self, losses: Mapping[str, float]) -> None:
        """Look at a step.

        Parameters
        ----------
        losses : mapping of str to float
            With their sum "total".

        Raises
        ------
        DoomedTrainingError
            If the loss has exploded.
        """
        loss = losses["total"]
        if not math.isfinite(loss):
            self._not_finite += 1
            if self._not_finite >= STEPS_NOT_FINITE:
                raise self._doomed("The loss is no number any more: the weights have run away")
            return
        self._not_finite = 0
        if len(self._first) < WINDOW:
            self._first.append(loss)
            return
        self._last = [*self._last[1 - WINDOW :], loss]
        first, last = float(np.mean(self._first)), float(np.mean(self._last))
        if len(self._last) == WINDOW and last > EXPLOSION * max(first, 1e-6):
            raise self._doomed(f"The loss has grown from {first:.3g} to {last:.3g}: the weights run away")

    def _doomed(self, what: str) -> DoomedTrainingError:
        return DoomedTrainingError(what, remedy=_slower(self.learning_rate))


def stop_if_doomed(concerns: Sequence[Concern]) -> None:
    """End the training when going on is no use.

    Raises
    ------
    DoomedTrainingError
        With the first of those that stop it.
    """
    for concern in concerns:
        if concern.stops:
            raise DoomedTrainingError(concern.sentence, remedy=concern.remedy)


def _nothing_found(now: Finding, before: Finding | None, learning_rate: float) -> Concern:
    if before is not None and 4 * before.n_found >= now.n_labelled:
        return Concern(
            f"After the first epoch no cell is found where {now.n_labelled} are labelled, and the model it "
            f"started from found {before.n_found}",
            _slower(learning_rate),
            stops=True,
        )
    return Concern(
        f"After the first epoch no cell is found where {now.n_labelled} are labelled",
        "This is usual for new weights; if it stays so, train longer or with a larger learning rate",
    )


def _slower(learning_rate: float) -> str:
    return f"Start again with a smaller learning rate, such as {learning_rate / 10:g}"
