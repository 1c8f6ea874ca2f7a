"""Removes what programs that ended in the middle had begun to write into a project."""

from __future__ import annotations

import logging
from functools import partial

from PySide6.QtCore import QObject

from dinocell_app.base.files import remove_leftovers
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import start

_logger = logging.getLogger(__name__)


class LeftoverUpkeep(QObject):
    """Looks through the folder of a project that was opened, in the background."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        session.project_opened.connect(self.look)

    def look(self) -> None:
        """Remove what is old enough to belong to nobody; a project for reading only stays as it is."""
        project = self._session.project
        if project is not None and project.read_only_reason is None:
            start(partial(remove_leftovers, project.folder), _note, self._session.report, owner=self)


def _note(removed: int) -> None:
    if removed:
        _logger.info("removed %d unfinished files of earlier sessions", removed)
