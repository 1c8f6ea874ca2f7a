"""Which runs wait for their turn: written by the window, read by the process that works on them.

Each run in the queue carries the number of the attempt that is wanted; the worker notes in the run's folder
which attempts it began. A run waits when the first number is larger, so neither side writes the other's file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dinocell_app.base.files import write_json, write_text
from dinocell_app.base.json_text import parse_json
from dinocell_app.jobs.run_folder import JOB_NAME, PAUSE_NAME

QUEUE_NAME = "queue.json"
ATTEMPT_NAME = "ATTEMPT"
SCHEMA_VERSION = 1
_LONGEST_NAME = 100


@dataclass(frozen=True)
class QueueEntry:
    """A run in the queue.

    Parameters
    ----------
    run : str
        Name of its folder in the folder of runs.
    attempt : int
        Counted from 1; a run that is resumed is asked for once more.
    """

    run: str
    attempt: int = 1


def read_queue(runs: Path) -> tuple[QueueEntry, ...]:
    """Read the queue of a folder of runs.

    Returns
    -------
    tuple of QueueEntry
        First the run whose turn is next; empty when there is no queue that can be read.
    """
    try:
        content = parse_json((runs / QUEUE_NAME).read_text(encoding="utf-8"))
        entries = [QueueEntry(str(entry["run"]), int(entry["attempt"])) for entry in content["runs"]]
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return ()
    # A run lies in the folder of runs: a name that leads elsewhere is no run of this queue.
    return tuple(entry for entry in entries if _is_name(entry.run))


def _is_name(run: str) -> bool:
    return 0 < len(run) <= _LONGEST_NAME and run not in (".", "..") and not set(run) & set("/\\:\0")


def write_queue(runs: Path, entries: Sequence[QueueEntry]) -> None:
    """Write the queue of a folder of runs."""
    content = {"schema_version": SCHEMA_VERSION, "runs": [asdict(entry) for entry in entries]}
    write_json(runs / QUEUE_NAME, content)


def ask_for(runs: Path, run: str) -> None:
    """Put a run at the end of the queue for its next attempt; one that waits keeps its place."""
    entries = read_queue(runs)
    if any(entry.run == run and is_waiting(runs, entry) for entry in entries):
        return
    others = [entry for entry in entries if entry.run != run]
    write_queue(runs, [*others, QueueEntry(run, attempts_begun(runs / run) + 1)])


def withdraw(runs: Path, run: str) -> None:
    """Take a run out of the queue."""
    write_queue(runs, [entry for entry in read_queue(runs) if entry.run != run])


def put_in_order(runs: Path, names: Sequence[str]) -> None:
    """Give the runs of a queue another order.

    Parameters
    ----------
    names : sequence of str
        Runs that it leaves out keep their order behind those it names.
    """
    place = {name: index for index, name in enumerate(names)}
    write_queue(runs, sorted(read_queue(runs), key=lambda entry: place.get(entry.run, len(place))))


def attempts_begun(run: Path) -> int:
    """Count how often work on a run began.

    Parameters
    ----------
    run : Path
        Its folder.
    """
    try:
        return int((run / ATTEMPT_NAME).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def begin_attempt(run: Path, attempt: int) -> None:
    """Note that work on a run begins."""
    write_text(run / ATTEMPT_NAME, f"{attempt}\n")


def is_waiting(runs: Path, entry: QueueEntry) -> bool:
    """Tell whether an entry of the queue has not had its turn, paused ones included."""
    return entry.attempt > attempts_begun(runs / entry.run) and (runs / entry.run / JOB_NAME).is_file()


def next_entry(runs: Path) -> QueueEntry | None:
    """Find the run whose turn is next.

    Returns
    -------
    QueueEntry or None
        None when nothing waits that is not paused.
    """
    for entry in read_queue(runs):
        if is_waiting(runs, entry) and not (runs / entry.run / PAUSE_NAME).exists():
            return entry
    return None
