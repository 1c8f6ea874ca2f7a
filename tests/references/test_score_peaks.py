"""Scores part where two humps do, and nowhere where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_app.references.score_peaks import FEWEST_CELLS, parting_score


@pytest.mark.parametrize(("low", "high"), [(0.05, 0.95), (0.6, 0.96), (0.02, 0.4)])
def test_two_humps_part_between_them(low, high):
    random = np.random.default_rng(0)
    spread = 0.25 * min(high - low, low, 1 - high)
    scores = np.concatenate([random.normal(low, spread, 30), random.normal(high, spread, 12)]).clip(0, 1)
    found = parting_score(scores)
    assert found is not None
    assert scores[:30].max() < found <= scores[30:].min()
    assert parting_score(random.permutation(scores)) == pytest.approx(found)


def test_one_hump_few_cells_or_equal_scores_do_not_part():
    random = np.random.default_rng(1)
    assert parting_score(1 / (1 + np.exp(-random.normal(0, 1, 400)))) is None
    assert parting_score(np.full(50, 0.7)) is None
    assert parting_score(np.array([0.1] * 3 + [0.9] * (FEWEST_CELLS - 4))) is None
    assert parting_score(np.zeros(0)) is None


def test_scores_of_0_and_1_are_taken():
    found = parting_score(np.array([0.0] * 9 + [1.0] * 4))
    assert found == pytest.approx(0.5)
