"""Projects on full disks and in two windows: a sentence each, nothing lost, never called damaged."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project import database, database_errors
from dinocell_app.project.project import Project
from dinocell_app.run_queue.processes import application_environment

HOLD = """
import sys, time
from pathlib import Path
from dinocell_app.project.project import Project
project = Project.open(Path(sys.argv[1]))
print(project.read_only_reason or "mine", flush=True)
for line in sys.stdin:
    project.database.change("UPDATE images SET note = ? WHERE id = 1", (line.strip(),))
    print("written", flush=True)
"""


def _refusing(code: int):
    """A disk that has no room for what SQLite writes beside the file."""

    def prepared(connection: sqlite3.Connection, *, writable: bool) -> sqlite3.Connection:
        if writable:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = code
            raise error
        return connection

    return prepared


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Project.create(tmp_path / "study") as project:
        return project.folder


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE])
def test_a_project_on_a_full_disk_is_opened_for_reading(folder, monkeypatch, code):
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr(database, "_prepared", _refusing(code))
    monkeypatch.setattr(database, "is_full", lambda _path: True)
    with Project.open(folder) as project:
        assert "its disk is full" in (project.read_only_reason or "")
        assert project.images.all() == []
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_disk_that_refuses_is_not_called_damage(folder, monkeypatch):
    monkeypatch.setattr(database, "_prepared", _refusing(sqlite3.SQLITE_IOERR_WRITE))
    with pytest.raises(UserFacingError, match="cannot be used") as caught:
        Project.open(folder)
    assert "damaged" not in str(caught.value)
    monkeypatch.undo()
    with Project.open(folder) as project:
        assert project.read_only_reason is None


def test_a_note_that_cannot_be_written_keeps_nobody_out(folder, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dinocell_app.project.locking.write_json", full)
    with Project.open(folder) as project:
        assert project.read_only_reason is None
        with Project.open(folder) as second:
            assert "reading only" in (second.read_only_reason or "")


def test_a_project_that_cannot_be_made_leaves_nothing_in_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_prepared", _refusing(sqlite3.SQLITE_FULL))
    monkeypatch.setattr(database_errors, "is_full", lambda _path: True)
    with pytest.raises(UserFacingError, match="its disk is full"):
        Project.create(tmp_path / "new")
    monkeypatch.undo()
    with Project.create(tmp_path / "new") as project:
        assert project.read_only_reason is None


def _window(folder: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        env=application_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def _write(process: subprocess.Popen[str], note: str) -> None:
    process.stdin.write(note + "\n")
    process.stdin.flush()
    assert process.stdout.readline().strip() == "written"


@pytest.mark.skipif(sys.platform == "win32", reason="kills as only POSIX systems can")
def test_of_two_windows_one_writes_and_a_killed_one_makes_room(folder, tmp_path):
    import numpy as np
    import tifffile

    from dinocell_app.project.adding import found_image

    (tmp_path / "plate").mkdir()
    tifffile.imwrite(tmp_path / "plate" / "a.tif", np.zeros((8, 8), np.uint8))
    with Project.open(folder) as project:
        project.images.add([found_image(tmp_path / "plate" / "a.tif", tmp_path / "plate")])
    first, said = _window(folder)
    try:
        assert said == "mine"
        with Project.open(folder) as second:
            assert f"process {first.pid}" in (second.read_only_reason or "")
            _write(first, "by the first window")
            assert second.images.all()[0].note == "by the first window"
            with pytest.raises(UserFacingError, match="reading only"):
                second.database.change("UPDATE images SET note = 'stolen' WHERE id = 1", ())
        _write(first, "just before the end")
        first.send_signal(signal.SIGKILL)
        first.wait(30)
        with Project.open(folder) as third:
            assert third.read_only_reason is None
            assert third.images.all()[0].note == "just before the end"
    finally:
        first.kill()
        first.communicate()
