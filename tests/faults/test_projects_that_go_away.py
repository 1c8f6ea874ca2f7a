"""A project folder that is removed, moved or replaced while it is open: what is lost is not called saved."""

from __future__ import annotations

import shutil

import pytest

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.settings import ApplicationSettings, write_settings
from dinocell_app.base.standing_folders import FolderGoneError
from dinocell_app.editing.journal import JOURNAL_NAME, Entry, JournalWriter, now, read_journal
from dinocell_app.project.project import Project


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "trial.dinocell") as made:
        yield made


def removed(folder):
    shutil.rmtree(folder)


def moved(folder):
    folder.rename(folder.with_name("elsewhere.dinocell"))


def restored(folder):
    shutil.copytree(folder, folder.with_name("backup"))
    shutil.rmtree(folder)
    folder.with_name("backup").rename(folder)


@pytest.mark.parametrize("happens", [removed, moved, restored])
def test_it_is_noticed_before_anything_is_written(project, happens):
    journal = JournalWriter(project.folder / "edits" / "a" / JOURNAL_NAME, 0)
    entry = Entry(1, "edit", now(), "ann", "brush", (1,), (), 2)
    journal.append([entry])
    happens(project.folder)
    with pytest.raises(FolderGoneError, match=r"trial\.dinocell: this folder was removed, moved or replaced"):
        project.database.change("INSERT INTO presets VALUES ('a', '{}')")
    with pytest.raises(FolderGoneError):
        journal.append([entry])
    journal.close()
    if happens is moved:
        kept = project.folder.with_name("elsewhere.dinocell")
        assert len(read_journal(kept / "edits" / "a" / JOURNAL_NAME).entries) == 1
        assert not project.folder.exists()
        kept.rename(project.folder)
        project.database.change("INSERT INTO presets VALUES ('a', '{}')")  # it is the same one again
        assert project.database.row("SELECT count(*) FROM presets")[0] >= 1


def test_a_closed_project_may_be_moved_and_opened_again(project, tmp_path):
    project.close()
    project.folder.rename(tmp_path / "other.dinocell")
    with Project.open(tmp_path / "other.dinocell") as again:
        again.database.change("INSERT INTO presets VALUES ('a', '{}')")
    with Project.create(project.folder) as anew:
        anew.database.change("INSERT INTO presets VALUES ('a', '{}')")


def test_settings_that_cannot_be_saved_are_told_in_a_sentence(tmp_path):
    (tmp_path / "home").write_text("no folder")
    with pytest.raises(
        UserFacingError, match=r"settings\.json: a file or folder of the same name is in the way"
    ):
        write_settings(ApplicationSettings(), tmp_path / "home" / "config" / "settings.json")
