"""One writer a project: a lock of the operating system, and a note beside it that says who holds it."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json

LOCK_NAME = "project.lock"
HOLDER_NAME = "project.lock.json"


class ProjectLock:
    """The right to change a project; a crash gives it back.

    Parameters
    ----------
    folder : Path
        The project folder.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = FileLock(folder / LOCK_NAME, timeout=0)
        self._holder_path = folder / HOLDER_NAME
        self._folder = folder

    def take(self) -> str | None:
        """Take the lock if it is free.

        Returns
        -------
        str or None
            None when it was taken; else a sentence that says why the project is read only.
        """
        if not os.access(self._folder, os.W_OK):
            return self._not_writable()
        try:
            self._lock.acquire()
        except Timeout:
            return self._in_use()
        except OSError:
            return self._not_writable()
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        # The note is for people; without it, as on a full disk, the lock holds all the same.
        with suppress(OSError):
            write_json(
                self._holder_path, {"host": socket.gethostname(), "process": os.getpid(), "since": now}
            )
        return None

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._holder_path.unlink(missing_ok=True)
            self._lock.release()

    def _not_writable(self) -> str:
        return (
            f"The project is opened for reading only, because files in {self._folder} may not be written by "
            "your account."
        )

    def _in_use(self) -> str:
        holder = self._holder()
        process, host = holder.get("process"), holder.get("host")
        where = "in another window or by another person"
        if host and host != socket.gethostname():
            where = f"on the computer {host} (process {process})"
        elif process == os.getpid():
            where = "in this window"
        elif process:
            where = f"in another window on this computer (process {process})"
        since = _spelled(holder.get("since"))
        return (
            f"The project is opened for reading only, because it has been in use {where} since {since}."
            if since
            else f"The project is opened for reading only, because it is in use {where}."
        )

    def _holder(self) -> dict[str, Any]:
        try:
            content = parse_json(self._holder_path.read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def _spelled(moment: object) -> str:
    try:
        return datetime.fromisoformat(str(moment)).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return ""
