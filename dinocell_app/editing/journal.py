"""An append-only file of what was done to the labels of one result, line by line, each with a checksum.

A line that was not written to its end, as by a crash, is dropped; anything else that is damaged is set aside
with a sentence, and what stands before it counts.
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any, Literal

from dinocell_app.base.json_text import parse_json
from dinocell_app.base.standing_folders import make_folders, require_standing

JOURNAL_NAME = "journal.jsonl"
Kind = Literal["edit", "undo", "redo", "version"]
_KINDS = ("edit", "undo", "redo", "version")


@dataclass(frozen=True)
class Entry:
    """Something that was done.

    Parameters
    ----------
    number : int
        From 1, without gaps.
    kind : {"edit", "undo", "redo", "version"}
    time : str
        ISO 8601, UTC.
    tool : str
        Of an edit; the name of a version.
    cells : tuple of int
        Labels that gained or lost pixels.
    deltas : tuple of dict
        As `delta_coding.encode` writes them; of edits only.
    next_label : int
        The first label that no cell ever had.
    """

    number: int
    kind: Kind
    time: str
    who: str
    tool: str
    cells: tuple[int, ...]
    deltas: tuple[dict[str, Any], ...] = field(repr=False)
    next_label: int


def now() -> str:
    """Give the time for an entry.

    Returns
    -------
    str
        ISO 8601, UTC.
    """
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def line_of(entry: Entry) -> bytes:
    """Write an entry as a line.

    Returns
    -------
    bytes
        The checksum, a space, JSON and a line feed.
    """
    text = json.dumps(asdict(entry), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def entry_of(line: bytes) -> Entry:
    """Read a line.

    Parameters
    ----------
    line : bytes
        Without the line feed.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    checksum, _, text = line.partition(b" ")
    if len(checksum) != 8 or int(checksum, 16) != zlib.crc32(text):
        raise ValueError("the checksum does not fit")
    try:
        content = parse_json(text.decode("utf-8"))
        content["cells"], content["deltas"] = tuple(content["cells"]), tuple(content["deltas"])
        entry = Entry(**content)
    except (TypeError, KeyError, UnicodeDecodeError) as error:
        raise ValueError("no entry") from error
    if entry.kind not in _KINDS:
        raise ValueError(f"an entry of an unknown kind, {entry.kind!r}")
    return entry


@dataclass(frozen=True)
class ReadJournal:
    """What a journal says.

    Parameters
    ----------
    sound_bytes : int
        Length of the file up to the last entry that counts.
    damage : str
        What is wrong beyond that; empty when nothing is, or only a line without an end.
    """

    entries: tuple[Entry, ...]
    sound_bytes: int
    damage: str


def read_journal(path: Path) -> ReadJournal:
    """Read a journal as far as it is sound.

    Parameters
    ----------
    path : Path
        It need not exist.

    Raises
    ------
    OSError
        If it cannot be read at all.
    """
    if not path.exists():
        return ReadJournal((), 0, "")
    entries: list[Entry] = []
    sound = 0
    with path.open("rb") as file:
        for line in file:
            try:
                if not line.endswith(b"\n"):
                    # The last thing that was done was not written to its end.
                    return ReadJournal(tuple(entries), sound, "")
                entry = entry_of(line[:-1])
            except ValueError as error:
                return ReadJournal(tuple(entries), sound, str(error))
            if entry.number != len(entries) + 1:
                why = f"entry {entry.number} follows entry {len(entries)}"
                return ReadJournal(tuple(entries), sound, why)
            entries.append(entry)
            sound += len(line)
    return ReadJournal(tuple(entries), sound, "")


class JournalWriter:
    """Appends entries; each is with the system before the call returns, and on the disk soon after.

    Parameters
    ----------
    sound_bytes : int
        What follows in the file is cut off first.
    """

    def __init__(self, path: Path, sound_bytes: int) -> None:
        make_folders(path.parent)
        self._path = path
        # Unbuffered: what the system has taken survives the end of the process.
        self._file: FileIO = path.open("ab", buffering=0)
        self._file.truncate(sound_bytes)
        self._syncing = ThreadPoolExecutor(1, thread_name_prefix="journal")

    def append(self, entries: Sequence[Entry]) -> int:
        """Write entries.

        Returns
        -------
        int
            Bytes that were written.

        Raises
        ------
        OSError
            If they cannot be written; the file is then as it was.
        FolderGoneError
            If the folder of the project was removed, moved or replaced.
        """
        require_standing(self._path)  # the file is open, and takes what is written also when it was removed
        content = b"".join(line_of(entry) for entry in entries)
        start = self._file.seek(0, os.SEEK_END)
        try:
            written = self._file.write(content)
        except OSError:
            self._file.truncate(start)
            raise
        if written != len(content):
            self._file.truncate(start)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._syncing.submit(os.fsync, self._file.fileno())
        return len(content)

    def close(self) -> None:
        """Wait until all is on the disk."""
        self._syncing.shutdown()
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()
