"""Text from elsewhere is text: names, reasons and cards may hold markup, and none of it is followed.

Qt takes a text that looks like HTML for HTML, and then reads the files that it names. So labels, messages
and tips are made here, and what is truly a page is shown by `ui.documents`.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget


def plain_label(text: str = "", parent: QWidget | None = None) -> QLabel:
    """Make a label that shows its text as it is."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    return label


def plain_message(parent: QWidget, title: str, text: str, informative: str = "") -> QMessageBox:
    """Make a question, without buttons yet, that shows its texts as they are."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setText(text)
    if informative:
        box.setInformativeText(informative)
        for label in box.findChildren(QLabel):
            label.setTextFormat(Qt.TextFormat.PlainText)
    return box


def asked(parent: QWidget, title: str, question: str) -> bool:
    """Ask a question, and give whether the answer was yes."""
    box = plain_message(parent, title, question)
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
    answer = box.exec()
    box.deleteLater()
    return answer == QMessageBox.StandardButton.Yes


def keep_plain(widget: object) -> None:
    """Let a label that Qt made by itself, such as that of a tip, show its text as it is.

    Labels whose format was chosen stay as they are.
    """
    if isinstance(widget, QLabel) and widget.textFormat() == Qt.TextFormat.AutoText:
        widget.setTextFormat(Qt.TextFormat.PlainText)
