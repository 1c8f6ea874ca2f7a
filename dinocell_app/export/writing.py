"""Results that are whole or absent; what the disk refuses is told in one sentence."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dinocell_app.base.disk_errors import writing_explained
from dinocell_app.base.files import PARTIAL_SUFFIX, hidden_prefix, replacing
from dinocell_app.base.standing_folders import make_folders, require_standing


@contextmanager
def whole_file(path: Path | str) -> Iterator[Path]:
    """Give a path to write to that becomes `path` only when the block ends well.

    Parameters
    ----------
    path : Path or str
        The file to create or replace; missing parent folders are made.

    Yields
    ------
    Path
        A file in the same folder with the same final suffix.

    Raises
    ------
    UserFacingError
        If the disk is full, the folder may not be written to or the file cannot be replaced; nothing
        partial is left and an existing file is as it was.
    """
    path = Path(path)
    with writing_explained(path), replacing(path) as beside:
        yield beside


@contextmanager
def whole_folder(path: Path | str) -> Iterator[Path]:
    """Give a folder to fill that becomes `path` only when the block ends well.

    Parameters
    ----------
    path : Path or str
        The folder to create or replace with all its content; missing parents are made.

    Yields
    ------
    Path
        An empty folder beside `path`.

    Raises
    ------
    UserFacingError
        As in `whole_file`.
    """
    path = Path(path)
    with writing_explained(path):
        make_folders(path.parent)
        with tempfile.TemporaryDirectory(
            prefix=hidden_prefix(path), suffix=PARTIAL_SUFFIX, dir=path.parent, ignore_cleanup_errors=True
        ) as room:
            beside = Path(room, "new")
            beside.mkdir()
            yield beside
            _flush(beside)
            require_standing(path)
            _exchange(beside, path, Path(room, "old"))


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a file that is whole or absent.

    Parameters
    ----------
    path : Path or str
        The file to create or replace.
    content : bytes
        Its content.

    Raises
    ------
    UserFacingError
        As in `whole_file`.
    """
    with whole_file(path) as beside:
        beside.write_bytes(content)


def _exchange(new: Path, target: Path, old: Path) -> None:
    """Put `new` in the place of `target`; a folder cannot be replaced in one step when it has content."""
    if target.is_dir() and not target.is_symlink():
        target.rename(old)
        try:
            new.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        target.unlink(missing_ok=True)
        new.rename(target)


def _flush(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb+") as written:
                os.fsync(written.fileno())
