"""Which type of cell is looked for, and what can be done with types."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from dinocell_app.project.references import CellType

NEW, RENAME, COLOUR, REMOVE, SAVE, LOAD = "new", "rename", "colour", "remove", "save", "load"
_OF_A_TYPE = (RENAME, COLOUR, REMOVE, SAVE)
_ACTIONS = (
    (RENAME, "Rename…"),
    (COLOUR, "Colour…"),
    (REMOVE, "Remove"),
    (SAVE, "Save to a library…"),
    (LOAD, "Add from a library…"),
)


class TypeBar(QWidget):
    """A list of types, a button for a new one and a menu for the chosen one."""

    chosen = Signal(int)
    """Id of a type."""
    asked = Signal(str)
    """`NEW`, `RENAME`, `COLOUR`, `REMOVE`, `SAVE` or `LOAD`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.types = QComboBox()
        self.types.setAccessibleName("Type of cell")
        self.types.setToolTip("The type that the cells you point at are examples of.")
        self.types.setPlaceholderText("No type yet")
        self.new = QPushButton("New type")
        self.new.setToolTip("Look for one more type of cell, with references of its own.")
        self.more = QToolButton()
        self.more.setText("More")
        self.more.setToolTip("Name, colour, remove, save or add types of cells.")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        self.actions_by_key: dict[str, QAction] = {}
        for key, text in _ACTIONS:
            action = menu.addAction(text)
            action.triggered.connect(lambda _=False, key=key: self.asked.emit(key))
            self.actions_by_key[key] = action
        self.more.setMenu(menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.types, 1)
        layout.addWidget(self.new)
        layout.addWidget(self.more)
        self.types.activated.connect(lambda _: self.chosen.emit(self.types.currentData()))
        self.new.clicked.connect(lambda: self.asked.emit(NEW))

    def show_types(self, types: Sequence[CellType], chosen: int) -> None:
        """Show other types.

        Parameters
        ----------
        chosen : int
            Id of one of them.
        """
        self.types.clear()
        for each in types:
            patch = QPixmap(14, 14)
            patch.fill(QColor(each.colour))
            self.types.addItem(QIcon(patch), each.name, each.id)
            self.types.setItemData(self.types.count() - 1, each.name, Qt.ItemDataRole.ToolTipRole)
        self.types.setCurrentIndex(self.types.findData(chosen))
        for key in _OF_A_TYPE:
            self.actions_by_key[key].setEnabled(bool(types))
