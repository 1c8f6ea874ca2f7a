"""The SQLite file of a project: opened, checked, migrated, and changed in transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError, UserFacingError
from dinocell_app.base.standing_folders import require_standing
from dinocell_app.project.consistency import foreign_objects, wrong_content
from dinocell_app.project.database_errors import (
    FULL_DISK,
    damaged,
    is_full,
    is_of_the_disk,
    unusable,
)
from dinocell_app.project.migrations import SCHEMA_VERSION, back_up, check_version, migrate

_BUSY_SECONDS = 5.0

IMMUTABLE = "immutable"
"""Way of opening a file that no process can be writing, without making any file beside it."""


class Database:
    """An open project file; used by the thread that opened it.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode.
    path : Path
        Its file.
    read_only_reason : str or None
        Why it cannot be changed, as a sentence; None when it can.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, read_only_reason: str | None) -> None:
        self._connection = connection
        self._depth = 0
        self.path = path
        self.read_only_reason = read_only_reason

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Ask for rows.

        Parameters
        ----------
        statement : str
            A SELECT, or a change with RETURNING inside a transaction.
        values : sequence
            For its placeholders.
        """
        with self._explained():
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - a Row or None
        """Ask for one row."""
        with self._explained():
            return self._connection.execute(statement, values).fetchone()

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Change one thing, in a transaction of its own when there is none.

        Returns
        -------
        int
            Id of the row that was inserted last.
        """
        with self.transaction(), self._explained():
            return self._connection.execute(statement, values).lastrowid or 0

    def change_all(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        """Change many things, all or none.

        Parameters
        ----------
        values : iterable of sequence
            One for each execution.
        """
        with self.transaction(), self._explained():
            self._connection.executemany(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything in the block or nothing of it; a block inside another belongs to the outer one.

        Raises
        ------
        InvalidParameterError
            If the project is open for reading only.
        FolderGoneError
            If the folder of the project was removed, moved or replaced.
        """
        if self.read_only_reason is not None:
            raise InvalidParameterError(
                f"The project cannot be changed. {self.read_only_reason.rstrip('.')}",
                remedy="Close it there and open the project again",
            )
        if self._depth == 0:
            require_standing(self.path)  # SQLite writes to a file that was removed as if it were there
            with self._explained():
                self._connection.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._connection.rollback()
            raise
        self._depth -= 1
        if self._depth == 0:
            try:
                with self._explained():
                    self._connection.execute("COMMIT")
            except UserFacingError:
                self._connection.rollback()
                raise

    def trace(self, seen: Callable[[str], None] | None) -> None:
        """Show every statement that is executed, for tests of how many there are.

        Parameters
        ----------
        seen : callable or None
            Given each statement; None to stop.
        """
        self._connection.set_trace_callback(seen)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise  # faults of the program
        except sqlite3.OperationalError as error:
            raise UserFacingError(
                f"the project file cannot be used ({error})",
                path=self.path,
                remedy="Check that the disk is connected and not full, then try again",
            ) from error
        except sqlite3.DatabaseError as error:
            raise damaged(self.path, error) from error


def create_database(path: Path) -> Database:
    """Make the file of a new project.

    Parameters
    ----------
    path : Path
        That does not exist.
    """
    connection = _connect(path, "rwc")
    try:
        migrate(connection, 0)
        return Database(_prepared(connection, writable=True), path, None)
    except sqlite3.OperationalError as error:
        connection.close()
        raise unusable(path, error) from error
    except BaseException:
        connection.close()
        raise


def open_database(path: Path, read_only_reason: str | None) -> Database:
    """Open the file of a project, in its newest form.

    A file of an older version is copied before it is migrated; when it may not be changed, a copy in
    memory is migrated instead.

    Parameters
    ----------
    read_only_reason : str or None
        Why it may not be changed, as a sentence.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, no project, or of a newer version, or if its disk does not let it be read.
        Nothing is written then. On a full disk it is opened for reading only.
    """
    try:
        return _opened(path, "rw" if read_only_reason is None else "ro", read_only_reason)
    except sqlite3.OperationalError as error:
        if read_only_reason is None and is_full(path) and not _has_log(path):
            return _opened(path, IMMUTABLE, FULL_DISK)
        raise unusable(path, error) from error


def _opened(path: Path, mode: str, read_only_reason: str | None) -> Database:
    connection = _connect(path, mode)
    try:
        version = check_version(connection, path)
        _check_pages(connection, path)
        _check(foreign_objects(connection), path)
        if version < SCHEMA_VERSION:
            if read_only_reason is None:
                back_up(connection, path, version)
            else:
                on_disk, connection = connection, _copy_in_memory(connection)
                on_disk.close()
            migrate(connection, version)
        _check(wrong_content(connection), path)
        is_writable = read_only_reason is None
        return Database(_prepared(connection, writable=is_writable), path, read_only_reason)
    # The second: SQLite tells of damage in words that may themselves be damaged.
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError) and is_of_the_disk(error):
            raise
        raise damaged(path, error) from error
    except BaseException:
        connection.close()
        raise


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    if mode == IMMUTABLE:
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    elif mode == "ro" and not os.access(path.parent, os.W_OK) and not _has_log(path):
        # SQLite would want to make files beside it, which a read-only disk refuses.
        address += "&immutable=1"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise UnreadableFileError(
            f"the project file cannot be opened ({error})",
            path=path,
            remedy="Check that it exists and that your account may read it",
        ) from error
    connection.row_factory = sqlite3.Row
    # The file may come from anybody: what its own definitions may call is limited to what is harmless.
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _prepared(connection: sqlite3.Connection, *, writable: bool) -> sqlite3.Connection:
    if writable:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, found)


def _check(problem: str, path: Path) -> None:
    if problem:
        raise damaged(path, problem)


def _copy_in_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", isolation_level=None)
    copy.row_factory = sqlite3.Row
    connection.backup(copy)
    return copy


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0
