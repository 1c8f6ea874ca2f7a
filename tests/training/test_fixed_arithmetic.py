"""The arithmetic of a run stays what it was, whatever the computer measures later."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from dinocell_training.fixed_arithmetic import ARITHMETIC_NAME, fixed_precision

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.speed_memory import PATH_VARIABLE, remember
from dinocell_app.model import processor_arithmetic
from dinocell_app.model.processor_arithmetic import gain_name

CPU = torch.device("cpu")


def test_a_run_that_goes_on_computes_as_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path / "speed.json"))
    remember(gain_name(), 5.0)
    assert fixed_precision(tmp_path / "run", "auto", CPU) == "bf16"
    processor_arithmetic._decided.cache_clear()  # as in a new process
    remember(gain_name(), 0.7)
    assert fixed_precision(tmp_path / "run", "auto", CPU) == "bf16"
    assert fixed_precision(tmp_path / "other", "auto", CPU) == "fp32"


def test_a_named_precision_is_taken_and_nothing_is_written(tmp_path: Path) -> None:
    assert fixed_precision(tmp_path / "run", "fp16", CPU) == "fp16"
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"precision": "fp8"}', '{"precision": []}'])
def test_a_damaged_record_is_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / ARITHMETIC_NAME).write_text(content)
    with pytest.raises(UnreadableFileError, match="arithmetic"):
        fixed_precision(tmp_path, "auto", CPU)
