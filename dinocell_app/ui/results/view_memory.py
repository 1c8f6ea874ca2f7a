"""Keep the view of the results with the open project, and find it again when the project is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dinocell_app.tables.remembered_view import RememberedView, remember_view, remembered_view

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

_PAUSE_MS = 500
"""Choices often come in a row: they are written once things are quiet this long."""


class ViewMemory(QObject):
    """The remembered view of the open project.

    It has to be made before what reads results when a project is opened, so that those are shown as they
    were from the start.
    """

    opened = Signal()
    """Another project is open: its view is in `view`."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._folder: Path | None = None
        self._written = RememberedView()
        self.view = RememberedView()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.write)
        session.project_opened.connect(self.read)
        session.project_closed.connect(self.read)

    def read(self) -> None:
        """Write the view of the project before, and read that of the one which is open now."""
        self.write()
        project = self._session.project
        self._folder = None if project is None or project.read_only_reason else project.folder
        self.view = RememberedView() if project is None else remembered_view(project.folder)
        self._written = self.view
        self.opened.emit()

    def note(self, view: RememberedView) -> None:
        """Take over what is chosen now; it is written soon."""
        if view != self.view:
            self.view = view
            self._timer.start()

    def write(self) -> None:
        """Write the view now, if it changed and the project may be written to."""
        self._timer.stop()
        if self._folder is not None and self.view != self._written:
            remember_view(self._folder, self.view)
            self._written = self.view
