"""How well cells are told apart by type on held-out crops, with outlines given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dinocell_app.segmentation.reference.guided_scoring import score_types_guided
from dinocell_app.segmentation.reference.percs_head import PercsHead
from dinocell_app.segmentation.reference.scoring import TypeReferences
from dinocell_training.reference_training.encoding import EncodedCrop

LEAST_SCORE = 0.5
FEWEST_CELLS = 2
"""Of a type in a crop: the reference and one to find."""


def score_head(head: PercsHead | None, crops: Sequence[EncodedCrop]) -> float:
    """Score the cells of crops by one reference of each type, which is the same in every call.

    Parameters
    ----------
    head : PercsHead or None
        None for the score without training.

    Returns
    -------
    float
        Mean of TP / (TP + FP + FN) over crops and types, at a score of 0.5; the reference does not count.
        NaN without a crop to score.
    """
    values = [value for crop in crops for value in _values(head, crop)]
    return float(np.mean(values)) if values else float("nan")


def _values(head: PercsHead | None, crop: EncodedCrop) -> Iterator[float]:
    for name in crop.known_types:
        own = np.flatnonzero(crop.types == name)
        if len(own) < FEWEST_CELLS:
            continue
        reference = own[len(own) // 2]
        references = TypeReferences(name, crop.cells[[reference]], crop.cells[:0])
        scores = score_types_guided(crop.cells, [references], head)[:, 0]
        counted = (crop.types != "") & (np.arange(len(crop.types)) != reference)
        yield _agreement(scores[counted] >= LEAST_SCORE, (crop.types == name)[counted])


def _agreement(found: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> float:
    either = int((found | wanted).sum())
    return float((found & wanted).sum()) / either if either else 1.0
