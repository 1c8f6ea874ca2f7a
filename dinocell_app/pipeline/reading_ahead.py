"""The file of the next image is read while the network works on this one.

Its checksum is known then, and its bytes lie in the memory of the system: on a network drive that is most of
the time an image waits. Nothing is decoded ahead, so results and memory stay as they are.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from dinocell_app.export.provenance import file_sha256


@dataclass
class _Reading:
    """A file being read on a thread, and what it was when that began."""

    path: Path
    state: tuple[int, int]
    checksum: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        """Find the checksum; a file that cannot be read is left to who asks for it."""
        try:
            self.checksum = file_sha256(self.path)
        except Exception:  # noqa: BLE001 - the same error comes again, in the turn of this image
            self.checksum = ""
        finally:
            self.ended.set()


class ReadingAhead:
    """Checksums of images in their order, each file read while the one before is worked on.

    Parameters
    ----------
    paths : sequence of Path
        In the order in which they are asked for.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self._next = dict(pairwise(paths))
        self._reading: _Reading | None = None

    def checksum(self, path: Path) -> str:
        """Give the checksum of an image, and begin to read the next.

        Parameters
        ----------
        path : Path
            A file, or a folder such as an OME-Zarr image.

        Returns
        -------
        str
            Of what the file is now: one that was changed after it had been read ahead is read again.
        """
        reading, self._reading = self._reading, None
        found = ""
        if reading is not None and reading.path == path:
            reading.ended.wait()
            found = reading.checksum if _state(path) == reading.state else ""
        found = found or file_sha256(path)
        self._begin(self._next.get(path))
        return found

    def _begin(self, path: Path | None) -> None:
        state = _state(path) if path is not None else None
        if path is None or state is None:
            return
        self._reading = _Reading(path, state)
        # A daemon: a run that ends early does not wait for a file that nobody needs.
        threading.Thread(target=self._reading.read, name="reading ahead", daemon=True).start()


def _state(path: Path) -> tuple[int, int] | None:
    """Size and time of a file; None for what is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if path.is_file() else None
