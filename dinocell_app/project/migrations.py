"""Steps from each version of the project file to the next, the first of which makes it.

A new project goes through all of them, so that new and migrated files cannot differ. Every step is one
function, the first line of whose docstring is written to the log; steps that were released are never changed.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.files import replacing
from dinocell_app.base.plane_address import PlaneAddress

APPLICATION_ID = 0x44434C4C
"""Marks an SQLite file as a project."""

_logger = logging.getLogger(__name__)


def make_tables(connection: sqlite3.Connection) -> None:
    """Images, channels, runs, results, presets and reference cells."""
    for statement in _FIRST_TABLES:
        connection.execute(statement)


def add_tags_and_notes(connection: sqlite3.Connection) -> None:
    """Tags and a note for every image, and what is wrong with a run."""
    connection.execute("ALTER TABLE images ADD COLUMN note TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE runs ADD COLUMN problem TEXT NOT NULL DEFAULT ''")
    connection.execute(
        "CREATE TABLE image_tags (image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, "
        "tag TEXT NOT NULL, PRIMARY KEY (image_id, tag)) WITHOUT ROWID"
    )


def add_types_of_cells(connection: sqlite3.Connection) -> None:
    """Types of reference cells, with features and crops; nothing wrote reference cells before."""
    for statement in _REFERENCE_TABLES:
        connection.execute(statement)


def add_axes(connection: sqlite3.Connection) -> None:
    """Axes as a person says they are where a file is wrong, by image and by folder."""
    connection.execute("ALTER TABLE images ADD COLUMN axes TEXT NOT NULL DEFAULT ''")
    connection.execute(
        "CREATE TABLE folder_axes (root_id INTEGER NOT NULL REFERENCES roots ON DELETE CASCADE, "
        "folder TEXT NOT NULL, codes TEXT NOT NULL, axes TEXT NOT NULL, "
        "PRIMARY KEY (root_id, folder, codes)) WITHOUT ROWID"
    )


def add_reviews_and_regions(connection: sqlite3.Connection) -> None:
    """Judgements on cells that were found, audits, and regions of interest."""
    for statement in _REVIEW_TABLES:
        connection.execute(statement)


def add_corrections(connection: sqlite3.Connection) -> None:
    """Results whose cells were corrected by hand, and images that are corrected wholly or in a region."""
    connection.execute("ALTER TABLE results ADD COLUMN n_edited INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE results ADD COLUMN model_files TEXT NOT NULL DEFAULT '[]'")
    connection.execute("ALTER TABLE results ADD COLUMN has_newer INTEGER NOT NULL DEFAULT 0")
    connection.execute(
        "CREATE TABLE corrected_images (image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, "
        "plane TEXT NOT NULL, region TEXT NOT NULL, created TEXT NOT NULL, "
        "PRIMARY KEY (image_id, plane)) WITHOUT ROWID"
    )


def add_places_of_planes(connection: sqlite3.Connection) -> None:
    """Scene, time and slice of every result, which only the suffix in its files' names said before."""
    connection.execute("ALTER TABLE results ADD COLUMN scene INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE results ADD COLUMN t INTEGER")
    connection.execute("ALTER TABLE results ADD COLUMN z INTEGER")
    for (suffix,) in connection.execute("SELECT DISTINCT plane FROM results WHERE plane <> ''").fetchall():
        try:
            plane = PlaneAddress.of_suffix(suffix)
        except (ValueError, TypeError):
            continue  # the file was damaged, which is found out when its content is looked at
        connection.execute("UPDATE results SET t = ?, z = ? WHERE plane = ?", (plane.t, plane.z, suffix))
    # An image of one time or slice has no part for it in its suffix.
    for column, axis in (("t", "n_times"), ("z", "n_slices")):
        connection.execute(
            f"UPDATE results SET {column} = 0 WHERE {column} IS NULL "
            f"AND image_id IN (SELECT id FROM images WHERE {axis} = 1)"
        )


