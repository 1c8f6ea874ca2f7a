"""What SQLite says of a project file, as sentences: damage is one thing, a disk that refuses another."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from dinocell_app.base.errors import UnreadableFileError

FULL_DISK = (
    "The project is opened for reading only, because its disk is full. Free some space and open it again."
)

_OF_THE_DISK = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
}
_FREE_NEEDED = 256 * 1024
"""Bytes that SQLite takes beside a small project file to begin with."""


def damaged(path: Path, detail: object) -> UnreadableFileError:
    """Say that a project file cannot be read.

    Parameters
    ----------
    detail : object
        What SQLite says.
    """
    return UnreadableFileError(
        f"the project file is damaged ({str(detail).splitlines()[0][:160]})",
        path=path,
        remedy="Restore the file from a backup; images and results are not affected",
    )


def unusable(path: Path, error: sqlite3.Error) -> UnreadableFileError:
    """Say that the disk of a project file refuses."""
    if is_full(path):
        return UnreadableFileError(
            "the project cannot be used, because its disk is full",
            path=path,
            remedy="Free some space and try again; nothing is lost",
        )
    return UnreadableFileError(
        f"the project file cannot be used ({error})",
        path=path,
        remedy="Check that the disk is connected and that your account may write to it, then try again",
    )


def is_of_the_disk(error: sqlite3.Error) -> bool:
    """Tell whether an error says nothing about what is in the file."""
    return error.sqlite_errorcode & 0xFF in _OF_THE_DISK


def is_full(path: Path) -> bool:
    """Tell whether the disk of a file has no room for what SQLite writes beside it."""
    try:
        return shutil.disk_usage(path.parent).free < _FREE_NEEDED
    except OSError:
        return False
