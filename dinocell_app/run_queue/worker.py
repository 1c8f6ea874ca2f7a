"""Do the runs of a queue one after the other, each in a process of its own."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from dinocell_app.base.file_locks import holding, is_held
from dinocell_app.base.files import write_text
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.run_queue.order import QueueEntry, begin_attempt, next_entry, read_queue
from dinocell_app.run_queue.processes import NO_WINDOW, application_command, application_environment

WORKER_LOCK_NAME = "WORKER"
WORKING_NAME = "WORKING_ON"
SURVIVOR_POLL_SECONDS = 0.5
PATIENCE_SECONDS = 1.0

_logger = logging.getLogger(__name__)


def work(runs: Path, do: Callable[[Path], None] | None = None) -> None:
    """Do what waits in a queue; return at once when another process is at it.

    Parameters
    ----------
    runs : Path
        The folder of runs.
    do : callable, optional
        Does the run in a folder and returns when it has ended; in a process of its own when not given.
    """
    do = do or run_in_process
    while True:
        with holding(runs / WORKER_LOCK_NAME, PATIENCE_SECONDS) as held:
            if not held:
                return
            while (entry := next_entry(runs)) is not None:
                _take_turn(runs, entry, do)
        # Whoever filled the queue just now found the lock held, and relies on this look.
        if next_entry(runs) is None:
            return


def working_on(runs: Path) -> str | None:
    """Find out which run a worker is at, also while the process of the run is only starting.

    Returns
    -------
    str or None
        Name of the run's folder; None when no worker lives.
    """
    try:
        run = (runs / WORKING_NAME).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return run if run and is_held(runs / WORKER_LOCK_NAME) else None


def run_in_process(run: Path) -> None:
    """Do a run by `dinocell-app run`, whatever comes of it.

    Parameters
    ----------
    run : Path
        Its folder; what the process says goes to its log.
    """
    with RunFolder(run).log_path.open("ab") as log:
        finished = subprocess.run(
            application_command("run", str(run)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=application_environment(),
            check=False,
            creationflags=NO_WINDOW,
        )
    _logger.info("%s ended with exit code %s", run, finished.returncode)


def _take_turn(runs: Path, entry: QueueEntry, do: Callable[[Path], None]) -> None:
    _wait_for_survivors(runs)
    run = runs / entry.run
    write_text(runs / WORKING_NAME, entry.run)
    begin_attempt(run, entry.attempt)
    try:
        do(run)
    except OSError:
        _logger.exception("%s could not be started", run)
    finally:
        (runs / WORKING_NAME).unlink(missing_ok=True)


def _wait_for_survivors(runs: Path) -> None:
    """Wait for a run that outlived the worker which started it: only one run computes at a time."""
    while any(RunFolder(runs / entry.run).is_executing() for entry in read_queue(runs)):
        time.sleep(SURVIVOR_POLL_SECONDS)
