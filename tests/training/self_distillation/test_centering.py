"""Centered scores are probabilities, and both ways keep one prototype from taking everything."""

import pytest
import torch
from dinocell_training.self_distillation.centering import MovingAverageCentre, sinkhorn_knopp
from hypothesis import given, settings
from hypothesis import strategies as st

sizes = st.tuples(st.integers(1, 12), st.integers(2, 20))


def _scores(shape, seed):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@settings(max_examples=30)
@given(sizes, st.integers(0, 99), st.sampled_from([0.04, 0.07, 1.0]))
def test_rows_sum_to_one_in_both_ways(shape, seed, temperature):
    scores = _scores(shape, seed)
    centre = MovingAverageCentre(shape[1])
    centre.update(scores)
    for probabilities in (centre(scores, temperature), sinkhorn_knopp(scores, temperature)):
        torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(shape[0]))
        assert (probabilities >= 0).all()


def test_many_iterations_use_all_prototypes_equally():
    probabilities = sinkhorn_knopp(_scores((40, 8), 0) + torch.linspace(0, 1, 8), 0.5, n_iterations=200)
    torch.testing.assert_close(probabilities.sum(dim=0), torch.full((8,), 5.0), atol=1e-3, rtol=0)


def test_sinkhorn_of_a_two_by_two_table_has_the_closed_form():
    """The limit keeps the cross ratio q: p / (1 - p) = sqrt(q)."""
    scores = torch.tensor([[2.0, 0.0], [1.0, 0.5]])
    p = sinkhorn_knopp(scores, 1.0, n_iterations=100)
    ratio = torch.exp(torch.tensor((2.0 + 0.5 - 0.0 - 1.0) / 2))
    torch.testing.assert_close(p[0, 0] / p[0, 1], ratio)
    torch.testing.assert_close(p[0, 0], p[1, 1])


def test_sinkhorn_does_not_overflow():
    assert torch.isfinite(sinkhorn_knopp(torch.tensor([[900.0, 0.0], [0.0, 900.0]]), 0.04)).all()


def test_the_centre_is_an_exponential_moving_average_and_starts_at_zero():
    centre = MovingAverageCentre(3, momentum=0.9)
    first, second = _scores((5, 3), 1), _scores((4, 3), 2)
    torch.testing.assert_close(centre(first, 0.1), torch.softmax(first / 0.1, dim=1))
    centre.update(first)
    centre.update(second)
    expected = 0.9 * (0.1 * first.mean(0)) + 0.1 * second.mean(0)
    torch.testing.assert_close(centre.centre[0], expected)
    torch.testing.assert_close(centre(first, 0.1), torch.softmax((first - expected) / 0.1, dim=1))


def test_a_favourite_prototype_loses_its_lead():
    centre = MovingAverageCentre(4)
    scores = _scores((64, 4), 3) * 0.01 + torch.tensor([0.0, 0.0, 1.0, 0.0])
    before = centre(scores, 0.1).mean(0)[2]
    for _ in range(60):
        centre.update(scores)
    assert before > 0.99
    assert centre(scores, 0.1).mean(0)[2] == pytest.approx(0.25, abs=0.02)


def test_no_scores_leave_the_centre_alone():
    centre = MovingAverageCentre(4)
    centre.update(torch.ones(2, 4))
    before = centre.centre.clone()
    centre.update(torch.ones(0, 4))
    assert torch.equal(centre.centre, before)
    assert sinkhorn_knopp(torch.ones(0, 4), 0.1).shape == (0, 4)
