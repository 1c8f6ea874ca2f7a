"""Scores of cells by the trained head where a model carries one, and without training where it does not."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from dinocell_app.base.long_work import result_of
from dinocell_app.references.types import N_LOOKS
from dinocell_app.segmentation.reference.evidence import (
    PositiveEvidence,
    evidence_beside,
    positive_evidence,
)
from dinocell_app.segmentation.reference.percs_head import PercsHead
from dinocell_app.segmentation.reference.scoring import TypeReferences, score_types

MOST_TOGETHER = 512
"""Cells that look at each other at once; more are judged in groups that each look like the whole."""

MOST_ANSWERS = 512
"""Kept for one picture; for a thousand cells they take 4 MB."""

UNLIKELY = -4.0
"""Negatives are not asked about cells whose logit is lower: they score below 0.02 anyway."""


class Judgements:
    """Answers of a head about the cells of one picture, kept while a person adds references.

    The head is asked about each negative apart from the others, so one more costs one more answer.
    """

    def __init__(self) -> None:
        self._answers: dict[bytes, NDArray[np.float64]] = {}

    def get(
        self, positives: NDArray[np.float32], negative: NDArray[np.float32]
    ) -> NDArray[np.float64] | None:
        """Give an answer that was found before.

        Parameters
        ----------
        positives : ndarray of shape (P, D), float32
        negative : ndarray of shape (0 or 1, D), float32

        Returns
        -------
        ndarray of float64 or None
        """
        return self._answers.get(_key(positives, negative))

    def keep(
        self, positives: NDArray[np.float32], negative: NDArray[np.float32], answer: NDArray[np.float64]
    ) -> None:
        """Keep an answer.

        Parameters
        ----------
        positives : ndarray of shape (P, D), float32
        negative : ndarray of shape (0 or 1, D), float32
        answer : ndarray of float64
        """
        if len(self._answers) >= MOST_ANSWERS:
            self._answers.clear()
        self._answers[_key(positives, negative)] = answer


def score_types_guided(
    cells: NDArray[np.float32], types: Sequence[TypeReferences], head: PercsHead | None
) -> NDArray[np.float64]:
    """Score cells by several types; a type's references speak against the other types.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture.
    head : PercsHead or None
        Of the model that described them; None to score without training.

    Returns
    -------
    ndarray of shape (K, len(types)), float64
    """
    if head is None:
        return score_types(cells, types)
    return result_of(scoring_types(head, cells, types, Judgements()))


def scoring_types(
    head: PercsHead, cells: NDArray[np.float32], types: Sequence[TypeReferences], known: Judgements
) -> Generator[None, None, NDArray[np.float64]]:
    """Score cells by several types, answer by answer.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture.
    known : Judgements
        Of these cells; what is found is kept there.

    Yields
    ------
    None
        Before each answer that the head has to find; to close the generator there loses none.

    Returns
    -------
    ndarray of shape (K, len(types)), float64
    """
    scores = np.zeros((len(cells), len(types)))
    for index, own in enumerate(types):
        others = [each.positives for each in types if each is not own]
        negatives = np.concatenate([own.negatives, *others])
        asked = TypeReferences(own.name, own.positives, negatives)
        scores[:, index] = yield from _scoring(head, cells, asked, known)
    return scores


def guided_scores(
    head: PercsHead, cells: NDArray[np.float32], references: TypeReferences
) -> NDArray[np.float64]:
    """Score cells of a picture by the references of one type.

    Each negative is shown to the head beside all positives, and the least of its answers counts: one more
    negative never raises a score. Nothing depends on the order of references or on where a cell lies.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture.

    Returns
    -------
    ndarray of shape (K,), float64
    """
    return result_of(_scoring(head, cells, references, Judgements()))


def _scoring(
    head: PercsHead, cells: NDArray[np.float32], references: TypeReferences, known: Judgements
) -> Generator[None, None, NDArray[np.float64]]:
    if not len(cells):
        return np.zeros(0)
    positives, none = references.positives, cells[:0]
    positive: PositiveEvidence | None = None
    everyone = np.arange(len(cells))
    alone = known.get(positives, none)
    if alone is None:
        yield
        positive = positive_evidence(cells, positives)
        alone = _logits(head, cells, everyone, _Shown(positives, none, positive))
        known.keep(positives, none, alone)
    logits = alone.copy()
    likely = np.flatnonzero(alone > UNLIKELY)
    for negative in references.negatives if len(likely) else ():
        answer = known.get(positives, negative[None])
        if answer is None:
            yield
            positive = positive or positive_evidence(cells, positives)
            answer = _logits(head, cells, likely, _Shown(positives, negative[None], positive))
            known.keep(positives, negative[None], answer)
        logits[likely] = np.minimum(logits[likely], answer)
    return np.asarray(expit(logits), np.float64)


@dataclass(frozen=True)
class _Shown:
    """What the head is shown beside the cells."""

    positives: NDArray[np.float32]
    negatives: NDArray[np.float32]
    evidence: PositiveEvidence


def _logits(
    head: PercsHead, cells: NDArray[np.float32], judged: NDArray[np.intp], references: _Shown
) -> NDArray[np.float64]:
    """Judge some cells of a picture; all of them decide which likeness is common."""
    known = evidence_beside(references.evidence, cells, references.negatives)
    shown = [_features(head, each) for each in (references.positives, references.negatives)]
    n_groups = -(-len(judged) // MOST_TOGETHER)
    # Cells are dealt out by how likely they are, so that neither their order nor their place matters.
    order = np.argsort(known[judged, 0], kind="stable")
    logits = np.empty(len(judged))
    for start in range(n_groups):
        group = order[start::n_groups]
        chosen = judged[group]
        with torch.inference_mode():
            answers, _ = head.judge(
                _features(head, cells[chosen]),
                torch.from_numpy(known[chosen]).to(head.trust.device),
                shown[0],
                shown[1],
            )
        logits[group] = answers.double().cpu().numpy()
    return logits


def _key(positives: NDArray[np.float32], negative: NDArray[np.float32]) -> bytes:
    """Tell references apart; the answer does not depend on the order of positives, so neither does this."""
    each = sorted(hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in positives)
    return b"".join([*each, b"-", *(hashlib.blake2b(row.tobytes()).digest() for row in negative)])


def _features(head: PercsHead, described: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(described[:, :-N_LOOKS])).to(head.trust.device)
