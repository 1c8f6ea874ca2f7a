"""A version of the cells in the second view, beside those of now."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from dinocell_app.display.loading import LoadedLabels, index_labels
from dinocell_app.editing.edit_history import EditHistory, Version
from dinocell_app.ui.correct.corrections import Corrections
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.viewer_panel import ViewerPanel
from dinocell_app.ui.workers import Task, start


class VersionBeside(QObject):
    """Opens the second view for a version, and takes it away when another result is corrected."""

    def __init__(self, session: Session, panel: ViewerPanel, corrections: Corrections) -> None:
        super().__init__(corrections)
        self._session, self._panel, self._corrections = session, panel, corrections
        self._reading: Task | None = None
        self._history: EditHistory | None = None
        corrections.changed.connect(self._on_changed)

    def show(self, version: Version) -> None:
        """Show a version."""
        history = self._corrections.history
        if history is None:
            return
        self._forget()
        self._history = history
        self._reading = start(
            partial(_labels_at, history, version),
            partial(self._take, version.name),
            self._session.report,
            owner=self,
        )

    def _take(self, name: str, labels: LoadedLabels) -> None:
        self._reading = None
        self._panel.set_side_by_side(True)
        self._panel.second.show_version(name, labels)

    def _on_changed(self) -> None:
        if self._history is not None and self._corrections.history is not self._history:
            self._forget()

    def _forget(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._history = None
        self._panel.second.forget_version()


def _labels_at(history: EditHistory, version: Version) -> LoadedLabels:
    return index_labels(history.labels_at(version))
