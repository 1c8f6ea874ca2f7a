"""Averages of weights against what arithmetic says."""

from __future__ import annotations

import pytest
import torch

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.model.averaging import average_weights


def _weights(value: float, dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    return {"kernel": torch.full((2, 3), value, dtype=dtype), "count": torch.tensor(int(value))}


def test_shares_say_how_much_each_model_counts():
    mixed = average_weights([_weights(1.0), _weights(5.0)], [3, 1])
    assert torch.equal(mixed["kernel"], torch.full((2, 3), 2.0))
    assert mixed["count"] == 1


@pytest.mark.parametrize(("shares", "expected"), [((1, 0), 0.1), ((0, 1), 0.7)])
def test_a_whole_share_is_that_model_to_the_last_digit(shares, expected):
    models = [_weights(0.1), _weights(0.7)]
    assert torch.equal(average_weights(models, shares)["kernel"], _weights(expected)["kernel"])


def test_the_mean_of_many_half_precision_models_is_not_lost_to_rounding():
    torch.manual_seed(0)
    models = [{"kernel": torch.randn(50).half()} for _ in range(100)]
    exact = torch.stack([model["kernel"].double() for model in models]).mean(dim=0)
    mixed = average_weights(models, [1] * 100)["kernel"]
    assert mixed.dtype == torch.float16
    assert torch.equal(mixed, exact.half())


def test_models_and_shares_stay_as_they_are():
    models = [_weights(1.0), _weights(3.0)]
    average_weights(models, [1, 1])["kernel"].fill_(9)
    assert torch.equal(models[0]["kernel"], _weights(1.0)["kernel"])


@pytest.mark.parametrize("shares", [(1,), (0, 0), (-1, 2), (float("nan"), 1)])
def test_shares_that_cannot_be_are_refused(shares):
    with pytest.raises(InvalidParameterError):
        average_weights([_weights(1.0), _weights(2.0)], shares)


def test_networks_that_differ_are_refused_by_name():
    other = {**_weights(1.0), "more": torch.ones(1)}
    with pytest.raises(ModelError, match="in more"):
        average_weights([_weights(1.0), other], [1, 1])
    with pytest.raises(ModelError, match="in kernel"):
        average_weights([_weights(1.0), {**_weights(1.0), "kernel": torch.ones(4)}], [1, 1])
