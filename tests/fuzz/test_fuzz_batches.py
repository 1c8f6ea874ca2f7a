"""Harmed files of every kind are read or refused with a sentence: no crash, no hang, nothing executed.

A few hundred with a fixed seed each time; 10,000 with `pytest -m slow tests/fuzz -s`, which prints a
table, or

    python tests/fuzz/fuzz_batch.py --inputs 10000 --seed 1 --folder /tmp/fuzz

Inputs that do harm are kept in the folder, below `kept`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz.fuzz_batch import Tally, run_batches, shares, table_of
from tests.fuzz.fuzz_kinds import FAULTY, KINDS

if os.name != "posix":
    pytest.skip("memory and time are limited as Unix does it", allow_module_level=True)

SEED = 1
ALWAYS = 500
SLOW = 10_000


def problems_of(tallies: dict[str, Tally]) -> str:
    """Name what went wrong, a line an input."""
    return "\n".join(
        f"{problem.kind} {problem.number}: {problem.what} (kept: {problem.kept})"
        for tally in tallies.values()
        for problem in tally.problems
    )


def test_hundreds_of_harmed_files_do_no_harm(tmp_path: Path) -> None:
    tallies = run_batches(shares(ALWAYS), SEED, tmp_path)
    assert not problems_of(tallies), problems_of(tallies)
    assert sum(tally.total for tally in tallies.values()) == ALWAYS
    assert set(tallies) == set(KINDS)
    # Harm is done: most are refused. Not all: whole parts of a file are still read.
    assert 0.3 < sum(tally.refused for tally in tallies.values()) / ALWAYS < 0.9


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_harmed_files_do_no_harm(tmp_path: Path) -> None:
    tallies = run_batches(shares(SLOW), int(os.environ.get("FUZZ_SEED", "2")), tmp_path)
    print(f"\n{table_of(tallies)}")  # noqa: T201 - what the command is for
    assert not problems_of(tallies), problems_of(tallies)
    assert sum(tally.total for tally in tallies.values()) == SLOW


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_thousands_of_harmed_files_of_microscopes_do_no_harm(tmp_path: Path) -> None:
    kinds = ("CZI", "LIF", "ND2", "sets of files")
    tallies = run_batches(shares(6000, kinds), int(os.environ.get("FUZZ_SEED", "3")), tmp_path)
    print(f"\n{table_of(tallies)}")  # noqa: T201 - what the command is for
    assert not problems_of(tallies), problems_of(tallies)
    assert set(tallies) == set(kinds)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("_crash", "the process ended with -11"),
        ("_fail", "KeyError"),
        ("_run_something", "subprocess.Popen"),
        ("_write_elsewhere", "open for writing"),
        ("_take_memory", "MiB"),
        ("_say_little", "the file is not named"),
    ],
)
def test_the_watch_sees_what_no_reader_may_do(fault: str, told: str, tmp_path: Path) -> None:
    tally = run_batches({FAULTY[fault].name: 3}, SEED, tmp_path / "watched")[fault]
    assert tally.problems
    assert all(told in problem.what for problem in tally.problems)
    assert Path(tally.problems[0].kept).is_dir()
    assert tally.total == 3
