"""Place and size of the cache, chosen in the settings."""

from pathlib import Path

import pytest

from dinocell_app.base.settings import read_settings
from dinocell_app.project.disk_cache import SHARED_NAME
from dinocell_app.ui import storage_page
from dinocell_app.ui.cache_upkeep import CacheUpkeep
from dinocell_app.ui.settings_dialog import SettingsDialog


@pytest.fixture
def dialog(session, qtbot):
    dialog = SettingsDialog(session)
    qtbot.addWidget(dialog)
    return dialog


def fill(cache, n_bytes: int) -> None:
    cache.thumbnails.mkdir(parents=True, exist_ok=True)
    (cache.thumbnails / "000001.png").write_bytes(bytes(n_bytes))


def test_a_place_that_was_chosen_is_used_and_kept(dialog, session, tmp_path):
    session.create_project(tmp_path / "a")
    assert session.disk_cache().thumbnails.parent == session.project.folder
    dialog.storage.choose_place(tmp_path / "fast")
    dialog.storage.disk.setValue(700)
    dialog.accept()
    assert tmp_path / "fast" / SHARED_NAME in session.disk_cache().thumbnails.parents
    assert read_settings().cache_folder == str(tmp_path / "fast")
    assert read_settings().disk_cache_megabytes == 700


def test_a_folder_asked_for_and_not_given_changes_nothing(dialog, monkeypatch):
    monkeypatch.setattr(storage_page.QFileDialog, "getExistingDirectory", lambda *_: "")
    dialog.storage.place.setCurrentIndex(1)
    dialog.storage.place.activated.emit(1)
    assert dialog.storage.place.currentText() == storage_page.WITH_PROJECT
    monkeypatch.setattr(storage_page.QFileDialog, "getExistingDirectory", lambda *_: "/somewhere/else")
    dialog.storage.place.activated.emit(1)
    assert dialog.storage.chosen().cache_folder == str(Path("/somewhere/else"))


def test_emptying_says_what_is_left(session, qtbot, tmp_path):
    session.create_project(tmp_path / "a")
    fill(session.disk_cache(), 3_400_000)
    dialog = SettingsDialog(session)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.storage.used.text() == "3.4 MB")
    dialog.storage.empty.click()
    qtbot.waitUntil(lambda: dialog.storage.used.text() == "0.0 MB")
    assert not list(session.disk_cache().files())
    assert (session.project.folder / "project.sqlite").exists()


def test_without_a_project_there_is_nothing_to_empty(dialog):
    assert not dialog.storage.empty.isEnabled()
    assert "Open a project" in dialog.storage.used.text()


def test_a_smaller_limit_trims_at_once(session, qtbot, tmp_path):
    CacheUpkeep(session)
    session.create_project(tmp_path / "a")
    fill(session.disk_cache(), 60_000_000)
    session.change_settings(session.settings.model_copy(update={"disk_cache_megabytes": 50}))
    qtbot.waitUntil(lambda: not list(session.disk_cache().files()))


def test_a_thumbnail_is_shown_when_it_cannot_be_kept(tmp_path):
    import numpy as np
    import tifffile

    from dinocell_app.ui.images.thumbnails import _load

    tifffile.imwrite(tmp_path / "x.tif", np.arange(400, dtype=np.uint8).reshape(20, 20))
    (tmp_path / "no folder").write_bytes(b"")
    assert _load(tmp_path / "x.tif", tmp_path / "no folder" / "x.png", True).shape == (20, 20, 3)
