"""The terms of the loss against the equations of their papers and values worked out by hand."""

import math

import numpy as np
import pytest
import torch
from dinocell_training.self_distillation.losses import class_token_loss, koleo_loss, patch_token_loss


def _random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _cross_entropy(target, score, temperature):
    """H(p, q) in numpy, as the papers write it."""
    scaled = np.asarray(score, np.float64) / temperature
    log_q = scaled - np.log(np.exp(scaled).sum())
    return -(np.asarray(target, np.float64) * log_q).sum()


def test_class_token_loss_by_hand():
    """One picture, two views of two prototypes; each view is compared with the other alone."""
    student = torch.tensor([[[0.0, 0.0]], [[math.log(3), 0.0]]])
    teacher = torch.tensor([[[1.0, 0.0]], [[0.5, 0.5]]])
    first_teacher_second_student = -math.log(0.75)
    second_teacher_first_student = math.log(2)
    expected = (first_teacher_second_student + second_teacher_first_student) / 2
    assert class_token_loss(student, teacher, temperature=1.0).item() == pytest.approx(expected)


def test_class_token_loss_is_the_equation_of_dino():
    """Sum over teacher views x and student views x' other than x of H(P_t(x), P_s(x')), per pair."""
    student, teacher = _random(5, 3, 7), torch.softmax(_random(2, 3, 7, seed=1), dim=-1)
    pairs = [
        np.mean([_cross_entropy(teacher[g, b], student[v, b], 0.1) for b in range(3)])
        for g in range(2)
        for v in range(5)
        if v != g
    ]
    assert len(pairs) == 8
    assert class_token_loss(student, teacher).item() == pytest.approx(np.mean(pairs), rel=1e-5)


def test_the_student_that_agrees_has_the_entropy_of_the_teacher():
    scores = _random(1, 2, 6)
    targets = torch.softmax(scores / 0.1, dim=-1)
    entropy = -(targets * targets.log()).sum(-1).mean().item()
    assert class_token_loss(scores.repeat(2, 1, 1), targets).item() == pytest.approx(entropy, rel=1e-5)


def test_patch_token_loss_is_the_equation_of_ibot():
    """Mean over the views of the mean over masked patches; a view without a mask adds 0."""
    masks = torch.tensor([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]], dtype=torch.bool)
    student, teacher = _random(4, 5), torch.softmax(_random(4, 5, seed=1), dim=-1)
    each = [_cross_entropy(t, s, 0.1) for t, s in zip(teacher, student, strict=True)]
    expected = (np.mean(each[:3]) + 0 + each[3]) / 3
    assert patch_token_loss(student, teacher, masks).item() == pytest.approx(expected, rel=1e-5)


def test_no_masked_patch_costs_nothing_and_can_be_differentiated():
    scores = torch.zeros(0, 5, requires_grad=True)
    loss = patch_token_loss(scores, torch.zeros(0, 5), torch.zeros(2, 4, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0


def test_koleo_by_hand():
    """On the unit circle at 0, 60 and 180 degrees: nearest at chords 1, 1 and sqrt(3)."""
    angles = torch.tensor([0.0, 60.0, 180.0]).deg2rad()
    features = torch.stack([angles.cos(), angles.sin()], dim=1) * torch.tensor([[1.0], [5.0], [0.1]])
    assert koleo_loss(features).item() == pytest.approx(-math.log(math.sqrt(3)) / 3, abs=1e-5)


def test_koleo_is_smaller_when_features_are_spread():
    assert koleo_loss(torch.eye(6)) < koleo_loss(torch.eye(6) * 0.05 + 1)


def test_koleo_of_one_picture_or_of_equal_ones_is_finite():
    features = torch.ones(1, 4, requires_grad=True)
    koleo_loss(features).backward()
    assert torch.equal(features.grad, torch.zeros(1, 4))
    assert torch.isfinite(koleo_loss(torch.ones(3, 4)))


def test_gradients_are_those_of_finite_differences():
    masks = torch.tensor([[True, False], [True, True]])
    targets = torch.softmax(_random(3, 4, seed=4), dim=-1)
    for function, scores in (
        (lambda s: patch_token_loss(s, targets, masks, 1.0), _random(3, 4)),
        (lambda s: class_token_loss(s, targets[None].repeat(2, 1, 1), 1.0), _random(3, 3, 4)),
        (koleo_loss, _random(5, 4)),
    ):
        given = scores.clone().requires_grad_(True)
        function(given).backward()
        direction, step = _random(*scores.shape, seed=9), 1e-2
        along = (function(scores + step * direction) - function(scores - step * direction)) / (2 * step)
        assert (given.grad * direction).sum().item() == pytest.approx(along.item(), rel=2e-2, abs=1e-4)