STEPS: Sequence[Callable[[sqlite3.Connection], None]] = (
    make_tables,
    add_tags_and_notes,
    add_types_of_cells,
    add_axes,
    add_reviews_and_regions,
    add_corrections,
    add_places_of_planes,
)
"""Step number n, counted from 1, makes version n from version n - 1."""

SCHEMA_VERSION = len(STEPS)


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Read the version of a project file.

    Parameters
    ----------
    path : Path
        Its file, named in errors.

    Returns
    -------
    int
        From 1 to `SCHEMA_VERSION`.

    Raises
    ------
    UnreadableFileError
        If the file is no project or was made by a newer version of the application.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION_ID or version < 1:
        raise UnreadableFileError(
            "is no project of this application, or it is damaged",
            path=path,
            remedy="Restore the file from a backup; images and results are not affected",
        )
    if version > SCHEMA_VERSION:
        raise UnreadableFileError(
            f"the project was made by a newer version of the application (project version {version}, this "
            f"application knows {SCHEMA_VERSION})",
            path=path,
            remedy="Update the application",
        )
    return version


def migrate(connection: sqlite3.Connection, version: int, target: int = SCHEMA_VERSION) -> None:
    """Bring a project file to a newer version, wholly or not at all.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode, foreign keys not yet enforced.
    version : int
        What the file has; 0 for an empty one.
    target : int
        What it shall have.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(version + 1, target + 1):
            step = STEPS[number - 1]
            _logger.info("project version %d: %s", number, (step.__doc__ or "").partition("\n")[0])
            step(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {target}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Keep the project file as it is before it is migrated.

    Parameters
    ----------
    path : Path
        Its file.
    version : int
        What the file has.

    Returns
    -------
    Path
        The copy, beside the file.
    """
    copy = path.with_name(f"{path.stem}.version{version}.sqlite")
    with replacing(copy) as beside:
        target = sqlite3.connect(beside)
        try:
            connection.backup(target)
        finally:
            target.close()
    return copy


