"""The page that checks the computer: findings as they come, what needs attention first, a report."""

from __future__ import annotations

import json

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from dinocell_app.ui.doctor.doctor_dialog import DoctorDialog
from dinocell_app.ui.processes.line_command import LineCommand
from dinocell_app.ui.session import Session


@pytest.fixture
def session(own_folders):
    made = Session()
    yield made
    made.shut_down()


@pytest.fixture
def dialog(session, qtbot, monkeypatch):
    """A check whose process is spoken for by the test."""
    started = []
    monkeypatch.setattr(LineCommand, "start", lambda self, *words: started.append(words))
    made = DoctorDialog(session)
    qtbot.addWidget(made)
    made.show()
    made.started = started
    return made


def say(dialog: QWidget, name: str, state: str = "good", remedy: str = "") -> None:
    fields = {"topic": "t", "name": name, "value": "v", "state": state, "remedy": remedy}
    dialog.command.said.emit(json.dumps(fields))


def names(dialog) -> list[str]:
    return [dialog.list.topLevelItem(row).text(1) for row in range(dialog.list.topLevelItemCount())]


def test_what_needs_attention_comes_first_with_a_shape_and_a_word(dialog):
    assert dialog.started == [("doctor", "--json")]
    assert dialog.bar.isVisible()
    for name, state in (("a", "good"), ("d", "warning"), ("c", "good"), ("b", "problem")):
        say(dialog, name, state, "" if state == "good" else "do this")
    dialog.command.said.emit("no finding")
    assert names(dialog) == ["T: b", "T: d", "T: a", "T: c"]
    assert dialog.list.topLevelItem(0).text(0) == "✕ problem"
    assert dialog.list.topLevelItem(1).text(3) == "do this"
    dialog.command.finished.emit(2, "")
    assert dialog.sentence.text() == "✕ T: b: v. do this.\n⚠ T: d: v. do this."
    assert not dialog.bar.isVisible()


def test_all_is_well(dialog):
    say(dialog, "a")
    dialog.command.finished.emit(0, "")
    assert dialog.sentence.text() == "✓ Everything is fine."
    dialog.again.click()
    assert names(dialog) == []
    assert len(dialog.started) == 2


def test_a_check_that_breaks_off_says_so(dialog):
    dialog.command.finished.emit(-1, "no more memory")
    assert dialog.sentence.text() == "no more memory"
    dialog.again.click()
    dialog.cancel.click()
    assert "Stopped" in dialog.sentence.text()
    assert dialog.again.isEnabled()


def test_the_report_is_copied_and_written(dialog, tmp_path):
    say(dialog, "memory", "warning", "Close other programs")
    dialog.command.finished.emit(0, "")
    dialog.copy.click()
    assert "⚠ memory: v -> Close other programs" in QGuiApplication.clipboard().text()
    dialog.write_report(tmp_path / "report.txt")
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == QGuiApplication.clipboard().text()


@pytest.mark.timeout(240)
def test_a_real_check_comes_to_an_end(session, qtbot):
    made = DoctorDialog(session)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.again.isEnabled(), timeout=180_000)
    topics = {finding.topic for finding in made.findings}
    assert {"versions", "memory", "folders", "shipped", "devices", "self-test"} <= topics
    assert not [finding for finding in made.findings if finding.state == "problem"]
