"""Rates, temperature and momentum over a run, and which layers they apply to."""

import math

import pytest
import torch
from dinocell_training.self_distillation.schedules import AdaptationSchedule, layer_groups, warmed_cosine
from torch import nn

from dinocell_app.jobs.training_settings import AdaptationSettings

SETTINGS = AdaptationSettings(steps_per_epoch=10)


def test_a_line_then_half_a_cosine():
    def value(step):
        return warmed_cosine(step, warmup=4, total=12, values=(1.0, 5.0, 3.0))

    assert [value(step) for step in range(5)] == [1, 2, 3, 4, 5]
    assert value(8) == pytest.approx(4.0)
    assert value(12) == value(99) == pytest.approx(3.0)


def test_the_schedules_of_the_paper_preset():
    schedule = AdaptationSchedule(SETTINGS, n_processes=8)
    assert schedule.peak_learning_rate == pytest.approx(2e-4 * math.sqrt(128 / 1024))
    assert schedule.learning_rate(0) == 0
    assert schedule.learning_rate(50) == pytest.approx(schedule.peak_learning_rate / 2)
    assert schedule.learning_rate(100) == pytest.approx(schedule.peak_learning_rate)
    assert schedule.learning_rate(1000) == pytest.approx(1e-6)
    assert [schedule.weight_decay(step) for step in (0, 500, 1000)] == pytest.approx([0.04, 0.22, 0.4])
    assert [schedule.teacher_momentum(step) for step in (0, 500, 1000)] == pytest.approx([0.992, 0.996, 1])
    temperatures = [schedule.teacher_temperature(step) for step in (0, 150, 300, 999)]
    assert temperatures == pytest.approx([0.04, 0.055, 0.07, 0.07])
    assert [schedule.is_last_layer_frozen(step) for step in (0, 9, 10)] == [True, True, False]


class _Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.pos_embed = nn.Parameter(torch.zeros(1, 3, 4))
        self.backbone.patch_embed = nn.Linear(4, 4)
        self.backbone.blocks = nn.ModuleList([nn.Linear(4, 4), nn.LayerNorm(4)])
        self.backbone.norm = nn.LayerNorm(4)
        self.mask_token = nn.Parameter(torch.zeros(1, 4))
        self.class_head = nn.Module()
        self.class_head.prototypes = nn.Parameter(torch.zeros(5, 4))


def test_layers_learn_the_slower_the_nearer_they_are_to_the_picture():
    student = _Student()
    groups = layer_groups(student, 2, SETTINGS)
    names = {id(parameter): name for name, parameter in student.named_parameters()}
    rates = {names[id(p)]: (g["rate_factor"], g["decay_factor"]) for g in groups for p in g["params"]}
    assert len(rates) == len(names)
    expected = {
        "mask_token": (0.9**3, 1),
        "backbone.pos_embed": (0.9**3, 1),
        "backbone.patch_embed.weight": (0.2 * 0.9**3, 1),
        "backbone.patch_embed.bias": (0.2 * 0.9**3, 0),
        "backbone.blocks.0.weight": (0.9**2, 1),
        "backbone.blocks.1.bias": (0.9, 0),
        "backbone.norm.weight": (1, 0),
        "class_head.prototypes": (1, 1),
    }
    for name, factors in expected.items():
        assert rates[name] == pytest.approx(factors), name


def test_only_the_prototypes_stand_still_at_first():
    student = _Student()
    optimiser = torch.optim.AdamW(layer_groups(student, 2, SETTINGS))
    schedule = AdaptationSchedule(SETTINGS)
    schedule.apply(optimiser.param_groups, 5)
    assert all((group["lr"] == 0) == group["is_last_layer"] for group in optimiser.param_groups)
    schedule.apply(optimiser.param_groups, 10)
    assert all(group["lr"] > 0 for group in optimiser.param_groups)
    decays = {group["weight_decay"] for group in optimiser.param_groups}
    assert decays == {0, schedule.weight_decay(10)}
