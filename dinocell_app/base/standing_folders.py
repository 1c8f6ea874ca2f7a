"""Folders that work writes into for a long time, and that must still be the same ones at every write.

A drive that goes away leaves an empty folder of the same name, and a removed folder could be made anew: both
would take the rest of the results, apart from those before. So a folder is made once, when the work begins,
remembered by its device and its number there, and never made again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.base.errors import RefusedWriteError

_guard = threading.Lock()


@dataclass(frozen=True, eq=False)
class _Standing:
    """A folder as it was when the work began.

    Attributes
    ----------
    handle : int or None
        Of the open folder, where the system opens folders: its number is then not given to another one, and
        drives that number anew what nobody holds keep it.
    """

    path: Path
    status: os.stat_result
    handle: int | None

    def is_the_same(self) -> bool:
        try:
            before = self.status if self.handle is None else os.fstat(self.handle)
            return os.path.samestat(before, self.path.stat())
        except OSError:
            return False


_standing: list[_Standing] = []


class FolderGoneError(RefusedWriteError):
    """A folder that work writes into was removed, moved or replaced, or its drive went away."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            "this folder was removed, moved or replaced, or its drive went away, while it was in use; "
            "nothing more is written",
            path=folder,
            remedy="Connect the drive or put the folder back, then start again: what is finished stays",
        )


@contextmanager
def standing(folder: Path) -> Iterator[None]:
    """Refuse, within the block, whatever this process writes below a folder that is no longer the same.

    Parameters
    ----------
    folder : Path
        Made here, with its parents, when it is missing.

    Raises
    ------
    OSError
        If it cannot be made.
    FolderGoneError
        From `make_folders` and `require_standing`, in any thread.
    """
    folder = Path(os.path.abspath(folder))
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ends:
        handle = None
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            ends.callback(os.close, handle)
        entry = _Standing(folder, folder.stat(), handle)
        with _guard:
            _standing.append(entry)
        ends.callback(_forget, entry)
        yield


def require_standing(path: Path) -> Path | None:
    """Check the standing folders that hold a file, or are the folder given.

    Returns
    -------
    Path or None
        The innermost of them; None where none holds the file.

    Raises
    ------
    FolderGoneError
        If one of them is no longer what it was.
    """
    path = Path(os.path.abspath(path))
    with _guard:
        around = [each for each in _standing if path.is_relative_to(each.path)]
        around.sort(key=lambda each: len(each.path.parts))
        for each in around:
            if not each.is_the_same():
                raise FolderGoneError(each.path)
    return around[-1].path if around else None


def make_folders(folder: Path) -> None:
    """Make a folder and its missing parents, but none that has to be standing.

    Raises
    ------
    FolderGoneError
        If a standing folder around it is gone.
    OSError
        If it cannot be made.
    """
    root = require_standing(folder)
    if root is None:
        folder.mkdir(parents=True, exist_ok=True)
        return
    below = Path(os.path.abspath(folder)).relative_to(root)
    for number in range(1, len(below.parts) + 1):
        root.joinpath(*below.parts[:number]).mkdir(exist_ok=True)


def _forget(entry: _Standing) -> None:
    with _guard:
        _standing.remove(entry)
