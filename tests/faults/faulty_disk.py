"""A disk that refuses: every operation on files below a folder is counted, and chosen ones fail."""

from __future__ import annotations

import builtins
import io
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_BASIC_OPEN = io.open


@dataclass
class FaultyDisk:
    """Refuses operations on files below a folder.

    Parameters
    ----------
    folder : Path
        What lies elsewhere is left alone.
    number : int
        The `errno` of the refusals.
    first : int
        The first operation that is refused, counted from 0; -1 for none, which only counts.
    stays : bool
        Whether all later ones are refused, too.
    kills : bool
        Whether the process is killed instead of refused.
    """

    folder: Path
    number: int = 0
    first: int = -1
    stays: bool = False
    kills: bool = False
    operations: list[str] = field(default_factory=list)

    def ask(self, operation: str, path: Path | str) -> None:
        """Count an operation, and refuse it in its turn."""
        place = len(self.operations)
        self.operations.append(f"{operation} {Path(path).name}")
        if self.kills and place == self.first:
            os.kill(os.getpid(), signal.SIGKILL)
        if place == self.first or (self.stays and 0 <= self.first < place):
            raise OSError(self.number, os.strerror(self.number), str(path))

    def holds(self, path: object) -> bool:
        """Tell whether a file is on this disk."""
        return isinstance(path, str | os.PathLike) and Path(os.fspath(path)).is_relative_to(self.folder)

    def put_in_place(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between the program and the files until the patch is undone."""
        patch.setattr(builtins, "open", self._open)
        patch.setattr(io, "open", self._open)
        for name in ("replace", "rename"):
            patch.setattr(os, name, self._watched("rename", getattr(os, name), which=1))
        patch.setattr(os, "mkdir", self._watched("mkdir", os.mkdir))
        make, flush = os.open, os.fsync

        def make_file(path: Any, flags: int, *others: Any, **options: Any) -> int:
            if flags & os.O_CREAT and self.holds(path):
                self.ask("make", path)
            return make(path, flags, *others, **options)

        def flush_file(handle: Any) -> None:
            number = handle if isinstance(handle, int) else handle.fileno()
            path = os.readlink(f"/proc/self/fd/{number}")
            if self.holds(path):
                self.ask("fsync", path)
            flush(number)

        patch.setattr(os, "open", make_file)
        patch.setattr(os, "fsync", flush_file)

    def _watched(self, operation: str, do: Callable[..., Any], which: int = 0) -> Callable[..., Any]:
        def watched(*paths: Any, **options: Any) -> Any:
            if self.holds(paths[which]):
                self.ask(operation, paths[which])
            return do(*paths, **options)

        return watched

    def _open(self, file: Any, mode: str = "r", buffering: int = -1, *text: Any, **options: Any) -> Any:
        if not set(mode) & set("wax+") or not self.holds(file):
            return _BASIC_OPEN(file, mode, buffering, *text, **options)
        self.ask("open", file)
        raw = _FaultyFile(file, mode.replace("b", "").replace("t", ""), self)
        if buffering == 0:
            return raw
        binary = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return binary if "b" in mode else io.TextIOWrapper(binary, *text, **options)


class _FaultyFile(io.FileIO):
    """A file open for writing whose every call to the system is asked for first."""

    def __init__(self, path: Any, mode: str, disk: FaultyDisk) -> None:
        self._disk = disk
        self._opened_to = mode
        super().__init__(path, mode)

    def write(self, content: Any) -> int:
        self._disk.ask("write", str(self.name))
        return super().write(content)

    def fileno(self) -> int:
        # Who asks for it (numpy, Pillow) writes past this class, or flushes; or locks a file that grows.
        if "a" not in self._opened_to:
            self._disk.ask("write", str(self.name))
        return super().fileno()
