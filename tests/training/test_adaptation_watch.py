"""What is said about the loss of an adaptation."""

from __future__ import annotations

import pytest
from dinocell_training.adaptation_watch import AdaptationWatch
from dinocell_training.training_check import DoomedTrainingError

from dinocell_app.jobs.events import EpochFinished, JobFinished, Notice, StepFinished


def _said(losses: list[float]) -> list[str]:
    watch = AdaptationWatch()
    events = [EpochFinished(n, len(losses), {"total": loss}, {}, 1.0) for n, loss in enumerate(losses, 1)]
    heard = [each for event in (*events, JobFinished(1, 0, 1.0)) for each in watch.after(event)]
    return [each.message for each in heard if isinstance(each, Notice)]


def test_a_loss_that_rose_is_said_and_one_that_fell_or_wavered_is_not() -> None:
    (said,) = _said([8.0, 8.1, 8.2, 8.3, 8.4, 8.5, 8.6])
    assert "risen from 8.00 to 8.40" in said
    assert not _said([8.0, 7.5, 7.0, 6.5, 6.0, 5.5])
    assert not _said([8.0, 8.1, 8.0, 8.1, 8.2, 8.05])
    assert not _said([8.0, 9.0])


def test_weights_that_run_away_end_it() -> None:
    watch = AdaptationWatch()
    broken = StepFinished(1, 5, {"total": float("nan")}, 1e-4)
    assert not [*watch.after(broken), *watch.after(broken)]
    with pytest.raises(DoomedTrainingError):
        list(watch.after(broken))
