"""The choice between base, epochs and mixtures, on scores of which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from dinocell_training.candidates import CANDIDATES_NAME, Candidate, Candidates

from dinocell_app.base.errors import UnreadableFileError


def _candidates(tmp_path, *all_of):
    made = Candidates(tmp_path)
    for each in all_of:
        made.add(Candidate(*each))
    return made


def test_the_base_wins_over_what_is_no_better(tmp_path):
    made = _candidates(tmp_path, (0, 1.0, (0.5, 0.7)), (1, 1.0, (0.7, 0.5)), (2, 1.0, (0.4, 0.4)))
    assert made.best_of(1).is_base
    assert made.best_of(2).is_base


def test_of_equals_the_one_nearest_to_the_base_is_taken(tmp_path):
    made = _candidates(tmp_path, (0, 1.0, (0.5,)), (3, 1.0, (0.8,)), (3, 0.25, (0.7,)), (3, 0.5, (0.8,)))
    assert (made.best_of(3).epoch, made.best_of(3).share) == (3, 0.5)


def test_candidates_are_known_again_and_measured_again(tmp_path):
    _candidates(tmp_path, (0, 1.0, (0.5, 0.6)), (1, 1.0, (0.1, 0.1)))
    again = Candidates(tmp_path)
    again.add(Candidate(1, 1.0, (0.9, 0.9)))
    assert Candidates(tmp_path).best_of(1) == Candidate(1, 1.0, (0.9, 0.9))
    assert Candidates(tmp_path).get(0, 1.0).mean == pytest.approx(0.55)
    assert Candidates(tmp_path).get(1, 0.5) is None


def test_a_choice_that_all_images_agree_on_is_not_too_good(tmp_path):
    made = _candidates(tmp_path, (0, 1.0, (0.2, 0.3, 0.1)), (1, 1.0, (0.6, 0.7, 0.5)))
    assert made.optimism(made.best_of(1)) == 0


def test_a_single_image_says_nothing_about_its_own_choice(tmp_path):
    made = _candidates(tmp_path, (0, 1.0, (0.2,)), (1, 1.0, (0.6,)))
    assert made.optimism(made.best_of(1)) == 0


def test_the_optimism_makes_up_for_choosing_among_many_that_are_the_same(tmp_path):
    """Forty epochs as good as the base on the whole: the best on four images looks better, and is not."""
    looks, corrected = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        made = Candidates(tmp_path / str(seed))
        for epoch in range(20):
            scores = tuple(0.5 + 0.1 * rng.standard_normal(4))
            made.known[epoch, 1.0] = Candidate(epoch, 1.0, scores)
        chosen = max(made.known.values(), key=lambda each: each.mean)
        looks.append(chosen.mean - 0.5)
        corrected.append(chosen.mean - 0.5 - made.optimism(chosen))
    assert np.mean(looks) > 0.07
    assert np.mean(corrected) < 0.25 * np.mean(looks)


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"candidates": [{}]}', '{"candidates": [{"epoch": 1, "share": 1, "scores": []}]}'],
)
def test_a_damaged_list_is_a_sentence(tmp_path, content):
    (tmp_path / CANDIDATES_NAME).write_text(content)
    with pytest.raises(UnreadableFileError, match="candidates"):
        Candidates(tmp_path)
