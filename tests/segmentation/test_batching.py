"""How many tiles at once: measured on the model, within memory, and remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dinocell_app.base.speed_memory import PATH_VARIABLE
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.segmentation import batching
from dinocell_app.segmentation.batching import MAX_BATCH_SIZES, fastest_batch_size, first_batch_size

CPU = torch.device("cpu")


@pytest.fixture
def model(tiny_model: Path) -> SegmentationModel:
    return load_model(tiny_model)


@pytest.fixture(autouse=True)
def _nothing_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path / "speed.json"))
    monkeypatch.setattr(batching, "_measured", {})
    monkeypatch.setitem(MAX_BATCH_SIZES, "cpu", 4)


def _taking(monkeypatch: pytest.MonkeyPatch, seconds: dict[int, float | Exception]) -> list[int]:
    """Let a tile take given seconds in batches of a size."""
    tried: list[int] = []

    def timed(network: object, device: object, precision: object, size: int) -> float:
        tried.append(size)
        found = seconds[size]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(batching, "_seconds_a_tile", timed)
    return tried


@pytest.mark.parametrize(
    ("seconds", "expected", "tried"),
    [
        ({1: 0.10, 2: 0.10}, 1, [1, 2]),  # no faster
        ({1: 0.10, 2: 0.096}, 1, [1, 2]),  # hardly faster
        ({1: 0.10, 2: 0.08, 4: 0.079}, 2, [1, 2, 4]),
        ({1: 0.10, 2: 0.08, 4: 0.05, 8: 0.04}, 8, [1, 2, 4, 8]),  # up to the largest
        ({1: 0.50}, 1, [1]),  # so slow that trying more would keep a person waiting
        ({1: 0.10, 2: 0.08, 4: RuntimeError("DefaultCPUAllocator: can't allocate memory")}, 2, [1, 2, 4]),
    ],
)
def test_the_fastest_batch_is_taken(
    model: SegmentationModel,
    monkeypatch: pytest.MonkeyPatch,
    seconds: dict[int, float | Exception],
    expected: int,
    tried: list[int],
) -> None:
    asked = _taking(monkeypatch, seconds)
    assert fastest_batch_size(model.network, CPU, "fp32", 8) == expected
    assert asked == tried


def test_what_is_not_a_lack_of_memory_is_told(
    model: SegmentationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _taking(monkeypatch, {1: RuntimeError("the driver is gone")})
    with pytest.raises(RuntimeError, match="the driver is gone"):
        fastest_batch_size(model.network, CPU, "fp32", 8)


def test_it_is_measured_once_for_a_model_and_an_arithmetic(
    model: SegmentationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = _taking(monkeypatch, {1: 0.1, 2: 0.05, 4: 0.05})
    assert first_batch_size(model, "fp32") == 2
    monkeypatch.setattr(batching, "_measured", {})  # as in a new process
    assert first_batch_size(model, "fp32") == 2
    assert tried == [1, 2, 4]
    assert first_batch_size(model, "bf16") == 2
    assert tried == [1, 2, 4] * 2


def test_a_real_network_is_timed(model: SegmentationModel) -> None:
    assert first_batch_size(model, "fp32") in (1, 2, MAX_BATCH_SIZES["cpu"])
