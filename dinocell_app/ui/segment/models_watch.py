"""Notices models that come or go without the window: trained or imported in a terminal."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from dinocell_app.model.catalogue import models_folder

SETTLE_MS = 500
"""A model is several files; the list is read when they have been still for so long."""


class ModelsWatch(QObject):
    """Watches the folder of the user's models, or the one it will come to be in."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watcher = QFileSystemWatcher(self)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLE_MS)
        self._watcher.directoryChanged.connect(self._on_folder_changed)
        self._settled.timeout.connect(self._look)
        self._names: frozenset[str] = frozenset()
        self._names = self._watch()

    def _on_folder_changed(self) -> None:
        self._settled.start()

    def _look(self) -> None:
        before, self._names = self._names, self._watch()
        if self._names != before:
            self.changed.emit()

    def _watch(self) -> frozenset[str]:
        """Watch what is there by now, and list the models in it."""
        folder = models_folder()
        nearest = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
        wanted = [str(nearest)] if nearest is not None else []
        # Files that still come into a new model make the wait begin again.
        wanted += [str(path) for path in folder.iterdir() if path.is_dir()] if nearest == folder else []
        stale = [path for path in self._watcher.directories() if path not in wanted]
        if stale:
            self._watcher.removePaths(stale)
        new = [path for path in wanted if path not in self._watcher.directories()]
        if new:
            self._watcher.addPaths(new)
        return _models_in(folder)


def _models_in(folder: Path) -> frozenset[str]:
    """Name the models and their age: one that was trained anew is another model."""
    try:
        return frozenset(f"{path.name} {path.stat().st_mtime_ns}" for path in folder.iterdir())
    except OSError:
        return frozenset()
