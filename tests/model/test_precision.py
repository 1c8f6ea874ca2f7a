"""What "auto" precision means on a processor, and how that is measured and remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from dinocell_app.base.speed_memory import (
    PATH_VARIABLE,
    processor_name,
    remember,
    remembered,
    speed_memory_path,
)
from dinocell_app.model import processor_arithmetic
from dinocell_app.model.precision import autocast, resolve_precision
from dinocell_app.model.processor_arithmetic import (
    BFLOAT16_PAYS,
    DAYS_KEPT,
    DAYS_KEPT_BUSY,
    Gain,
    bfloat16_gain,
    gain_name,
    measure_bfloat16_gain,
)

CPU = torch.device("cpu")


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A memory of speeds in which nothing stands yet."""
    path = tmp_path / "cache" / "speed.json"
    monkeypatch.setenv(PATH_VARIABLE, str(path))
    processor_arithmetic._decided.cache_clear()
    return path


def _measuring(monkeypatch: pytest.MonkeyPatch, gain: float, waiting: float = 1.0) -> list[float]:
    asked: list[float] = []

    def measure() -> Gain:
        asked.append(gain)
        return Gain(gain, waiting)

    monkeypatch.setattr(processor_arithmetic, "measure_bfloat16_gain", measure)
    return asked


@pytest.mark.parametrize(
    ("gain", "expected"), [(BFLOAT16_PAYS + 0.1, torch.bfloat16), (BFLOAT16_PAYS - 0.1, torch.float32)]
)
def test_auto_on_a_processor_is_bfloat16_where_it_was_measured_to_pay(
    memory: Path, gain: float, expected: torch.dtype
) -> None:
    remember(gain_name(), gain)
    assert resolve_precision("auto", CPU) == expected
    matrix = torch.ones(2, 2)
    with autocast("auto", CPU):
        assert (matrix @ matrix).dtype == expected


def test_a_named_precision_is_taken_as_it_is(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _measuring(monkeypatch, 9.0)
    assert resolve_precision("fp32", CPU) == torch.float32
    assert resolve_precision("bf16", CPU) == torch.bfloat16
    assert not asked
    assert not memory.exists()


def test_it_is_measured_once_and_read_in_the_next_process(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _measuring(monkeypatch, 2.5)
    assert bfloat16_gain() == 2.5
    processor_arithmetic._decided.cache_clear()  # as in a new process
    assert bfloat16_gain() == 2.5
    assert asked == [2.5]
    content = json.loads(memory.read_text("utf-8"))
    assert content["measured"][gain_name()] == 2.5
    assert processor_name() in gain_name()
    assert torch.__version__ in gain_name()


def test_where_nothing_can_be_written_it_is_measured_once_in_a_process(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.parent.write_text("a file where the folder should be")
    asked = _measuring(monkeypatch, 2.5)
    assert [bfloat16_gain(), bfloat16_gain()] == [2.5, 2.5]
    assert asked == [2.5]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe not json",
        b"[]",
        b'{"schema_version": 99, "measured": {"NAME": 4}}',
        b'{"schema_version": 1, "measured": [1]}',
        b'{"schema_version": 1, "measured": {"NAME": "fast"}}',
        b'{"schema_version": 1, "measured": {"NAME": true}}',
        b'{"schema_version": 1, "measured": {"NAME": NaN}}',
    ],
)
def test_a_damaged_memory_counts_as_none(
    memory: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    memory.parent.mkdir()
    memory.write_bytes(content.replace(b"NAME", gain_name().encode()))
    asked = _measuring(monkeypatch, 1.0)
    assert bfloat16_gain() == 1.0
    assert asked
    assert remembered(gain_name()) == 1.0


def test_measurements_stand_side_by_side(memory: Path) -> None:
    remember("one", 1.5)
    remember("other", 2.0)
    assert (remembered("one"), remembered("other"), remembered("third")) == (1.5, 2.0, None)
    assert speed_memory_path() == memory


def test_the_real_measurement_gives_a_ratio_and_leaves_chance_alone() -> None:
    state = torch.random.get_rng_state()
    threads = torch.get_num_threads()
    gain = measure_bfloat16_gain()
    assert 0.01 < gain.times < 100
    assert gain.waiting > 0.5
    assert torch.get_num_threads() == threads
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize(("waiting", "days"), [(1.0, DAYS_KEPT), (3.0, DAYS_KEPT_BUSY)])
def test_it_is_measured_again_some_day_and_tomorrow_on_a_busy_computer(
    memory: Path, monkeypatch: pytest.MonkeyPatch, waiting: float, days: int
) -> None:
    asked = _measuring(monkeypatch, 0.7, waiting)
    now = 1_000_000.0
    monkeypatch.setattr(processor_arithmetic.time, "time", lambda: now)
    assert bfloat16_gain() == 0.7
    for later, times in ((days * 86_400 - 60, 1), (days * 86_400 + 60, 2)):
        now = 1_000_000.0 + later
        processor_arithmetic._decided.cache_clear()  # as in a new process
        bfloat16_gain()
        assert len(asked) == times


def test_within_a_process_the_choice_stands(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(gain_name(), 4.0)
    assert resolve_precision("auto", CPU) == torch.bfloat16
    remember(gain_name(), 0.7)
    assert resolve_precision("auto", CPU) == torch.bfloat16
