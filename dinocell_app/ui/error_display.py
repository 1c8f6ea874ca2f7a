"""The one place where problems are shown: a bar with a sentence, and details to copy."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStyle, QWidget

import dinocell_app
from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.settings import log_path
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.session import Session

NOTE_MILLISECONDS = 8000

FAULT = (
    "Something went wrong inside the application ({kind}). Your files are safe; go on, and send the details "
    "if it happens again."
)

_logger = logging.getLogger(__name__)


def sentence_of(error: BaseException) -> str:
    """Say what happened in the words for a user."""
    return str(error) if isinstance(error, UserFacingError) else FAULT.format(kind=type(error).__name__)


def details_of(error: BaseException) -> str:
    """Collect what a report needs."""
    lines = traceback.format_exception(error)
    version = f"dinocell-app {dinocell_app.__version__}, Python {sys.version.split()[0]}, {sys.platform}"
    return f"{sentence_of(error)}\n\n{version}\nLog: {log_path()}\n\n{''.join(lines)}"


class ProblemBar(QFrame):
    """A bar below the menus that holds the newest problem until it is closed, and notes for a while."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.error: BaseException | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.icon = plain_label()
        self.text = plain_label()
        self.text.setWordWrap(True)
        self.text.setAccessibleName("Problem")
        self.copy = QPushButton("Copy details")
        self.copy.setToolTip("Puts the sentence, the versions and the place in the program on the clipboard.")
        self.close_button = QPushButton("Close")
        self.close_button.setToolTip("Hide this message.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self.icon)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.copy)
        layout.addWidget(self.close_button)
        self._timer = QTimer(self, singleShot=True, interval=NOTE_MILLISECONDS)
        self._timer.timeout.connect(self.hide)
        self.copy.clicked.connect(self.copy_details)
        self.close_button.clicked.connect(self.hide)
        session.problem_reported.connect(self.show_problem)
        session.noted.connect(self.show_note)
        self.hide()

    def show_problem(self, error: BaseException) -> None:
        """Show a problem until it is closed."""
        self._timer.stop()
        self.error = error
        self._show(sentence_of(error), QStyle.StandardPixmap.SP_MessageBoxWarning)
        self.copy.show()

    def show_note(self, text: str) -> None:
        """Show a sentence for a while, unless a problem is shown."""
        if self.isVisible() and self.error is not None:
            return
        self.error = None
        self._show(text, QStyle.StandardPixmap.SP_MessageBoxInformation)
        self.copy.hide()
        self._timer.start()

    def copy_details(self) -> None:
        """Put everything about the problem on the clipboard."""
        if self.error is not None:
            QGuiApplication.clipboard().setText(details_of(self.error))

    def hideEvent(self, event: object) -> None:
        """Forget the problem."""
        self.error = None
        self._timer.stop()

    def _show(self, text: str, icon: QStyle.StandardPixmap) -> None:
        self.text.setText(text)
        self.icon.setPixmap(self.style().standardIcon(icon).pixmap(20, 20))
        self.show()


def report_unexpected(session: Session) -> None:
    """Show exceptions that nobody caught instead of ending the application."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        _logger.error("nobody caught this", exc_info=(kind, error, trace))
        session.problem_reported.emit(error)

    sys.excepthook = hook
