"""Whether a picture is of the kind that references are from: scores in other pictures mean little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dinocell_app.references.types import N_LOOKS

LEAST_LIKENESS = 0.6
"""A picture without any cell this much like any reference is unlike the pictures of the references.

Measured on 40 pictures of tissue, blood, fluorescent nuclei, phase contrast, quantitative phase and yeast
with the shipped model (``tests/benchmarks/reference_domain.py``): of pictures of the references' own set 5, 2
and 1 % are below it with 1, 2 and 4 references, of pictures of another kind 82, 75 and 67 %."""


def domain_likeness(cells: NDArray[np.float32], references: NDArray[np.float32]) -> float | None:
    """Give the cosine similarity of the cell and the reference that are most alike by the network's features.

    A single cell decides: pictures in which the type is rare, or that have other types beside it, are still
    of the kind, and negatives count as much as positives. Size and brightness have no part in it.

    Parameters
    ----------
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions of the cells of a picture, as `segmentation.reference.description` gives them.
    references : ndarray of shape (P, D + N_LOOKS), float32
        Positives and negatives of all types.

    Returns
    -------
    float or None
        None where there is nothing to compare.
    """
    if not len(cells) or not len(references):
        return None
    return float((cells[:, :-N_LOOKS] @ references[:, :-N_LOOKS].T).max())


def looks_unlike(likeness: float | None) -> bool:
    """Tell whether a picture is unlike those of the references.

    Parameters
    ----------
    likeness : float or None
        As `domain_likeness` gives it.

    Returns
    -------
    bool
        False where there was nothing to compare.
    """
    return likeness is not None and likeness < LEAST_LIKENESS


def unlike_sentence(likeness: float) -> str:
    """Say of an image that its scores mean little, as what follows its name."""
    return (
        f"looks unlike the images of the reference cells ({likeness:.2f}, at least {LEAST_LIKENESS:g} is "
        "usual), so its scores mean little"
    )