_FIRST_TABLES = (
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE roots (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, "
    "path TEXT NOT NULL, relative_path TEXT)",
    "CREATE TABLE images (id INTEGER PRIMARY KEY AUTOINCREMENT, root_id INTEGER NOT NULL REFERENCES roots, "
    "relative_path TEXT NOT NULL, n_times INTEGER NOT NULL, n_slices INTEGER NOT NULL, "
    "n_channels INTEGER NOT NULL, height INTEGER NOT NULL, width INTEGER NOT NULL, dtype TEXT NOT NULL, "
    "channel_names TEXT NOT NULL, is_rgb INTEGER NOT NULL, file_pixel_size_um REAL, own_pixel_size_um REAL, "
    "shown_time INTEGER NOT NULL DEFAULT 0, shown_slice INTEGER NOT NULL DEFAULT 0, "
    "problem TEXT NOT NULL DEFAULT '', UNIQUE (root_id, relative_path))",
    "CREATE TABLE folder_pixel_sizes (root_id INTEGER NOT NULL REFERENCES roots ON DELETE CASCADE, "
    "folder TEXT NOT NULL, pixel_size_um REAL NOT NULL, PRIMARY KEY (root_id, folder)) WITHOUT ROWID",
    "CREATE TABLE channel_displays (image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, "
    "channel INTEGER NOT NULL, visible INTEGER NOT NULL, colour TEXT NOT NULL, low REAL, high REAL, "
    "PRIMARY KEY (image_id, channel)) WITHOUT ROWID",
    "CREATE TABLE presets (name TEXT PRIMARY KEY, settings TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, kind TEXT NOT NULL, "
    "state TEXT NOT NULL, output TEXT NOT NULL, position INTEGER NOT NULL, total INTEGER NOT NULL, "
    "n_finished INTEGER NOT NULL DEFAULT 0, n_failed INTEGER NOT NULL DEFAULT 0, created TEXT NOT NULL, "
    "events_offset INTEGER NOT NULL DEFAULT 0, is_started INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE run_images (run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, "
    "position INTEGER NOT NULL, image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, "
    "path TEXT NOT NULL, PRIMARY KEY (run_id, position)) WITHOUT ROWID",
    "CREATE INDEX run_images_by_path ON run_images (run_id, path)",
    "CREATE INDEX run_images_by_image ON run_images (image_id)",
    "CREATE TABLE results (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, "
    "run_id INTEGER REFERENCES runs ON DELETE SET NULL, name TEXT NOT NULL, plane TEXT NOT NULL, "
    "status TEXT NOT NULL, n_cells INTEGER NOT NULL, seconds REAL NOT NULL, reason TEXT NOT NULL, "
    "files TEXT NOT NULL, created TEXT NOT NULL)",
    "CREATE INDEX results_by_image ON results (image_id, name)",
    "CREATE INDEX results_by_name ON results (name)",
    "CREATE INDEX results_by_run ON results (run_id)",
    "CREATE TABLE reference_cells (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, time INTEGER NOT NULL, "
    "slice INTEGER NOT NULL, y REAL NOT NULL, x REAL NOT NULL, kind TEXT NOT NULL)",
    "CREATE INDEX reference_cells_by_image ON reference_cells (image_id)",
)

_REFERENCE_TABLES = (
    "DROP TABLE reference_cells",
    "CREATE TABLE cell_types (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "name TEXT NOT NULL, colour TEXT NOT NULL)",
    "CREATE TABLE reference_cells (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "type_id INTEGER NOT NULL REFERENCES cell_types ON DELETE CASCADE, positive INTEGER NOT NULL, "
    "image_id INTEGER REFERENCES images ON DELETE SET NULL, time INTEGER, slice INTEGER, y INTEGER, "
    "x INTEGER, name TEXT NOT NULL, source TEXT NOT NULL, model_id TEXT NOT NULL, "
    "model_sha256 TEXT NOT NULL, description BLOB NOT NULL, crop BLOB NOT NULL, crop_width INTEGER NOT NULL)",
    "CREATE INDEX reference_cells_by_image ON reference_cells (image_id)",
    "CREATE INDEX reference_cells_by_type ON reference_cells (type_id)",
)

_REVIEW_TABLES = (
    "CREATE TABLE judgements (result_id INTEGER NOT NULL REFERENCES results ON DELETE CASCADE, "
    "label INTEGER NOT NULL, judgement TEXT NOT NULL, reviewer TEXT NOT NULL, created TEXT NOT NULL, "
    "PRIMARY KEY (result_id, label)) WITHOUT ROWID",
    "CREATE TABLE audits (id INTEGER PRIMARY KEY AUTOINCREMENT, set_name TEXT NOT NULL, "
    "reviewer TEXT NOT NULL, seed INTEGER NOT NULL, n_cells INTEGER NOT NULL, cell_area_px REAL NOT NULL, "
    "empty_area_px REAL NOT NULL, created TEXT NOT NULL)",
    "CREATE INDEX audits_by_set ON audits (set_name)",
    "CREATE TABLE audit_items (audit_id INTEGER NOT NULL REFERENCES audits ON DELETE CASCADE, "
    "position INTEGER NOT NULL, kind TEXT NOT NULL, result_id INTEGER REFERENCES results ON DELETE SET NULL, "
    "label INTEGER NOT NULL, y INTEGER NOT NULL, x INTEGER NOT NULL, verdict TEXT NOT NULL DEFAULT '', "
    "PRIMARY KEY (audit_id, position)) WITHOUT ROWID",
    "CREATE INDEX audit_items_by_result ON audit_items (result_id)",
    "CREATE TABLE regions (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, name TEXT NOT NULL, kind TEXT NOT NULL, "
    "colour TEXT NOT NULL, corners TEXT NOT NULL)",
    "CREATE INDEX regions_by_image ON regions (image_id)",
)
