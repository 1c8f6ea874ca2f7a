"""Trainings in the queue: counted in steps, with what can be done with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dinocell_app.jobs.events import EpochFinished, Event, JobFinished, JobStarted, StepFinished
from dinocell_app.project.records import RunRecord
from dinocell_app.run_queue.progress import ProgressCount
from dinocell_app.run_queue.run_rows import (
    RunAction,
    RunRow,
    finished_sentence,
    possible_actions,
    queue_sentence,
    run_row,
)

RECORD = RunRecord(3, "our cells", "finetune", "running", Path("/runs/3"), 1, (), 0, 0, 0, "2026")


def steps(first: int, last: int) -> list[Event]:
    return [StepFinished(number, 40, {"total": 1.0}, 1e-4) for number in range(first, last + 1)]


def row_after(*events: Event, state: str = "running") -> RunRow:
    count = ProgressCount()
    for event in events:
        count.add(event)
    return run_row(RECORD, count.progress(state))


def test_a_training_is_as_far_as_its_steps() -> None:
    row = row_after(
        JobStarted("finetune", 40), *steps(1, 10), EpochFinished(1, 4, {}, {}, 20.0), *steps(11, 12)
    )
    assert (row.progress_text, row.fraction) == ("step 12 of 40", 0.3)
    assert row.remaining_seconds == pytest.approx(28 * 2.0)
    assert queue_sentence([row]).startswith("our cells · step 12 of 40 · ")
    assert "image" not in queue_sentence([row]) + row.speed_text


def test_the_speed_of_adapting_says_nothing_about_teaching() -> None:
    adapting = (JobStarted("adapt", 40), *steps(1, 10), EpochFinished(1, 4, {}, {}, 500.0))
    assert row_after(*adapting).remaining_seconds == 1500.0
    row = row_after(*adapting, JobStarted("finetune", 40), *steps(1, 1))
    assert row.remaining_seconds is None


def test_a_resumed_training_counts_from_its_checkpoint() -> None:
    row = row_after(
        JobStarted("finetune", 40), *steps(1, 12),
        JobStarted("finetune", 40, 10), *steps(11, 20), EpochFinished(2, 4, {}, {}, 30.0),
    )  # fmt: skip
    assert row.remaining_seconds == pytest.approx(20 * 3.0)


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        ("queued", {RunAction.CANCEL}),
        ("running", {RunAction.PAUSE, RunAction.CANCEL}),
        ("paused", {RunAction.RESUME, RunAction.CANCEL}),
        ("stopped", {RunAction.RESUME, RunAction.REMOVE}),
        ("finished", {RunAction.REMOVE}),
    ],
)
def test_what_can_be_done_with_a_training(state: str, actions: set[RunAction]) -> None:
    row = row_after(JobStarted("finetune", 40), *steps(1, 4), state=state)
    assert possible_actions(row, [row.id]) == actions


def test_a_training_that_has_ended_says_where_its_verdict_is() -> None:
    row = row_after(JobStarted("finetune", 40), *steps(1, 40), JobFinished(4, 0, 9.0), state="finished")
    assert finished_sentence(row) == "The training of “our cells” is finished; open it to see its verdict."
    assert row.remaining_text == ""
