"""A list of things that can be ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget


class CheckList(QWidget):
    """Ticks, with buttons for all and none.

    Parameters
    ----------
    name : str
        For screen readers.
    """

    changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget()
        self.list.setAccessibleName(name)
        self.list.setSpacing(1)
        self.list.setToolTip("Space ticks what is selected.")
        self.all = QPushButton("All")
        self.all.setAccessibleName(f"All of {name}")
        self.none = QPushButton("None")
        self.none.setAccessibleName(f"None of {name}")
        row = QHBoxLayout()
        row.addWidget(self.all)
        row.addWidget(self.none)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
        layout.addLayout(row)
        self.list.itemChanged.connect(lambda: self.changed.emit())
        self.all.clicked.connect(lambda: self._tick_all(ticked=True))
        self.none.clicked.connect(lambda: self._tick_all(ticked=False))

    def offer(self, texts: Mapping[str, str], ticked: Sequence[str]) -> None:
        """Show things to tick, without reporting a change.

        Parameters
        ----------
        texts : mapping of str to str
            What is shown for each value.
        """
        with QSignalBlocker(self.list):
            self.list.clear()
            for value, text in texts.items():
                item = QListWidgetItem(text, self.list)
                item.setData(Qt.ItemDataRole.UserRole, value)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if value in ticked else Qt.CheckState.Unchecked)

    def explain(self, notes: Mapping[str, str]) -> None:
        """Say more about things under the mouse.

        Parameters
        ----------
        notes : mapping of str to str
            By value.
        """
        with QSignalBlocker(self.list):
            for item in (self.list.item(number) for number in range(self.list.count())):
                item.setToolTip(notes.get(str(item.data(Qt.ItemDataRole.UserRole)), ""))

    def ticked(self) -> tuple[str, ...]:
        """Give what is ticked.

        Returns
        -------
        tuple of str
            In the order of the list.
        """
        items = [self.list.item(number) for number in range(self.list.count())]
        return tuple(
            str(item.data(Qt.ItemDataRole.UserRole))
            for item in items
            if item.checkState() == Qt.CheckState.Checked
        )

    def set_ticked(self, value: str, *, ticked: bool) -> None:
        """Tick one thing, as a person would."""
        for number in range(self.list.count()):
            item = self.list.item(number)
            if item.data(Qt.ItemDataRole.UserRole) == value:
                item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def _tick_all(self, *, ticked: bool) -> None:
        state = Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
        with QSignalBlocker(self.list):
            for number in range(self.list.count()):
                self.list.item(number).setCheckState(state)
        self.changed.emit()
