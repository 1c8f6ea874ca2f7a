"""What the head is asked in training: a type, cells that show it, and perhaps one that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NUMBERS_OF_POSITIVES = (1, 1, 1, 2, 3, 5)
ABSENT_SHARE = 0.1
"""Questions for a type that is not in the picture, where the picture has others."""

ELSEWHERE_SHARE = 0.35
"""Questions whose references are cells of other pictures."""

NEGATIVE_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked about the cells of one picture.

    Parameters
    ----------
    wanted : str
        Type.
    positives, negatives : ndarray of shape (n, D), float32
        Descriptions; one or more positives, at most one negative.
    """

    wanted: str
    positives: NDArray[np.float32]
    negatives: NDArray[np.float32]


def draw_question(
    cells: NDArray[np.float32],
    types: NDArray[np.str_],
    bank: Mapping[str, Sequence[NDArray[np.float32]]],
    rng: np.random.Generator,
) -> Question | None:
    """Draw a type and references.

    Parameters
    ----------
    cells : ndarray of shape (K, D), float32
        Descriptions of the cells of a picture.
    types : ndarray of shape (K,), str
        Empty where it is not known.
    bank : mapping of str to sequence of ndarray of shape (n, D)
        Cells of other pictures by type, one array for each picture.

    Returns
    -------
    Question or None
        None for a picture without a cell of known type.
    """
    here = sorted(set(types.tolist()) - {""})
    if not here:
        return None
    absent = sorted(set(bank) - set(here))
    if absent and rng.random() < ABSENT_SHARE:
        wanted = absent[int(rng.integers(len(absent)))]
    else:
        wanted = here[int(rng.integers(len(here)))]
    own = cells[types == wanted]
    elsewhere = bank.get(wanted, ())
    if len(elsewhere) and (not len(own) or rng.random() < ELSEWHERE_SHARE):
        own = elsewhere[int(rng.integers(len(elsewhere)))]
    count = min(len(own), int(rng.choice(NUMBERS_OF_POSITIVES)))
    positives = own[rng.choice(len(own), count, replace=False)]
    others = cells[(types != wanted) & (types != "")]
    negatives = others[:0]
    if len(others) and rng.random() < NEGATIVE_SHARE:
        negatives = others[[int(rng.integers(len(others)))]]
    return Question(wanted, positives, negatives)
