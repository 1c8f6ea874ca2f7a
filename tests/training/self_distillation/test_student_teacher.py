"""The student and the teacher: who learns, who follows, and what a step's loss is made of."""

from __future__ import annotations

import pytest
import torch
from dinocell_training.self_distillation.losses import class_token_loss, koleo_loss
from dinocell_training.self_distillation.student_teacher import (
    DistillationNetwork,
    Teacher,
    Views,
    distillation_loss,
    set_drop_path,
)
from torch import nn

from dinocell_app.jobs.training_settings import AdaptationSettings
from dinocell_app.model.backbone import create_backbone

SETTINGS = AdaptationSettings(n_prototypes=16, hidden_width=16, bottleneck_width=8, drop_path=0.0)


@pytest.fixture
def student() -> DistillationNetwork:
    torch.manual_seed(0)
    backbone = create_backbone("vit_tiny_patch16_224", patch_size=8, image_size=32)
    del backbone.blocks[2:]
    return DistillationNetwork(backbone, SETTINGS)


@pytest.fixture
def views() -> Views:
    generator = torch.Generator().manual_seed(1)
    masks = torch.zeros(6, 16, dtype=torch.bool)
    masks[0, :5] = masks[3, 2:4] = True
    return Views(
        torch.rand(2, 3, 32, 32, generator=generator), torch.rand(2, 3, 16, 16, generator=generator), masks
    )


def test_every_weight_of_the_student_learns_and_none_of_the_teacher(
    student: DistillationNetwork, views: Views
) -> None:
    teacher = Teacher(student, SETTINGS)
    targets = teacher.targets(views, 0.04)
    distillation_loss(student, targets, views, SETTINGS)["total"].backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
    still = [name for name, value in student.named_parameters() if value.grad is None]
    assert not still
    assert all(value.grad is None and not value.requires_grad for value in teacher.parameters())
    assert not any(target.requires_grad for target in targets.values())


def test_targets_are_probabilities_of_the_unmasked_views(student: DistillationNetwork, views: Views) -> None:
    teacher = Teacher(student, SETTINGS)
    targets = teacher.targets(views, 0.04)
    assert targets["class"].shape == (2, 3, 16)
    assert targets["patch"].shape == (7, 16)
    torch.testing.assert_close(targets["class"].sum(-1), torch.ones(2, 3))
    other = Views(views.large, views.small, ~views.masks)
    again = Teacher(student, SETTINGS).targets(other, 0.04)
    torch.testing.assert_close(targets["class"], again["class"])


def test_the_teacher_is_the_exact_moving_average(student: DistillationNetwork) -> None:
    teacher = Teacher(student, SETTINGS)
    before = [value.clone() for value in teacher.network.parameters()]
    with torch.no_grad():
        for value in student.parameters():
            value += 1.0
    teacher.follow(student, 0.75)
    for mine, old, learned in zip(teacher.network.parameters(), before, student.parameters(), strict=True):
        torch.testing.assert_close(mine, 0.75 * old + 0.25 * learned.detach())


def test_hidden_patches_are_not_seen(student: DistillationNetwork, views: Views) -> None:
    masks = torch.zeros(1, 16, dtype=torch.bool)
    masks[0, 0] = True
    picture = views.large[0, :1]
    changed = picture.clone()
    changed[:, :8, :8] = 1 - changed[:, :8, :8]
    torch.testing.assert_close(student.tokens(picture, masks)[0], student.tokens(changed, masks)[0])
    assert not torch.allclose(student.tokens(picture)[0], student.tokens(changed)[0])


def test_the_loss_is_the_weighted_sum_of_its_terms(student: DistillationNetwork, views: Views) -> None:
    targets = Teacher(student, SETTINGS).targets(views, 0.04)
    losses = distillation_loss(student, targets, views, SETTINGS)
    found = student(views.large, views.small, views.masks)
    torch.testing.assert_close(losses["class_tokens"], class_token_loss(found["class"], targets["class"]))
    spread = koleo_loss(found["features"][0]) + koleo_loss(found["features"][1])
    torch.testing.assert_close(losses["koleo"], SETTINGS.koleo_weight * spread)
    torch.testing.assert_close(
        losses["total"], losses["class_tokens"] + losses["patch_tokens"] + losses["koleo"]
    )


def test_terms_of_weight_zero_are_left_out(student: DistillationNetwork, views: Views) -> None:
    settings = SETTINGS.model_copy(update={"patch_loss_weight": 0.0, "koleo_weight": 0.0})
    lean = DistillationNetwork(student.backbone, settings)
    losses = distillation_loss(lean, Teacher(lean, settings).targets(views, 0.04), views, settings)
    assert set(losses) == {"class_tokens", "total"}
    assert lean.patch_head is None


def test_the_teacher_never_drops_blocks(student: DistillationNetwork, views: Views) -> None:
    set_drop_path(student.backbone, 0.5)
    teacher = Teacher(student, SETTINGS).train()
    assert not any(module.training for module in teacher.modules() if isinstance(module, nn.Module))
    first, second = (teacher.network.tokens(views.large[0])[0] for _ in range(2))
    torch.testing.assert_close(first, second)
    student.train()
    assert not torch.allclose(student.tokens(views.large[0])[0], student.tokens(views.large[0])[0])
