"""Tells of a new version: once each, at the start if a person chose that, or when asked."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from dinocell_app.base.updates import NewVersion, look_for_update
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import start

NEWEST = "This is the newest version."
TOLD = "told of version"
"""Among the remembered choices: the version that was told of last."""


class UpdateNotice(QObject):
    """Asks the package index in the background.

    Parameters
    ----------
    look : callable, optional
        Asks.
    """

    def __init__(self, session: Session, look: Callable[[], NewVersion | None] = look_for_update) -> None:
        super().__init__(session)
        self._session, self._look = session, look

    def look_at_start(self) -> None:
        """Tell of a version that was not told of yet; without a network nothing is said."""
        if self._session.settings.tell_updates:
            start(self._look, self._tell_once, lambda _: None, owner=self)

    def look_now(self) -> None:
        """Answer in any case."""
        start(self._look, self._answer, self._session.report, owner=self)

    def _tell_once(self, found: NewVersion | None) -> None:
        remembered = self._session.settings.remembered
        if found is not None and remembered.get(TOLD) != found.version:
            self._answer(found)

    def _answer(self, found: NewVersion | None) -> None:
        session = self._session
        if found is None:
            session.noted.emit(NEWEST)
            return
        remembered = {**session.settings.remembered, TOLD: found.version}
        session.change_settings(session.settings.model_copy(update={"remembered": remembered}))
        session.noted.emit(found.sentence())
