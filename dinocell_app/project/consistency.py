"""Whether what a project file holds is what this application writes, looked at before anything relies on it.

SQLite keeps any value in any column and runs what is attached to tables. A file that was damaged, or
changed by another program, would else fail somewhere in the window, long after it was opened.
"""

from __future__ import annotations

import math
import sqlite3
from functools import cache
from types import MappingProxyType

from dinocell_app.project.migrations import STEPS

_KINDS = MappingProxyType(
    {
        "INTEGER": "'integer'",
        "REAL": "'real', 'integer'",
        "TEXT": "'text'",
        "BLOB": "'blob'",
    }
)
"""Types of values by the type that a column was declared with."""

_TEXTS = "NOT EXISTS (SELECT 1 FROM json_each({0}) WHERE type <> 'text')"
_FILES = (
    "NOT EXISTS (SELECT 1 FROM json_each({0}) WHERE type <> 'text' "
    "OR replace(value, char(92), '/') GLOB '../*' OR replace(value, char(92), '/') GLOB '*/../*')"
)
_PAIRS = (
    "NOT EXISTS (SELECT 1 FROM json_each({0}) WHERE type <> 'array' OR json_array_length(value) <> 2 "
    "OR json_type(value, '$[0]') NOT IN ('integer', 'real') "
    "OR json_type(value, '$[1]') NOT IN ('integer', 'real') "
    "OR NOT max(abs(json_extract(value, '$[0]')), abs(json_extract(value, '$[1]'))) < 1e9)"
)
_LISTS = MappingProxyType(
    {
        ("images", "channel_names"): _TEXTS,
        ("results", "files"): _FILES,
        ("results", "model_files"): _FILES,
        ("corrected_images", "region"): _PAIRS,
        ("regions", "corners"): _PAIRS,
    }
)
"""Columns that hold a list as JSON, and what each of its elements has to be."""

_RULES = (
    (
        "images",
        "n_times >= 0 AND n_slices >= 0 AND n_channels BETWEEN 0 AND 4096 AND height >= 0 AND width >= 0",
    ),
    ("images", "axes NOT GLOB '*[^TZCYXS]*'"),
    ("runs", "events_offset >= 0"),
    # Both are parts of paths, as axes are.
    ("results", "replace(name, char(92), '/') NOT GLOB '*/*' AND name NOT IN ('.', '..')"),
    ("results", "plane NOT GLOB '*[^_stz0-9]*'"),
    (
        "results",
        "min(scene, ifnull(t, 0), ifnull(z, 0)) >= 0 AND max(scene, ifnull(t, 0), ifnull(z, 0)) <= 1e9",
    ),
    ("channel_displays", "colour GLOB '#[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]'"),
    ("reference_cells", "length(description) > 0 AND length(description) % 4 = 0"),
    ("reference_cells", "crop_width >= 0 AND length(crop) % max(1, crop_width) = 0"),
)
"""What has to be true of each row of a table."""


_NUMBERS = "SELECT value FROM settings WHERE key IN ('pixel_size_um', 'least_reference_score')"


def foreign_objects(connection: sqlite3.Connection) -> str:
    """Look for what could run by itself when tables are read or changed.

    Returns
    -------
    str
        What was found, as part of a sentence; empty when there is nothing.
    """
    row = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type NOT IN ('table', 'index') "
        "OR (type = 'table' AND (rootpage = 0 OR rootpage IS NULL)) LIMIT 1"
    ).fetchone()
    return "" if row is None else f"it holds a {row[0]} named {str(row[1])[:40]}, which is not ours"


def wrong_content(connection: sqlite3.Connection) -> str:
    """Look for tables, columns and values that are not what they have to be.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the newest version.

    Returns
    -------
    str
        The first that was found, as part of a sentence; empty when all is well.
    """
    for table, columns in _tables().items():
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        missing = [name for name, _, _ in columns if name not in present]
        if missing:
            return f"the table {table} {f'lacks {missing[0]}' if present else 'is missing'}"
        for name, kind, needed in columns:
            allowed = _KINDS.get(kind, "") + ("" if needed else ", 'null'")
            if kind in _KINDS and _is_any(connection, table, f"typeof({name}) NOT IN ({allowed})"):
                return f"a value of {table}.{name} is of another kind"
            elements = _LISTS.get((table, name))
            if elements and _is_any(
                connection, table, f"NOT {_is_list(name)} OR NOT {elements.format(name)}"
            ):
                return f"a value of {table}.{name} is no list"
    for table, rule in _RULES:
        if _is_any(connection, table, f"NOT ({rule})"):
            return f"a row of {table} cannot be right"
    if not all(_is_number(row[0]) for row in connection.execute(_NUMBERS)):
        return "a row of settings cannot be right"
    row = connection.execute("PRAGMA foreign_key_check").fetchone()
    return "" if row is None else f"a row of {row[0]} belongs to one of {row[2]} that is gone"


def _is_list(column: str) -> str:
    return f"(json_valid({column}) AND coalesce(json_type({column}), '') = 'array')"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_any(connection: sqlite3.Connection, table: str, condition: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1").fetchone() is not None


@cache
def _tables() -> dict[str, list[tuple[str, str, bool]]]:
    """Give name, type and whether it is needed for each column of each table of a new project."""
    new = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for step in STEPS:
            step(new)
        names = new.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
        )
        return {
            name: [
                (row[1], str(row[2]).upper(), bool(row[3]) or bool(row[5]))
                for row in new.execute(f"PRAGMA table_info({name})")
            ]
            for (name,) in names.fetchall()
        }
    finally:
        new.close()
