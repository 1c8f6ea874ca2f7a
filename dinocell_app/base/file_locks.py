"""Files that one process at a time holds; the operating system takes them back after a crash."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOCK_POLL_SECONDS = 0.05


@contextmanager
def holding(path: Path, patience_seconds: float = 0.0) -> Iterator[bool]:
    """Hold a lock file for one process; a crash releases it.

    Parameters
    ----------
    path : Path
        Made if it is missing.
    patience_seconds : float
        How long to try. Asking `is_held` takes the lock for a moment, which must not look like a holder.

    Yields
    ------
    bool
        Whether this process has it.
    """
    with path.open("a+b") as lock:
        until = time.monotonic() + patience_seconds
        while not (held := _take(lock)) and time.monotonic() < until:
            time.sleep(LOCK_POLL_SECONDS)
        yield held


def is_held(path: Path) -> bool:
    """Tell whether a process holds a lock file.

    Returns
    -------
    bool
        False when there is no such file.
    """
    try:
        with path.open("r+b") as lock:
            return not _take(lock)
    except OSError:
        return False


def _take(lock: IO[bytes]) -> bool:
    """Lock an open file without waiting; the operating system unlocks it when it is closed."""
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
