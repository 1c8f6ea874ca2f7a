"""Projects on disk: made, opened, shared, released after a crash, refused when they are damaged."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.project.locking import HOLDER_NAME
from dinocell_app.project.project import DATABASE_NAME, Project

HOLD = """
import sys
from pathlib import Path
from dinocell_app.project.project import Project
project = Project.open(Path(sys.argv[1]))
print(project.read_only_reason, flush=True)
sys.stdin.read()
"""


def _hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "None\n"
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def test_a_new_project_has_its_folders_and_the_ending(tmp_path: Path) -> None:
    with Project.create(tmp_path / "deep" / "My cells") as project:
        assert project.folder == tmp_path / "deep" / "My cells.dinocell"
        assert project.name == "My cells"
        assert project.read_only_reason is None
        assert all(folder.is_dir() for folder in (project.results_folder, project.runs_folder))
        assert project.images.all() == []
        assert project.results.set_names() == project.presets.names() == project.runs.all() == []
        assert project.database.row("PRAGMA journal_mode")[0] == "wal"
        assert project.database.row("PRAGMA foreign_keys")[0] == 1


def test_an_existing_folder_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "x.dinocell").mkdir()
    with pytest.raises(InvalidParameterError, match="exists already"):
        Project.create(tmp_path / "x")


def test_another_folder_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="is no project"):
        Project.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_project_file_opens_its_project(project: Project) -> None:
    project.close()
    with Project.open(project.folder / DATABASE_NAME) as again:
        assert again.folder == project.folder


def test_in_use_elsewhere_it_is_read_only_and_says_where(filled: Project) -> None:
    with Project.open(filled.folder) as second:
        reason = second.read_only_reason
        assert reason is not None
        assert "reading only" in reason
        assert "in this window" in reason
        assert len(second.images.all()) == 5
        with pytest.raises(InvalidParameterError, match="reading only"):
            second.images.set_note(1, "no")
    filled.images.set_note(1, "still mine")
    assert (filled.folder / HOLDER_NAME).exists()


def test_another_process_holds_it_until_it_ends(project: Project) -> None:
    project.close()
    process = _hold(project.folder)
    try:
        with Project.open(project.folder) as second:
            assert f"another window on this computer (process {process.pid})" in (
                second.read_only_reason or ""
            )
    finally:
        _end(process)
    with Project.open(project.folder) as third:
        assert third.read_only_reason is None


def test_a_crash_releases_the_project(filled: Project) -> None:
    filled.close()
    process = _hold(filled.folder)
    os.kill(process.pid, signal.SIGKILL)
    _end(process)
    assert (filled.folder / HOLDER_NAME).exists()  # what it left behind
    with Project.open(filled.folder) as again:
        assert again.read_only_reason is None
        again.images.set_note(1, "writable")
    assert not (filled.folder / HOLDER_NAME).exists()


def test_without_a_note_of_the_holder_the_sentence_is_general(project: Project) -> None:
    (project.folder / HOLDER_NAME).write_text("{half")
    with Project.open(project.folder) as second:
        assert "in use in another window or by another person" in (second.read_only_reason or "")


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100], ids=["empty", "text"])
def test_a_file_that_is_no_project_is_refused_and_stays(project: Project, content: bytes) -> None:
    project.close()
    path = project.folder / DATABASE_NAME
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="damaged"):
        Project.open(project.folder)
    assert path.read_bytes() == content


def test_a_cut_file_is_refused_and_stays(filled: Project) -> None:
    filled.close()
    path = filled.folder / DATABASE_NAME
    path.write_bytes(path.read_bytes()[:20_000])
    before = path.read_bytes()
    with pytest.raises(UnreadableFileError, match="damaged"):
        Project.open(filled.folder)
    assert path.read_bytes() == before


def test_another_database_is_no_project(project: Project) -> None:
    project.close()
    path = project.folder / DATABASE_NAME
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE birds (name TEXT)")
    other.close()
    with pytest.raises(UnreadableFileError, match="no project of this application"):
        Project.open(project.folder)


def test_a_refused_project_is_not_left_locked(project: Project) -> None:
    project.close()
    path = project.folder / DATABASE_NAME
    good = path.read_bytes()
    path.write_bytes(b"")
    with pytest.raises(UnreadableFileError):
        Project.open(project.folder)
    path.write_bytes(good)
    with Project.open(project.folder) as again:
        assert again.read_only_reason is None


def test_nothing_of_a_failed_change_stays(filled: Project) -> None:
    first, second = filled.images.all()[:2]

    def note_both() -> None:
        with filled.database.transaction():
            filled.images.set_note(first.id, "half")
            filled.images.set_note(second.id, None)  # type: ignore[arg-type] # a fault on purpose

    with pytest.raises(sqlite3.IntegrityError):
        note_both()
    assert filled.images.get(first.id).note == ""
    filled.images.set_note(first.id, "whole")
    assert filled.images.get(first.id).note == "whole"


def test_the_project_imports_no_network_and_no_window() -> None:
    code = (
        "import sys, pkgutil, importlib, dinocell_app.project as p\n"
        "[importlib.import_module(f'{p.__name__}.{m.name}') for m in pkgutil.iter_modules(p.__path__)]\n"
        "print(sorted({'torch', 'PySide6', 'pandas', 'pyarrow', 'skimage', 'dinocell_training',"
        "'dinocell_app.pipeline', 'dinocell_app.segmentation'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
