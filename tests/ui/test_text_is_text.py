"""Names, reasons and cards from elsewhere may hold markup: none of it is followed, and nothing is loaded."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage, QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QToolTip, QWidget

import dinocell_app.ui
from dinocell_app.base.resource_files import resource_path
from dinocell_app.project.adding import find_images
from dinocell_app.project.records import FoundImage
from dinocell_app.ui.doctor.doctor_dialog import DoctorDialog
from dinocell_app.ui.documents import DocumentView, follow_web_link
from dinocell_app.ui.export.export_dialog import ExportDialog
from dinocell_app.ui.export.import_dialog import ImportLabelsDialog
from dinocell_app.ui.guide_window import GuideView, GuideWindow
from dinocell_app.ui.indicators import IndicatorStyle
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.plain_text import asked, plain_label, plain_message
from dinocell_app.ui.session import Session
from dinocell_app.ui.settings_dialog import SettingsDialog
from dinocell_app.ui.workers import run_synchronously

MARKUP = '<b>bold</b><img src="file:///etc/beacon.png">'
OWN_WORDS = {"Steps of the training"}
"""Accessible names of labels whose markup is ours."""


@pytest.fixture
def application_style(qapp):
    """The style of the application, put back afterwards."""
    before = qapp.style().name()
    qapp.setStyle(IndicatorStyle())
    yield
    qapp.setStyle(before)


@pytest.fixture
def window(own_folders, application_style, tmp_path, qtbot):
    """The window on a project in which every name holds markup."""
    folder = tmp_path / "<i>images"
    folder.mkdir()
    for name in ("<b>one<img src='x.png'>.tif", "two<a href='x'>.tif"):
        shutil.copyfile(resource_path("samples", "nuclei_fluorescence.tif"), folder / name)
    (folder / "<b>bad.tif").write_bytes(MARKUP.encode())
    with run_synchronously():
        session = Session()
        window = MainWindow(session)
        qtbot.addWidget(window)
        window.show()
        session.create_project(tmp_path / "<u>project.dinocell")
        found = [each for each in find_images([folder], recursive=False) if isinstance(each, FoundImage)]
        session.project.images.add(found)
        session.refresh_images()
        for image in session.project.images.all():
            session.set_current_image(image.id)
        session.problem_reported.emit(ValueError(MARKUP))
        yield session, window
        window.close()
        session.shut_down()
        session.deleteLater()


def labels_of(root: QWidget) -> list[QLabel]:
    return [label for label in root.findChildren(QLabel) if label.accessibleName() not in OWN_WORDS]


def assert_all_plain(root: QWidget) -> None:
    labels = labels_of(root)
    assert labels
    for label in labels:
        label.ensurePolished()
        label.setText(MARKUP)
        assert label.textFormat() == Qt.TextFormat.PlainText, f"{label.parentWidget()}: {label.text()}"


def test_every_label_of_the_window_shows_markup_as_text(window):
    assert_all_plain(window[1])
    assert len(labels_of(window[1])) > 40


DIALOGS = {
    "settings": SettingsDialog,
    "export": ExportDialog,
    "import": ImportLabelsDialog,
    "doctor": DoctorDialog,
    "guide": lambda _session, window: GuideWindow(window),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_every_label_of_a_dialog_shows_markup_as_text(window, qtbot, name):
    dialog = DIALOGS[name](*window)
    qtbot.addWidget(dialog)
    dialog.show()
    if labels_of(dialog):
        assert_all_plain(dialog)
    dialog.close()


def test_labels_and_questions_are_made_in_one_place():
    """Qt's own classes guess; ours do not."""
    allowed = {"plain_text.py"}
    for file in Path(dinocell_app.ui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and file.name not in allowed:
                called = ast.unparse(node.func)
                assert called != "QLabel", f"{file.name}:{node.lineno}: use plain_label"
                assert called not in ("QTextBrowser", "QMessageBox.information", "QMessageBox.warning")


def test_tips_show_markup_as_text(application_style, qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    QToolTip.showText(widget.mapToGlobal(QPoint(1, 1)), MARKUP, widget)
    tips = [w for w in QApplication.topLevelWidgets() if w.metaObject().className() == "QTipLabel"]
    assert [tip.textFormat() for tip in tips] == [Qt.TextFormat.PlainText]
    assert tips[0].text() == MARKUP
    QToolTip.hideText()


def test_questions_show_markup_as_text(qtbot, monkeypatch):
    parent = QWidget()
    qtbot.addWidget(parent)
    box = plain_message(parent, "t", MARKUP, MARKUP)
    shown = [label for label in box.findChildren(QLabel) if label.text() == MARKUP]
    assert len(shown) == 2
    assert {label.textFormat() for label in shown} == {Qt.TextFormat.PlainText}
    assert plain_label(MARKUP).textFormat() == Qt.TextFormat.PlainText
    for answer in (QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No):
        monkeypatch.setattr(QMessageBox, "exec", lambda _, answer=answer: answer)
        assert asked(parent, "t", "?") == (answer == QMessageBox.StandardButton.Yes)


@pytest.fixture
def card(tmp_path):
    """A folder of a card with a picture in it, and pictures around it."""
    folder = tmp_path / "model"
    (folder / "verdict").mkdir(parents=True)
    for path in (tmp_path / "outside.png", folder / "in.png", folder / "verdict" / "true.png"):
        QImage(4, 3, QImage.Format.Format_RGB32).save(str(path))
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    return folder


def test_a_card_shows_pictures_of_its_own_folder_alone(card, qtbot):
    view = DocumentView(card)
    qtbot.addWidget(view)
    kind = QTextDocument.ResourceType.ImageResource.value

    def is_shown(name: str) -> bool:
        return not QImage(view.loadResource(kind, QUrl(name))).isNull()

    inside = QUrl.fromLocalFile(str(card / "in.png")).toString()
    assert all(map(is_shown, ("in.png", "verdict/true.png", "./in.png", inside)))
    outside = QUrl.fromLocalFile(str(card.parent / "outside.png")).toString()
    for name in (
        outside,
        "../outside.png",
        "verdict/../../outside.png",
        "link.png",
        "//host/in.png",
        "http://127.0.0.1/in.png",
        "file://host/in.png",
        "qrc:/in.png",
        "data:image/png;base64,AAAA",
    ):
        assert not is_shown(name), name
    assert view.loadResource(QTextDocument.ResourceType.StyleSheetResource.value, QUrl("in.png")) is None
    view.folder = None
    assert not is_shown("in.png")


def test_the_guide_shows_its_pictures(qtbot):
    view = GuideView(resource_path("docs", "user_guide.md"))
    qtbot.addWidget(view)
    kind = QTextDocument.ResourceType.ImageResource.value
    assert not view.loadResource(kind, QUrl("images/welcome.png")).isNull()


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "smb://host/x",
        "http:///x",
        "",
    ],
)
def test_no_link_but_to_the_web_is_opened(qtbot, monkeypatch, link):
    parent = QWidget()
    qtbot.addWidget(parent)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda *_: pytest.fail("opened"))
    monkeypatch.setattr(QMessageBox, "exec", lambda *_: pytest.fail("asked"))
    assert not follow_web_link(parent, QUrl(link))


def test_a_link_to_the_web_is_opened_after_a_question_that_names_it(qtbot, monkeypatch):
    parent = QWidget()
    qtbot.addWidget(parent)
    opened: list[str] = []
    questions: list[str] = []
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()) or True)

    def answer(box: QMessageBox) -> QMessageBox.StandardButton:
        questions.append(box.text())
        return answers.pop(0)

    monkeypatch.setattr(QMessageBox, "exec", answer)
    link = QUrl("https://example.org/a?b=<c>")
    assert not follow_web_link(parent, link)
    assert opened == []
    assert follow_web_link(parent, link)
    assert [QUrl(each).host() for each in opened] == ["example.org"]
    assert all("https://example.org/a" in question for question in questions)
