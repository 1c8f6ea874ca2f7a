"""When scores in a picture are doubted."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_app.references.likeness import LEAST_LIKENESS, domain_likeness, looks_unlike
from dinocell_app.references.types import N_LOOKS


def cells(*angles, look=0.0):
    """Cells whose features point into directions of a plane."""
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([embeddings, np.full((len(angles), N_LOOKS), look)], axis=1).astype(np.float32)


def test_the_cell_and_the_reference_that_are_most_alike_decide():
    references = cells(0.0, 3.0)
    assert domain_likeness(cells(1.0, 0.5), references) == pytest.approx(np.cos(0.5), abs=1e-6)
    assert domain_likeness(cells(1.0, 2.9), references) == pytest.approx(np.cos(0.1), abs=1e-6)


def test_size_and_brightness_are_no_reason_to_doubt():
    assert domain_likeness(cells(0.0, look=9.0), cells(0.0)) == pytest.approx(1.0)


def test_one_more_reference_never_raises_a_doubt():
    picture = cells(1.2, 1.4)
    before = domain_likeness(picture, cells(0.0))
    after = domain_likeness(picture, cells(0.0, 2.0))
    assert before is not None
    assert after is not None
    assert after >= before
    assert looks_unlike(before)
    assert not looks_unlike(after)


def test_a_picture_without_cells_is_not_doubted():
    assert domain_likeness(cells(0.1)[:0], cells(0.0)) is None
    assert not looks_unlike(None)
    assert not looks_unlike(LEAST_LIKENESS)
