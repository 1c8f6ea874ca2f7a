"""What the queue says and offers, without widgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dinocell_app.base.errors import UserFacingError
from dinocell_app.run_queue.durations import remaining_text, speed_text
from dinocell_app.run_queue.failures import NO_REMEDY, explain
from dinocell_app.run_queue.run_rows import (
    RunAction,
    RunRow,
    finished_sentence,
    moved,
    ordered,
    possible_actions,
)

RUNNING = RunRow(1, "cells", "running", done=2, failed=1, total=10, tile_fraction=0.5, n_cells=1234)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (20, "less than a minute"),
        (150, "about 2 min"),
        (3600, "about 1 h"),
        (5400, "about 1 h 30 min"),
        (200_000, "about 2 d 8 h"),
    ],
)
def test_remaining_time_is_rounded(seconds, text):
    assert remaining_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, ""), (0.5, "120 images/min"), (30, "30 s/image"), (300, "5.0 min/image")],
)
def test_speed_has_the_unit_that_fits(seconds, text):
    assert speed_text(seconds) == text


def test_progress_counts_failed_images_and_the_tiles_of_the_current_one():
    assert RUNNING.fraction == pytest.approx(0.35)
    assert RUNNING.progress_text == "3 of 10, 1 failed"
    assert replace(RUNNING, total=0).fraction == 0
    assert replace(RUNNING, done=9, tile_fraction=1).fraction == 1


def test_a_run_offers_what_its_state_allows():
    assert possible_actions(RUNNING, []) == {RunAction.PAUSE, RunAction.STOP, RunAction.CANCEL}
    assert RunAction.RESUME in possible_actions(replace(RUNNING, state="paused"), [])
    ended = replace(RUNNING, state="finished")
    assert possible_actions(ended, []) == {RunAction.RETRY, RunAction.REMOVE}
    assert possible_actions(replace(ended, failed=0), []) == {RunAction.REMOVE}
    stopped = possible_actions(replace(RUNNING, state="interrupted"), [])
    assert stopped == {RunAction.RESUME, RunAction.RETRY, RunAction.REMOVE}


def test_waiting_runs_can_be_moved_where_there_is_room():
    waiting = [replace(RUNNING, id=number, state="queued", failed=0) for number in (4, 5, 6)]
    ids = [row.id for row in waiting]
    assert RunAction.MOVE_UP not in possible_actions(waiting[0], ids)
    assert {RunAction.MOVE_UP, RunAction.MOVE_DOWN} <= possible_actions(waiting[1], ids)
    assert RunAction.MOVE_DOWN not in possible_actions(waiting[2], ids)
    assert moved(ids, 5, -1) == [5, 4, 6]
    assert moved(ids, 5, 1) == [4, 6, 5]


def test_what_runs_stands_first_and_the_newest_of_what_ended():
    rows = [RunRow(1, "", "finished"), RunRow(2, "", "queued"), RunRow(3, "", "queued")]
    rows += [RunRow(4, "", "running"), RunRow(5, "", "stopped")]
    assert [row.id for row in ordered(rows, {2: 9, 3: 4})] == [4, 3, 2, 5, 1]


def test_the_end_of_a_run_is_told_in_a_sentence():
    row = replace(RUNNING, state="finished", done=9)
    assert (
        finished_sentence(row)
        == "“cells” is finished: 9 images, 1,234 cells; 1 failed and can be tried again."
    )
    assert "was stopped" in finished_sentence(replace(row, state="stopped"))
    assert "could not be done" in finished_sentence(replace(row, state="failed"))


def test_a_reason_is_taken_apart_into_what_happened_and_what_to_do():
    error = UserFacingError(
        "has 3 channels and none was chosen. It is a stack", path="/a/b. C.tif", remedy="Choose mean"
    )
    explained = explain(str(error), "/a/b. C.tif")
    assert explained.what == "Has 3 channels and none was chosen. It is a stack."
    assert explained.remedy == "Choose mean."


def test_a_reason_without_a_remedy_gets_a_general_one():
    assert explain("it broke").remedy == NO_REMEDY
    fault = UserFacingError("KeyError: 'x'", path="/a.tif", remedy="This is a fault of the program")
    assert explain(str(fault), "/a.tif").remedy.endswith(NO_REMEDY)
