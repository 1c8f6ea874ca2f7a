"""The bar of the Correct mode: tools, the size of the brush, undo, versions, and what is going on."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.editing.edit_history import EditHistory, Version
from dinocell_app.ui.correct.correct_tools import BY_KEY, TOOLS
from dinocell_app.ui.correct.gestures import LARGEST_BRUSH, SMALLEST_BRUSH
from dinocell_app.ui.icons import action_icon
from dinocell_app.ui.plain_text import plain_label

CELL_ACTIONS = (
    ("correct_delete_chosen", "Delete the chosen cell"),
    ("correct_fill", "Fill its holes"),
    ("correct_grow", "Grow by a pixel"),
    ("correct_shrink", "Shrink by a pixel"),
    ("correct_smooth", "Smooth its outline"),
    ("correct_new", "Next stroke begins a new cell"),
)


UNDO, REDO = "Undo", "Redo"


def named(word: str, what: str) -> str:
    """Name what is undone or done again.

    Parameters
    ----------
    word : str
        `UNDO` or `REDO`.
    what : str
        Such as "split"; may be empty.
    """
    return f"{word} {what}".strip()


class CorrectBar(QWidget):
    """Three lines above the picture."""

    asked = Signal(str)
    """Key of an action."""
    version_chosen = Signal(object)
    """Version to go back to."""
    version_beside = Signal(object)
    """Version to be seen in the second view."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools: dict[str, QToolButton] = {}
        for tool in TOOLS:
            button = QToolButton()
            button.setText(tool.text)
            button.setIcon(action_icon(tool.key))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(tool.text)
            button.setToolTip(tool.hint)
            button.clicked.connect(lambda _=False, key=tool.key: self.asked.emit(key))
            self.tools[tool.key] = button
        self.diameter = QSpinBox(minimum=SMALLEST_BRUSH, maximum=LARGEST_BRUSH, value=12, suffix=" px")
        self.diameter.setAccessibleName("Diameter of brush and eraser")
        self.diameter.setToolTip("Diameter of brush and eraser in pixels of the image.")
        self.over = QCheckBox("Over cells")
        self.over.setToolTip("Brush and outline take pixels of other cells, too.")
        self.undo = self._button("Undo", "undo", UNDO)
        self.redo = self._button("Redo", "redo", REDO)
        self.cell = self._menu("Cell", "What can be done to the chosen cell.")
        self.versions = self._menu(
            "Versions", "See or go back to the model's result or a version with a name."
        )
        self.mark = QPushButton("Approve image")
        self.mark.setCheckable(True)
        self.mark.setToolTip("All cells of this image are right: a training can learn from it.")
        self.mark.clicked.connect(lambda: self.asked.emit("mark_corrected"))
        self.done = QPushButton("Close")
        self.done.setToolTip("Leave the Correct mode; everything is saved.")
        self.done.clicked.connect(self.closed)
        self.saved, self.hint = plain_label(), plain_label()
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for key, text in CELL_ACTIONS:
            self.cell.menu().addAction(text).triggered.connect(partial(self._ask, key))
        self._lay_out()
        self.show_history(None, marked=False)

    def tool(self) -> str:
        """Give the tool that is chosen.

        Returns
        -------
        str
            Its key; empty for none.
        """
        return next((key for key, button in self.tools.items() if button.isChecked()), "")

    def show_tool(self, key: str) -> None:
        """Show which tool is in hand."""
        self.tools[key].setChecked(True)

    def say(self, sentence: str) -> None:
        """Say how a tool works, or why nothing happens.

        Parameters
        ----------
        sentence : str
            Empty for how the tool in hand is used.
        """
        tool = self.tool()
        if not sentence and tool and self.tools[tool].isEnabled():
            sentence = BY_KEY[tool].hint
        self.hint.setText(sentence)
        self.hint.setToolTip(sentence)

    def show_history(self, history: EditHistory | None, *, marked: bool) -> None:
        """Show what can be undone and gone back to.

        Parameters
        ----------
        history : EditHistory or None
            None when nothing can be corrected.
        marked : bool
            Whether the image is marked as corrected.
        """
        there = history is not None
        for button in (*self.tools.values(), self.cell, self.versions, self.mark, self.diameter, self.over):
            button.setEnabled(there)
        self.undo.setEnabled(history is not None and history.can_undo)
        self.redo.setEnabled(history is not None and history.can_redo)
        self.undo.setToolTip(named(UNDO, history.undo_name if history is not None else ""))
        self.redo.setToolTip(named(REDO, history.redo_name if history is not None else ""))
        self.mark.setChecked(marked)
        self.mark.setText("★ Approved" if marked else "Approve image")
        menu = self.versions.menu()
        menu.clear()
        menu.addAction("Name this version …", lambda: self.asked.emit("correct_name_version"))
        menu.addSeparator()
        known = history.versions() if history is not None else ()
        for words, chosen in (("Back to", self.version_chosen), ("See beside", self.version_beside)):
            for version in known:
                when = f", {version.time[:16].replace('T', ' ')} UTC" if version.time else ""
                entry = menu.addAction(f"{words}: {version.name}{when}")
                entry.triggered.connect(partial(_tell, chosen, version))
            menu.addSeparator()

    def _ask(self, key: str, _checked: bool = False) -> None:
        self.asked.emit(key)

    def _button(self, text: str, key: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda: self.asked.emit(key))
        return button

    def _menu(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAccessibleName(text)
        button.setToolTip(tip)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMenu(QMenu(button))
        return button

    def _lay_out(self) -> None:
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        first.setSpacing(0)
        for button in self.tools.values():
            first.addWidget(button)
        first.addStretch(1)
        for widget in (self.diameter, self.over, self.cell, self.undo, self.redo, self.versions):
            second.addWidget(widget)
        second.addStretch(1)
        for part in (self.mark, self.done):
            second.addWidget(part)
        third.addWidget(self.hint, 1)
        third.addWidget(self.saved)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 2)
        layout.setSpacing(2)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addLayout(third)


def _tell(chosen: SignalInstance, version: Version, _checked: bool = False) -> None:
    chosen.emit(version)
