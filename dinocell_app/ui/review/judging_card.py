"""The picture of what is judged, and buttons that keys press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from dinocell_app.ui.plain_text import plain_label

_LEAST_PICTURE = 150


@dataclass(frozen=True)
class Answer:
    """A button with its key.

    Parameters
    ----------
    value : str
        What it says to the program.
    text : str
        On the button.
    """

    value: str
    text: str
    key: Qt.Key
    tooltip: str


class JudgingCard(QWidget):
    """Shows a cell or place and takes an answer, by mouse or key.

    Parameters
    ----------
    name : str
        For screen readers.
    """

    answered = Signal(str)
    """Value of an answer."""
    stepped = Signal(int)
    """To the one before (-1) or after (1)."""
    undo_asked = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.picture = CropPicture()
        self.title = plain_label()
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons: dict[str, QPushButton] = {}
        self._keys: dict[Qt.Key, str] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addWidget(self.picture, 1)
        column.addLayout(self._grid)

    def offer(self, answers: Sequence[Answer]) -> None:
        """Show these buttons in place of others."""
        if [answer.value for answer in answers] == list(self.buttons):
            return
        for button in self.buttons.values():
            self._grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons, self._keys = {}, {}
        per_row = 2 if len(answers) % 2 == 0 else 3
        for number, answer in enumerate(answers):
            button = QPushButton(f"{answer.text}  ({chr(answer.key)})")
            button.setToolTip(answer.tooltip)
            button.setAccessibleName(answer.text)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on=False, value=answer.value: self._press(value))
            self._grid.addWidget(button, *divmod(number, per_row))
            self.buttons[answer.value] = button
            self._keys[answer.key] = answer.value

    def show_said(self, value: str) -> None:
        """Show what was answered before.

        Parameters
        ----------
        value : str
            Empty for nothing.
        """
        for name, button in self.buttons.items():
            button.setChecked(name == value)

    def event(self, event: QEvent) -> bool:
        """Keep keys of the buttons from the shortcuts of the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._knows(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer, go on, go back or undo."""
        key = Qt.Key(event.key())
        if not self._knows(event):
            super().keyPressEvent(event)
        elif key in self._keys and not event.modifiers():
            self._press(self._keys[key])
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Z):
            self.undo_asked.emit()
        else:
            self.stepped.emit(-1 if key == Qt.Key.Key_Left else 1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys go here."""
        super().focusInEvent(event)
        self.picture.set_marked(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that keys go elsewhere."""
        super().focusOutEvent(event)
        self.picture.set_marked(False)

    def _knows(self, event: QKeyEvent) -> bool:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        if modifiers == Qt.KeyboardModifier.ControlModifier:
            return key == Qt.Key.Key_Z
        ours = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_Backspace)
        return modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier) and (
            key in ours or key in self._keys
        )

    def _press(self, value: str) -> None:
        self.answered.emit(value)
        self.setFocus(Qt.FocusReason.OtherFocusReason)


class CropPicture(QWidget):
    """A picture as large as there is room, or a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: QPixmap | str = ""
        self._marked = False
        self.setMinimumSize(_LEAST_PICTURE, _LEAST_PICTURE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture of the cell")

    def sizeHint(self) -> QSize:
        """Ask for a square."""
        return QSize(2 * _LEAST_PICTURE, 2 * _LEAST_PICTURE)

    def set_content(self, content: QPixmap | str) -> None:
        """Show a picture, or a sentence in its place."""
        self._content = content
        self.update()

    def set_marked(self, marked: bool) -> None:
        """Draw a frame that says where keys go."""
        self._marked = marked
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture or sentence, and the frame."""
        painter = QPainter(self)
        palette, area = self.palette(), self.rect().adjusted(2, 2, -2, -2)
        painter.fillRect(area, palette.color(QPalette.ColorRole.Base))
        if isinstance(self._content, QPixmap):
            size = self._content.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, size.width(), size.height())
            target.moveCenter(area.center())
            painter.drawPixmap(target, self._content)
        else:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(8, 8, -8, -8), int(flags), self._content)
        role = QPalette.ColorRole.Highlight if self._marked else QPalette.ColorRole.Mid
        pen = painter.pen()
        pen.setColor(palette.color(role))
        pen.setWidth(2 if self._marked else 1)
        painter.setPen(pen)
        painter.drawRect(area)
        painter.end()
