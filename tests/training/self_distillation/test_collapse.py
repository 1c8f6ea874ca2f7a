"""Collapse is told from features and from the use of prototypes."""

from __future__ import annotations

import pytest
import torch
from dinocell_training.self_distillation.collapse import CollapseWatch, effective_rank


def test_effective_rank_counts_equal_directions() -> None:
    features = torch.cat([torch.eye(5), -torch.eye(5)])
    assert effective_rank(features) == pytest.approx(5, abs=1e-4)
    assert effective_rank(torch.ones(8, 4)) == 0.0


def _report(probabilities: torch.Tensor, features: torch.Tensor) -> list[str]:
    watch = CollapseWatch(probabilities.shape[-1])
    watch.add(probabilities, features)
    return watch.report()


def test_a_healthy_network_is_only_described() -> None:
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.softmax(torch.randn(2, 32, 64, generator=generator), -1)
    said = _report(probabilities, torch.randn(2, 32, 16, generator=generator))
    assert len(said) == 1
    assert "16)" in said[0]


def test_features_that_are_all_alike_are_called_collapsed() -> None:
    said = _report(torch.full((2, 32, 64), 1 / 64), torch.ones(2, 32, 16))
    assert "collapsed" in said[1]


def test_a_single_prototype_in_use_is_called_collapsed() -> None:
    probabilities = torch.zeros(2, 32, 64)
    probabilities[..., 3] = 1
    said = _report(probabilities, torch.randn(2, 32, 16, generator=torch.Generator().manual_seed(0)))
    assert "collapsed" in said[1]


def test_a_handful_of_pictures_says_nothing() -> None:
    assert _report(torch.full((2, 3, 4), 0.25), torch.ones(2, 3, 4)) == []
