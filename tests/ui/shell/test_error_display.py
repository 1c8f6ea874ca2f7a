import sys

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.settings import log_path
from dinocell_app.ui.error_display import ProblemBar, details_of, report_unexpected, sentence_of


@pytest.fixture
def bar(session, qtbot):
    bar = ProblemBar(session)
    qtbot.addWidget(bar)
    yield bar
    bar.hide()


def broken():
    raise ZeroDivisionError("of cells")


def caught():
    try:
        broken()
    except ZeroDivisionError as error:
        return error


def test_a_problem_is_said_with_file_and_remedy_and_stays(bar, session):
    session.report(UnreadableFileError("is cut off", path="/data/a.tif", remedy="Copy it again"))
    assert bar.isVisibleTo(bar.parentWidget())
    assert "a.tif: is cut off. Copy it again." in bar.text.text()
    session.noted.emit("3 images added")
    assert "cut off" in bar.text.text()
    bar.close_button.click()
    assert bar.isHidden()


def test_copy_details_gives_what_a_report_needs(bar, session, qapp):
    session.report(caught())
    bar.copy.click()
    words = QGuiApplication.clipboard().text()
    for needed in ("ZeroDivisionError: of cells", "in broken", "dinocell-app ", str(log_path())):
        assert needed in words


def test_a_fault_is_no_sentence_for_programmers():
    assert "Traceback" not in sentence_of(caught())
    assert "Your files are safe" in sentence_of(caught())
    assert "Traceback" in details_of(caught())


def test_a_note_has_nothing_to_copy(bar, session):
    session.noted.emit("3 images added")
    assert bar.text.text() == "3 images added"
    assert bar.copy.isHidden()


def test_an_exception_that_nobody_caught_is_shown_and_the_window_goes_on(bar, session, qtbot, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    report_unexpected(session)
    hook = sys.excepthook
    error = caught()
    hook(type(error), error, error.__traceback__)
    assert bar.error is error
    alive = []
    QTimer.singleShot(0, lambda: alive.append(1))
    qtbot.waitUntil(lambda: bool(alive))
