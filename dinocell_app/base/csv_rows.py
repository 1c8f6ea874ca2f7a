"""Rows of CSV that stay rows, whatever stands in a name."""

from __future__ import annotations

from typing import Protocol

LINE_END = "\r\n"
"""To be given to writers, which quote a value that holds one of these characters, and none but these."""


class _TextFile(Protocol):
    def write(self, text: str, /) -> object:
        """Take a text."""


class Rows:
    r"""A text file as writers of CSV get it: their rows end with `LINE_END`, those of the file with ``\n``.

    A writer told to end rows with ``\n`` alone leaves a carriage return unquoted, and readers take it for the
    end of the row.

    Parameters
    ----------
    file : text file
        Opened with ``newline=""``.
    """

    def __init__(self, file: _TextFile) -> None:
        self._file = file

    def write(self, row: str) -> None:
        """Take one row, or a part of one."""
        whole = row.removesuffix(LINE_END)
        self._file.write(row if whole == row else whole + "\n")
