"""Learning rates follow the paper; weight decay spares what it should."""

import pytest
from dinocell_training.schedule import Schedule, parameter_groups, schedule_of

from dinocell_app.jobs.training_settings import TrainingSettings
from dinocell_app.model.segmenter import FLOW_CHANNELS, Segmenter, SegmenterConfig


def test_the_defaults_are_the_papers():
    parameters = TrainingSettings()
    schedule = schedule_of(parameters)
    assert (parameters.epochs, parameters.batch_size, parameters.learning_rate) == (40, 8, 2e-5)
    assert parameters.weight_decay == 1e-4
    assert parameters.encoder_learning_rate is None
    assert schedule.warmup == schedule.decay_start == 8 * parameters.steps_per_epoch


def test_warm_up_is_linear_and_decay_ends_at_zero():
    schedule = Schedule(warmup=4, decay_start=6, total=10)
    factors = [schedule.factor(step) for step in range(11)]
    assert factors[:6] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert factors[8] == pytest.approx(0.5)
    assert factors[10] == pytest.approx(0)


def test_groups_hold_every_parameter_once_and_decay_only_kernels():
    config = SegmenterConfig("vit_small_patch14_dinov2", 8, 32, 32, 16, 2, (0,), FLOW_CHANNELS)
    network = Segmenter(config)
    groups = parameter_groups(network, 1e-3, 1e-4, 0.1)
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))
    decayed = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    rates = {id(p): group["base_rate"] for group in groups for p in group["params"]}
    for name, parameter in network.named_parameters():
        spared = parameter.ndim == 1 or "token" in name or "pos_embed" in name
        assert decayed[id(parameter)] == (0 if spared else 0.1), name
        assert rates[id(parameter)] == (1e-4 if name.startswith("backbone.") else 1e-3), name
