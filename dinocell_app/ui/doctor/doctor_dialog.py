"""Check this computer: a process looks at everything, and its findings come one after the other."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.files import write_text
from dinocell_app.base.json_text import parse_json
from dinocell_app.doctor.finding import GOOD, MARKS, PROBLEM, WARNING, Finding
from dinocell_app.doctor.report import report_of
from dinocell_app.ui.help_here import add_help
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.processes.line_command import LineCommand
from dinocell_app.ui.session import Session

LOOKING = "Looking … the last step runs the network on a sample and takes some seconds."
MOST_SAID = 4
"""Findings that are said in full above the list."""

_SIZE = (860, 560)
_ORDER = {PROBLEM: 0, WARNING: 1, GOOD: 2}
_WORDS = {GOOD: "good", WARNING: "warning", PROBLEM: "problem"}
_HEADERS = ("", "What", "Found", "What to do")


class DoctorDialog(QDialog):
    """Shows what `dinocell-app doctor` finds."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Check this computer")
        self.resize(*_SIZE)
        self._session = session
        self.findings: list[Finding] = []
        self.command = LineCommand(self)
        self.sentence = plain_label()
        self.sentence.setWordWrap(True)
        self.bar = QProgressBar(maximum=0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("At work")
        self.list = QTreeWidget()
        self.list.setAccessibleName("Findings")
        self.list.setToolTip("What was looked at, and what to do about it.")
        self.list.setHeaderLabels(list(_HEADERS))
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setRootIsDecorated(False)
        header = self.list.header()
        for column, width in ((0, 96), (1, 210)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(3, 260)
        header.setStretchLastSection(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.again = self._button(buttons, "Look again", "Look at everything once more.", role)
        self.cancel = self._button(buttons, "Stop looking", "End the check; what was found stays.", role)
        self.copy = self._button(
            buttons, "Copy report", "Without names and private folders, to be sent to whoever helps.", role
        )
        self.save = self._button(buttons, "Save report …", "The same as a text file.", role)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self.sentence)
        layout.addWidget(self.bar)
        layout.addWidget(self.list, 1)
        layout.addWidget(buttons)
        add_help(self, buttons)
        buttons.rejected.connect(self.reject)
        self.again.clicked.connect(self.look)
        self.cancel.clicked.connect(self.stop)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report_of(self.findings)))
        self.save.clicked.connect(self._on_save)
        self.command.said.connect(self._on_line)
        self.command.finished.connect(self._on_finished)
        self.look()

    def look(self) -> None:
        """Look at everything anew."""
        self.findings.clear()
        self.list.clear()
        self.sentence.setText(LOOKING)
        self._show_work(at_work=True)
        self.command.start("doctor", "--json")

    def stop(self) -> None:
        """End the check."""
        self.command.stop()
        self._show_work(at_work=False)
        self.sentence.setText("Stopped: not everything was looked at.")

    def write_report(self, path: Path) -> None:
        """Write the report."""
        try:
            write_text(path, report_of(self.findings))
        except OSError as error:
            self._session.report(error)

    def done(self, result: int) -> None:
        """End the check with the window."""
        self.command.stop()
        super().done(result)

    def _on_line(self, line: str) -> None:
        try:
            finding = Finding(**parse_json(line))
        except (ValueError, TypeError):
            return
        if finding.state not in _ORDER:
            return
        self.findings.append(finding)
        mark = f"{MARKS[finding.state]} {_WORDS[finding.state]}"
        item = QTreeWidgetItem([mark, _named(finding), finding.value, finding.remedy])
        for column in range(len(_HEADERS)):
            item.setToolTip(column, item.text(column))
        # What needs attention most comes first.
        before = [each for each in self.findings[:-1] if _ORDER[each.state] <= _ORDER[finding.state]]
        self.list.insertTopLevelItem(len(before), item)

    def _on_finished(self, code: int, wrong: str) -> None:
        self._show_work(at_work=False)
        if not self.findings or code not in (0, 2):
            self.sentence.setText(wrong or "The check broke off. Try it again.")
            return
        worse = sorted((f for f in self.findings if f.state != GOOD), key=lambda each: _ORDER[each.state])
        lines = [f"{MARKS[f.state]} {_named(f)}: {f.value}. {f.remedy}." for f in worse[:MOST_SAID]]
        if len(worse) > MOST_SAID:
            lines.append(f"… and {len(worse) - MOST_SAID} more below.")
        self.sentence.setText("\n".join(lines) or "✓ Everything is fine.")

    def _show_work(self, *, at_work: bool) -> None:
        self.bar.setVisible(at_work)
        self.again.setEnabled(not at_work)
        self.cancel.setEnabled(at_work)
        for button in (self.copy, self.save):
            button.setEnabled(not at_work)

    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the report", "dinocell-report.txt", "Text (*.txt)")
        if name:
            self.write_report(Path(name))

    @staticmethod
    def _button(
        buttons: QDialogButtonBox, text: str, tip: str, role: QDialogButtonBox.ButtonRole
    ) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        buttons.addButton(button, role)
        return button


def _named(finding: Finding) -> str:
    return f"{finding.topic.capitalize()}: {finding.name}"
