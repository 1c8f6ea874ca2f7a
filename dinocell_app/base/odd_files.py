"""Entries of folders that are no files anybody could use: each has a reason, and none stops the others."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISFIFO, "a pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)


def why_unusable(path: Path) -> str | None:
    """Say why a file or folder cannot be used, without opening it.

    Returns
    -------
    str or None
        Part of a sentence; None for a file or folder like others.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return "its name is not valid UTF-8, so no table could name it; rename it"
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return _why_unreachable(path, error)
    return next((reason for is_kind, reason in _KINDS if is_kind(mode)), None)


def _why_unreachable(path: Path, error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "a link that leads back to itself"
    if error.errno == errno.ENAMETOOLONG:
        return "its path is too long for this system"
    if error.errno == errno.ENOENT and path.is_symlink():
        return "a link to something that does not exist"
    return f"cannot be looked at ({error.strerror})"
