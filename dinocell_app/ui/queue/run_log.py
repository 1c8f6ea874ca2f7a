"""The log of a run in a window: the end of the file, read on a worker thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from dinocell_app.ui.help_here import add_help
from dinocell_app.ui.workers import start

LONGEST_BYTES = 200_000
_SIZE = (820, 480)


def read_log(path: Path) -> str:
    """Read the end of a log.

    Returns
    -------
    str
        A sentence when there is none yet.
    """
    try:
        with path.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(size - LONGEST_BYTES, 0))
            text = log.read().decode("utf-8", errors="replace")
    except OSError:
        return "There is no log yet: the run has not started."
    if size > LONGEST_BYTES:
        return "… (earlier lines are in the file)\n" + text.partition("\n")[2]
    return text or "The log is empty."


class RunLogDialog(QDialog):
    """Shows the log of a run.

    Parameters
    ----------
    name : str
        Of the run.
    path : Path
        Of the log.
    """

    def __init__(self, name: str, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Log of “{name}”")
        self.resize(*_SIZE)
        self.text = QPlainTextEdit("Reading…")
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Log")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        folder = buttons.addButton("Open folder", QDialogButtonBox.ButtonRole.ActionRole)
        folder.setToolTip("Show the folder of this run in the file manager.")
        folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))))
        buttons.rejected.connect(self.reject)
        add_help(self, buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        self.finished.connect(self.deleteLater)
        start(lambda: read_log(path), self._show, self._show_problem, owner=self)

    def _show(self, text: str) -> None:
        self.text.setPlainText(text)
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _show_problem(self, error: Exception) -> None:
        self.text.setPlainText(f"The log cannot be read: {error}")
