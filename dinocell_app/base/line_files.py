"""Files that grow line by line while a run goes on, on disks that may be full."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dinocell_app.base.disk_errors import writing_explained


@contextmanager
def appending(path: Path) -> Iterator[Callable[[str], None]]:
    """Give a function that adds a line to a file and has handed it to the system when it returns.

    Parameters
    ----------
    path : Path
        Made if it is missing. A last line that was cut short is ended first.

    Yields
    ------
    callable
        Takes a line without its end; raises a UserFacingError where the disk refuses it.

    Raises
    ------
    UserFacingError
        If the file cannot be opened.
    """
    with writing_explained(path):
        lines = path.open("ab", buffering=0)

    def append(line: str) -> None:
        with writing_explained(path):
            start = "\n" if ends_within_a_line(path) else ""
            rest = memoryview(f"{start}{line}\n".encode())
            while rest:
                rest = rest[lines.write(rest) :]

    with lines:
        yield append


class LogFile(logging.FileHandler):
    """A log that a full disk may cut short: what a run has to tell is told by its events."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing, where logging would write a traceback to the terminal."""

    def close(self) -> None:
        """Close the file, whether or not its last lines could be written."""
        with suppress(OSError):
            super().close()


def ends_within_a_line(path: Path) -> bool:
    """Tell whether the last line of a file was cut short."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
