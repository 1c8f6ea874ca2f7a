"""The order of runs, who writes what, and a worker that takes them one by one."""

from __future__ import annotations

import threading

import pytest

from dinocell_app.base.file_locks import holding
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.run_queue.order import (
    QueueEntry,
    ask_for,
    attempts_begun,
    begin_attempt,
    next_entry,
    put_in_order,
    read_queue,
    withdraw,
)
from dinocell_app.run_queue.worker import WORKER_LOCK_NAME, work, working_on


@pytest.fixture
def runs(tmp_path):
    """Three run folders; their jobs are not read here."""
    for name in ("1", "2", "3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "job.json").write_text("{}")
    return tmp_path


def order(runs) -> list[str]:
    return [entry.run for entry in read_queue(runs)]


def test_runs_wait_in_the_order_they_were_asked_for(runs):
    assert next_entry(runs) is None
    for name in ("2", "1", "3"):
        ask_for(runs, name)
    assert order(runs) == ["2", "1", "3"]
    put_in_order(runs, ["3", "2"])
    assert order(runs) == ["3", "2", "1"]
    withdraw(runs, "3")
    assert next_entry(runs) == QueueEntry("2", 1)


def test_a_run_that_had_its_turn_waits_only_when_it_is_asked_for_again(runs):
    ask_for(runs, "1")
    begin_attempt(runs / "1", 1)
    assert next_entry(runs) is None
    ask_for(runs, "1")
    assert next_entry(runs) == QueueEntry("1", 2)


def test_asking_twice_keeps_the_place(runs):
    ask_for(runs, "1")
    ask_for(runs, "2")
    ask_for(runs, "1")
    assert read_queue(runs) == (QueueEntry("1"), QueueEntry("2"))


def test_paused_runs_let_others_go_first(runs):
    ask_for(runs, "1")
    ask_for(runs, "2")
    RunFolder(runs / "1").pause_path.touch()
    assert next_entry(runs) == QueueEntry("2")


@pytest.mark.parametrize("text", ["", "[]", '{"runs": [{"run": 1}]}', '{"runs": 3}'])
def test_a_damaged_queue_is_an_empty_one(runs, text):
    (runs / "queue.json").write_text(text)
    assert read_queue(runs) == ()


def test_a_folder_that_is_gone_does_not_stop_the_others(runs):
    ask_for(runs, "gone")
    ask_for(runs, "1")
    done = []
    work(runs, lambda run: done.append(run.name))
    assert done == ["1"]


def test_the_worker_sees_what_the_window_changes_meanwhile(runs):
    ask_for(runs, "1")
    ask_for(runs, "2")
    done = []

    def do(run) -> None:
        assert working_on(runs) == run.name
        done.append((run.name, attempts_begun(run)))
        if run.name == "1":
            ask_for(runs, "3")
            put_in_order(runs, ["3", "2"])

    work(runs, do)
    assert done == [("1", 1), ("3", 1), ("2", 1)]
    assert working_on(runs) is None


def test_a_run_that_cannot_be_started_does_not_stop_the_others(runs):
    ask_for(runs, "1")
    ask_for(runs, "2")
    done = []

    def do(run) -> None:
        done.append(run.name)
        raise OSError("no processes left")

    work(runs, do)
    assert done == ["1", "2"]


def test_only_one_worker_works(runs):
    ask_for(runs, "1")
    done = []
    with holding(runs / WORKER_LOCK_NAME) as held:
        assert held
        work(runs, lambda run: done.append(run.name))
    assert not done


def test_what_is_asked_for_in_the_last_moment_is_done(runs, monkeypatch):
    """A worker that has found nothing more still holds the lock when the next one gives up."""
    from dinocell_app.run_queue import worker

    ask_for(runs, "1")
    done = []
    answers = iter([lambda: ask_for(runs, "2")])

    def late(folder):
        entry = next_entry(folder)
        if entry is None:
            next(answers, lambda: None)()
        return entry

    monkeypatch.setattr(worker, "next_entry", late)
    work(runs, lambda run: done.append(run.name))
    assert done == ["1", "2"]


def test_a_run_that_outlived_its_worker_is_waited_for(runs, monkeypatch):
    from dinocell_app.run_queue import worker

    monkeypatch.setattr(worker, "SURVIVOR_POLL_SECONDS", 0.01)
    ask_for(runs, "1")
    begin_attempt(runs / "1", 1)
    ask_for(runs, "2")
    done = []
    with RunFolder(runs / "1").locked():
        working = threading.Thread(target=work, args=(runs, lambda run: done.append(run.name)))
        working.start()
        working.join(0.3)
        assert not done
    working.join(10)
    assert done == ["2"]
