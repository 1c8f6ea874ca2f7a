"""Scores of cells by the trained head where a model carries one, and without training where it does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from dinocell_app.reference_types import N_LOOKS
from dinocell_app.segmentation.reference.evidence import evidence
from dinocell_app.segmentation.reference.percs_head import PercsHead
from dinocell_app.segmentation.reference.scoring import TypeReferences, score_types

MOST_TOGETHER = 512
"""Cells that look at each other at once; more are judged in groups that each look like the whole."""

UNLIKELY = -4.0
"""Negatives are not asked about cells whose logit is lower: they score below 0.02 anyway."""


def score_types_guided(
    cells: NDArray[np.float32], types: Sequence[TypeReferences], head: PercsHead | None
) -> NDArray[np.float64]:
    """Score cells by several types; a type's references speak against the other types.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture.
    types : sequence of TypeReferences
    head : PercsHead or None
        Of the model that described them; None to score without training.

    Returns
    -------
    ndarray of shape (K, len(types)), float64
    """
    if head is None:
        return score_types(cells, types)
    scores = np.zeros((len(cells), len(types)))
    for index, own in enumerate(types):
        others = [each.positives for each in types if each is not own]
        negatives = np.concatenate([own.negatives, *others])
        scores[:, index] = guided_scores(head, cells, TypeReferences(own.name, own.positives, negatives))
    return scores


def guided_scores(
    head: PercsHead, cells: NDArray[np.float32], references: TypeReferences
) -> NDArray[np.float64]:
    """Score cells of a picture by the references of one type.

    Each negative is shown to the head beside all positives, and the least of its answers counts: one more
    negative never raises a score. Nothing depends on the order of references or on where a cell lies.

    Parameters
    ----------
    head : PercsHead
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of all cells of one picture.
    references : TypeReferences

    Returns
    -------
    ndarray of shape (K,), float64
    """
    if not len(cells):
        return np.zeros(0)
    everyone = np.arange(len(cells))
    logits = _logits(head, cells, everyone, TypeReferences("", references.positives, cells[:0]))
    likely = np.flatnonzero(logits > UNLIKELY)
    for negative in references.negatives if len(likely) else ():
        beside = TypeReferences("", references.positives, negative[None])
        logits[likely] = np.minimum(logits[likely], _logits(head, cells, likely, beside))
    return np.asarray(expit(logits), np.float64)


def _logits(
    head: PercsHead,
    cells: NDArray[np.float32],
    judged: NDArray[np.intp],
    references: TypeReferences,
) -> NDArray[np.float64]:
    """Judge some cells of a picture; all of them decide which likeness is common."""
    known = evidence(cells, references.positives, references.negatives)
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


def _features(head: PercsHead, described: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(described[:, :-N_LOOKS])).to(head.trust.device)
