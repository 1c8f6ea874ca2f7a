"""Models in the window: listed with their cards, exported and imported by real commands."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QMessageBox

from dinocell_app.model.catalogue import MODELS_VARIABLE
from dinocell_app.ui.models.models_page import PUBLISHED, ModelsPage
from dinocell_app.ui.workers import wait_for_all

WAIT_MS = 120_000


class Session(QObject):
    models_changed = Signal()

    def __init__(self):
        super().__init__()
        self.reported = []

    def report(self, error):
        self.reported.append(error)


@pytest.fixture
def own_models(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv(MODELS_VARIABLE, str(folder))
    return folder


@pytest.fixture
def page(qtbot, own_models, tiny_model):
    shutil.copytree(tiny_model, own_models / "tiny")
    page = ModelsPage(Session())
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.list.count() > 0, timeout=WAIT_MS)
    yield page
    page.close()
    wait_for_all()


def titles(page):
    return [page.list.item(row).text() for row in range(page.list.count())]


def choose(page, word):
    page.list.setCurrentRow(next(row for row, title in enumerate(titles(page)) if word in title))


def test_each_model_shows_its_card(page):
    assert "comes with the application" in titles(page)[0]
    choose(page, "comes with")
    assert "usiigaci" in page.card.toPlainText()
    choose(page, "your own")
    assert "usiigaci" not in page.card.toPlainText()
    assert PUBLISHED not in " ".join(titles(page))
    assert page.download.isEnabled()


def answer(page, kind, qtbot):
    qtbot.waitUntil(lambda: page.changes.findChild(kind) is not None, timeout=WAIT_MS)
    return page.changes.findChild(kind)


def test_an_own_model_is_renamed_copied_and_removed(page, qtbot, own_models):
    choose(page, "comes with")
    assert not page.changes.rename.isEnabled()
    assert not page.changes.delete.isEnabled()
    assert page.changes.duplicate.isEnabled()
    choose(page, "your own")
    with qtbot.waitSignal(page._session.models_changed, timeout=WAIT_MS):
        page.changes.rename.click()
        dialog = answer(page, QInputDialog, qtbot)
        dialog.setTextValue("renamed")
        dialog.accept()
    qtbot.waitUntil(lambda: any("renamed" in title for title in titles(page)), timeout=WAIT_MS)
    assert "tiny is now renamed" in page.message.text()
    choose(page, "renamed")
    qtbot.waitUntil(lambda: page.changes.findChild(QInputDialog) is None, timeout=WAIT_MS)
    with qtbot.waitSignal(page._session.models_changed, timeout=WAIT_MS):
        page.changes.duplicate.click()
        answer(page, QInputDialog, qtbot).accept()
    qtbot.waitUntil(lambda: len(titles(page)) == 3, timeout=WAIT_MS)
    choose(page, "renamed-copy")
    with qtbot.waitSignal(page._session.models_changed, timeout=WAIT_MS):
        page.changes.delete.click()
        question = answer(page, QMessageBox, qtbot)
        assert "cannot be brought back" in question.informativeText()
        next(button for button in question.buttons() if button.text() == "Delete").click()
    qtbot.waitUntil(lambda: len(titles(page)) == 2, timeout=WAIT_MS)
    assert [path.name for path in own_models.iterdir()] == ["renamed"]


def test_a_name_that_cannot_be_one_is_reported(page, qtbot):
    choose(page, "your own")
    page.changes.rename.click()
    dialog = answer(page, QInputDialog, qtbot)
    dialog.setTextValue("a/b")
    dialog.accept()
    qtbot.waitUntil(lambda: bool(page._session.reported), timeout=WAIT_MS)
    assert "cannot be named 'a/b'" in str(page._session.reported[0])


def test_a_model_goes_to_a_file_and_comes_back(page, qtbot, own_models, tmp_path):
    changed = []
    page._session.models_changed.connect(lambda: changed.append(True))
    choose(page, "your own")
    with qtbot.waitSignal(page.command.finished, timeout=WAIT_MS):
        page.export_model(str(tmp_path / "kept.zip"))
    assert (tmp_path / "kept.zip").is_file()
    shutil.rmtree(own_models / "tiny")
    with qtbot.waitSignal(page.command.finished, timeout=WAIT_MS) as ended:
        page.import_model(str(tmp_path / "kept.zip"))
    assert ended.args[0], ended.args[1]
    assert len(list(own_models.glob("*/manifest.json"))) == 1
    assert len(changed) == 2
    qtbot.waitUntil(lambda: any("your own" in title for title in titles(page)), timeout=WAIT_MS)


def test_a_file_that_is_no_model_gives_one_sentence(page, qtbot, own_models, tmp_path):
    wrong = tmp_path / "notes.zip"
    wrong.write_text("no archive")
    with qtbot.waitSignal(page.command.finished, timeout=WAIT_MS) as ended:
        page.import_model(str(wrong))
    assert not ended.args[0]
    assert "notes.zip" in page.message.text()
    assert "\n" not in page.message.text()
    assert page.take.isEnabled()
    assert len(list(own_models.iterdir())) == 1
