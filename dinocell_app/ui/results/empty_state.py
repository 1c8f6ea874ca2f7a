"""What stands in a tab when there is nothing to show, and why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from dinocell_app.ui.plain_text import plain_label


class WithEmptyState(QStackedWidget):
    """Content, or a sentence in its place."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = plain_label()
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 24, 24, 24)
        column.addWidget(self._sentence)
        self._page = page
        self._content = content
        self.addWidget(content)
        self.addWidget(page)

    def hasHeightForWidth(self) -> bool:
        """Have no height of its own: a scroll area around it would give wrapped text all it asks for."""
        return False

    @property
    def sentence(self) -> str:
        """What is said in place of the content; empty while the content is shown."""
        return self._sentence.text() if self.currentWidget() is self._page else ""

    def say(self, sentence: str) -> None:
        """Show a sentence in place of the content.

        Parameters
        ----------
        sentence : str
            Empty shows the content.
        """
        self._sentence.setText(sentence)
        self.setCurrentWidget(self._page if sentence else self._content)
