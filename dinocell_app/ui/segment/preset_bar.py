"""The preset in use, what was changed since, and saving settings under a name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from dinocell_app.ui.plain_text import plain_label

DEFAULT_TEXT = "Default settings"


class PresetBar(QWidget):
    """Choice of a preset."""

    chosen = Signal(str)
    """A preset by name; empty for the default settings."""

    save_asked = Signal()
    removal_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QComboBox()
        self.list.setAccessibleName("Preset")
        self.list.setToolTip("Settings kept in this project under a name. Each run keeps its settings here.")
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.setMinimumContentsLength(8)
        self.more = QToolButton()
        self.more.setText("Save…")
        self.more.setToolTip("Keep the settings below under a name, or remove a preset.")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.more)
        self.menu.setToolTipsVisible(True)
        self.save = self.menu.addAction("Save settings as…")
        self.save.setToolTip("Keep the settings below under a name in this project.")
        self.remove = self.menu.addAction("Remove this preset")
        self.remove.setToolTip("Remove this preset from the project; results stay.")
        self.more.setMenu(self.menu)
        self.remark = plain_label()
        self.remark.setWordWrap(True)
        row = QHBoxLayout()
        name = plain_label("Preset")
        name.setBuddy(self.list)
        row.addWidget(name)
        row.addWidget(self.list, 1)
        row.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.remark)
        self.list.activated.connect(lambda: self.chosen.emit(self.name()))
        self.save.triggered.connect(lambda: self.save_asked.emit())
        self.remove.triggered.connect(lambda: self.removal_asked.emit(self.name()))

    def name(self) -> str:
        """Give the preset in use.

        Returns
        -------
        str
            Empty for the default settings.
        """
        return str(self.list.currentData() or "")

    def set_presets(self, names: Sequence[str], name: str) -> None:
        """Show the presets of the project.

        Parameters
        ----------
        name : str
            The one in use.
        """
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItem(DEFAULT_TEXT, "")
            for known in names:
                self.list.addItem(known, known)
            self.list.setCurrentIndex(max(self.list.findData(name), 0))
        self.remove.setEnabled(bool(self.name()))

    def set_changes(self, changes: Sequence[str]) -> None:
        """Say what differs from the preset.

        Parameters
        ----------
        changes : sequence of str
            In words; empty when nothing does.
        """
        of = f"preset “{self.name()}”" if self.name() else "default settings"
        self.remark.setText(f"Changed from {of}: {', '.join(changes)}" if changes else "")
        self.remark.setVisible(bool(changes))
        self.remove.setEnabled(bool(self.name()))
