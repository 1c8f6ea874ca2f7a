"""One sentence for whatever a disk refuses: what happened, which file, what to do."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dinocell_app.base.errors import RefusedWriteError, UnreadableFileError
from dinocell_app.base.standing_folders import make_folders

_PROBE_BYTES = 65536
CHECK_THE_DRIVE = "Check that the drive is connected, then run again"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY}
_GONE = {
    errno.ENOENT,
    errno.ENODEV,
    errno.ENXIO,
    errno.ENOTCONN,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ENETRESET,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ECONNABORTED,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
}


def unreadable(error: OSError, path: Path) -> UnreadableFileError | None:
    """Say why a file could not be read, where that is no matter of what is in it.

    Returns
    -------
    UnreadableFileError or None
        None where the disk gave what it has.
    """
    if isinstance(error, PermissionError):
        return UnreadableFileError("may not be read", path=path, remedy="Allow reading it for your account")
    if isinstance(error, FileNotFoundError):
        return UnreadableFileError(
            "does not exist", path=path, remedy="Check the path and that the drive is connected"
        )
    if error.errno in _GONE or error.errno == errno.EIO:
        return UnreadableFileError(
            f"its drive does not answer ({error.strerror})", path=path, remedy=CHECK_THE_DRIVE
        )
    return None


@contextmanager
def writing_explained(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence for the user.

    Parameters
    ----------
    path : Path
        The file or folder that is written.

    Raises
    ------
    RefusedWriteError
        Instead of any OSError.
    """
    try:
        yield
    except OSError as error:
        raise _refused(error, path) from error


def refused_by_disk(error: OSError, place: Path) -> RefusedWriteError | None:
    """Say what a disk refused, for an error that nobody on the way has explained.

    Parameters
    ----------
    place : Path
        Where the work writes; it is named where the error names no file.

    Returns
    -------
    RefusedWriteError or None
        None for an error that is not the disk's.
    """
    if error.errno not in _FULL | _REFUSED | _GONE | {errno.EIO, errno.ENAMETOOLONG}:
        return None
    return _refused(error, Path(os.fsdecode(error.filename)) if error.filename else place)


def _refused(error: OSError, path: Path) -> RefusedWriteError:
    what, remedy = _sentence(error)
    refused = RefusedWriteError(what, path=path, remedy=remedy)
    refused.is_full = error.errno in _FULL
    return refused


def try_writing(folder: Path) -> None:
    """Write a small file and remove it again, to see whether a folder takes any.

    Raises
    ------
    RefusedWriteError
        If it does not.
    """
    with writing_explained(folder):
        make_folders(folder)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".partial", dir=folder)
        try:
            os.write(handle, bytes(_PROBE_BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
            os.unlink(name)


def _sentence(error: OSError) -> tuple[str, str]:
    if error.errno in _FULL:
        return "the disk is full", "Free some space or choose another output folder, then run again"
    if error.errno in _REFUSED:
        return (
            "writing is not permitted",
            "Close the file if another program has it open, or choose another output folder",
        )
    if error.errno == errno.ENAMETOOLONG:
        return "the file name is too long for this disk", "Choose an output folder with a shorter path"
    if error.errno in _IN_THE_WAY:
        return "a file or folder of the same name is in the way", "Move it or choose another output folder"
    if error.errno in _GONE:
        return f"the drive or folder does not answer ({error.strerror or error})", CHECK_THE_DRIVE
    return f"the file could not be written ({error.strerror or error})", "Choose another output folder"
