"""Segmentation settings kept in the project: under names, and the ones in use."""

from __future__ import annotations

import json
import logging
from typing import Any

from pydantic import ValidationError

from dinocell_app.base.json_text import parse_json
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.project.database import Database

_logger = logging.getLogger(__name__)

_CURRENT_KEY = "segment_settings"


class PresetTable:
    """Named settings of a project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self) -> list[str]:
        """List the presets.

        Returns
        -------
        list of str
            In alphabetical order.
        """
        return [
            row[0] for row in self._database.rows("SELECT name FROM presets ORDER BY name COLLATE NOCASE")
        ]

    def get(self, name: str) -> SegmentSettings:
        """Read a preset.

        Raises
        ------
        KeyError
            If there is no such preset.
        """
        row = self._database.row("SELECT settings FROM presets WHERE name = ?", (name,))
        if row is None:
            raise KeyError(name)
        return settings_from_json(row[0])

    def save(self, name: str, settings: SegmentSettings) -> None:
        """Keep settings under a name, in place of those it has."""
        self._database.change(
            "INSERT OR REPLACE INTO presets VALUES (?, ?)", (name, settings_to_json(settings))
        )

    def remove(self, name: str) -> None:
        """Remove a preset; results made with it stay."""
        self._database.change("DELETE FROM presets WHERE name = ?", (name,))

    def current(self) -> SegmentSettings:
        """Read the settings in use.

        Returns
        -------
        SegmentSettings
            The defaults when nothing was chosen.
        """
        row = self._database.row("SELECT value FROM settings WHERE key = ?", (_CURRENT_KEY,))
        return SegmentSettings() if row is None else settings_from_json(row[0])

    def set_current(self, settings: SegmentSettings) -> None:
        """Keep the settings in use."""
        self._database.change(
            "INSERT OR REPLACE INTO settings VALUES (?, ?)", (_CURRENT_KEY, settings_to_json(settings))
        )


def settings_to_json(settings: SegmentSettings) -> str:
    """Write settings as JSON."""
    return settings.model_dump_json()


def settings_from_json(text: str) -> SegmentSettings:
    """Read settings; the inverse of `settings_to_json`.

    Returns
    -------
    SegmentSettings
        Fields this version does not know are left out; those it lacks, and those whose values cannot be
        used, have their defaults.
    """
    try:
        content = parse_json(text)
    except ValueError:
        _logger.warning("settings that cannot be read: %s", text[:200])
        content = {}
    usable: dict[str, Any] = {}
    for name, value in content.items() if isinstance(content, dict) else ():
        try:
            SegmentSettings.model_validate_json(json.dumps({**usable, name: value}), strict=True)
        except ValidationError:
            _logger.warning("a setting that cannot be used: %s", name[:80])
        else:
            usable[name] = value
    return SegmentSettings.model_validate_json(json.dumps(usable))
