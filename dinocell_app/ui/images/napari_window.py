"""The image that is looked at, opened in napari: a process of its own that outlives the window."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

from PySide6.QtCore import QObject, QTimer

from dinocell_app.base.errors import UserFacingError
from dinocell_app.export.names import SUFFIXES
from dinocell_app.project.project import Project
from dinocell_app.project.records import ImageRecord, ResultRecord
from dinocell_app.run_queue.processes import start_apart
from dinocell_app.ui.session import Session

_LOOK_EVERY_MS = 500


def napari_is_installed() -> bool:
    """Whether napari is beside this application; it is not imported for that."""
    return not getattr(sys, "frozen", False) and find_spec("napari") is not None


def napari_words(project: Project, image: ImageRecord, result: ResultRecord | None) -> list[str]:
    """Write the command that opens an image with the result that is looked at.

    Parameters
    ----------
    result : ResultRecord or None
        None for the image alone.

    Returns
    -------
    list of str
        For `processes.start_apart`.
    """
    labels = project.results.labels_path(result) if result is not None else None
    if labels is not None:
        record = labels.with_name(labels.name.removesuffix(SUFFIXES["labels"]) + SUFFIXES["sidecar"])
        if record.is_file():
            return ["napari", str(record)]
    words = ["napari", str(project.images.path(image.id))]
    if image.pixel_size_um is not None:
        words += ["--pixel-size", repr(image.pixel_size_um)]
    return [*words, "--axes", image.axes] if image.axes else words


class NapariWindows(QObject):
    """Opens windows of napari, and tells of one that cannot be opened."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._open: list[tuple[list[str], subprocess.Popen[bytes]]] = []
        self._timer = QTimer(self, interval=_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)

    def open(self) -> None:
        """Open the current image."""
        session = self._session
        if session.project is None or session.current_image is None:
            return
        words = napari_words(session.project, session.current_image, session.current_result)
        self._open.append((words, start_apart(*words)))
        self._timer.start()
        session.noted.emit("napari is starting; it takes some seconds")

    @property
    def waiting(self) -> bool:
        """Whether a window is open, or starting."""
        return bool(self._open)

    def _look(self) -> None:
        ended = [(words, process) for words, process in self._open if process.poll() is not None]
        self._open = [known for known in self._open if known not in ended]
        if not self._open:
            self._timer.stop()
        for words, process in ended:
            if process.returncode:
                command = subprocess.list2cmdline(["dinocell-app", *words])
                self._session.problem_reported.emit(
                    UserFacingError(
                        "napari ended with an error", remedy=f"See what it says in a terminal: {command}"
                    )
                )
