"""Keeps the cache on disk as small as the settings ask for, in the background."""

from __future__ import annotations

import logging
from functools import partial

from PySide6.QtCore import QObject

from dinocell_app.project.disk_cache import MEGABYTE, all_caches, trim
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import start

_logger = logging.getLogger(__name__)


class CacheUpkeep(QObject):
    """Trims the cache when a project was opened and when the settings changed."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        session.project_opened.connect(self.trim)
        session.settings_changed.connect(self._on_settings)
        self._limit = self._limits()

    def trim(self) -> None:
        """Remove what is too much, on a worker thread."""
        cache = self._session.disk_cache()
        if cache is None or not cache.writable:
            return
        caches = all_caches(cache, self._session.settings.cache_folder)
        limit = self._session.settings.disk_cache_megabytes * MEGABYTE
        start(partial(trim, caches, limit), _note, self._session.report, owner=self)

    def _on_settings(self) -> None:
        limit, self._limit = self._limit, self._limits()
        if limit != self._limit:
            self.trim()

    def _limits(self) -> tuple[int, str]:
        settings = self._session.settings
        return settings.disk_cache_megabytes, settings.cache_folder


def _note(freed: int) -> None:
    if freed:
        _logger.info("removed %.1f MB of the cache", freed / MEGABYTE)
