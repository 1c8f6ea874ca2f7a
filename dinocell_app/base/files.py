"""Files that are whole or absent: write beside, flush to disk, rename."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dinocell_app.base.standing_folders import make_folders, require_standing

PARTIAL_SUFFIX = ".partial"

_MOST_LETTERS = 50

LEFTOVER_AGE_S = 3600.0
"""A file that is being written changes all the time; one that did not for so long belongs to nobody alive."""

_PARTIAL_NAME = re.compile(r"\..*-[a-z0-9_]{8}" + re.escape(PARTIAL_SUFFIX) + r"(\.[^.]+)?")
"""Names that `replacing` and folders written beside have; `tempfile` draws the eight letters."""


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Give a path to write to that becomes `path` only when the block ends well.

    Parameters
    ----------
    path : Path or str
        The file to create or replace; missing parent folders are made, but no standing one.

    Yields
    ------
    Path
        A file name in the same folder with the same final suffix, so that writers which choose
        the format by suffix work unchanged.

    Raises
    ------
    OSError
        If the folder cannot be written to; the target is then as it was.
    """
    path = Path(path)
    make_folders(path.parent)
    handle, name = tempfile.mkstemp(
        prefix=hidden_prefix(path), suffix=f"{PARTIAL_SUFFIX}{path.suffix}", dir=path.parent
    )
    os.close(handle)
    beside = Path(name)
    try:
        beside.chmod(0o666 & ~_umask())
        yield beside
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        require_standing(path)
        beside.replace(path)
    except OSError as error:
        if error.filename is None or Path(os.fsdecode(error.filename)) == beside:
            error.filename = str(path)  # the name that a person knows
        raise
    finally:
        beside.unlink(missing_ok=True)


def hidden_prefix(path: Path) -> str:
    """Begin the name of what is written beside a file: short also where letters have four bytes."""
    return f".{path.stem[:_MOST_LETTERS]}-"


def remove_leftovers(folder: Path, age_s: float = LEFTOVER_AGE_S) -> int:
    """Remove what processes that were killed had begun to write, in a folder and all below it.

    Parameters
    ----------
    folder : Path
        It need not exist.
    age_s : float
        What changed within so many seconds stays: somebody may be writing it.

    Returns
    -------
    int
        Number of files and folders removed; what cannot be removed stays and is not counted.
    """
    latest = time.time() - age_s
    removed = 0
    for place, folders, files in os.walk(folder):
        for name in [name for name in (*folders, *files) if _PARTIAL_NAME.fullmatch(name)]:
            left = Path(place, name)
            try:
                if _changed(left) > latest:
                    continue
                if left.is_dir():
                    shutil.rmtree(left)
                else:
                    left.unlink()
                removed += 1
            except OSError:
                continue  # gone by now, or not ours to remove
        folders[:] = [name for name in folders if not _PARTIAL_NAME.fullmatch(name)]
    return removed


def _changed(path: Path) -> float:
    """Tell when a file, or anything in a folder, was changed last."""
    times: list[float] = [path.lstat().st_mtime]
    if path.is_dir():
        times += [each.lstat().st_mtime for each in path.rglob("*")]
    return max(times)


def write_text(path: Path | str, text: str) -> None:
    """Write a UTF-8 text file that is whole or absent.

    Parameters
    ----------
    path : Path or str
        The file to create or replace.
    text : str
        Its content; line ends are kept as they are.
    """
    with replacing(path) as beside:
        beside.write_bytes(text.encode("utf-8"))


def write_json(path: Path | str, content: Any) -> None:  # noqa: ANN401 - whatever json accepts
    """Write indented JSON that is whole or absent.

    Parameters
    ----------
    path : Path or str
        The file to create or replace.
    content : Any
        What `json.dumps` accepts; NaN is refused because JSON has none.
    """
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
