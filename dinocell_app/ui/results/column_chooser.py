"""Choose which columns the table shows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.tables.column_text import column_text
from dinocell_app.ui.help_here import add_help


class ColumnChooser(QDialog):
    """A list of all columns with a box each; dragging changes their order.

    Parameters
    ----------
    names : sequence of str
        All columns.
    chosen : sequence of str
        Those shown now, in order.
    """

    def __init__(self, names: Sequence[str], chosen: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Columns")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search columns")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search columns")
        self.list = QListWidget()
        self.list.setAccessibleName("Columns; drag to change their order")
        self.list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.list.setAlternatingRowColors(True)
        for name in [*chosen, *(name for name in names if name not in chosen)]:
            self.list.addItem(self._item(name, shown=name in chosen))
        self.all = QPushButton("All")
        self.all.setToolTip("Show every column that the search leaves")
        self.none = QPushButton("None")
        self.none.setToolTip("Hide every column that the search leaves")
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        add_help(self, buttons)
        line = QHBoxLayout()
        line.addWidget(self.all)
        line.addWidget(self.none)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addLayout(line)
        column.addWidget(buttons)
        self.search.textChanged.connect(self._on_search)
        self.all.clicked.connect(lambda: self._set_visible(Qt.CheckState.Checked))
        self.none.clicked.connect(lambda: self._set_visible(Qt.CheckState.Unchecked))
        self.resize(420, 520)

    def chosen(self) -> list[str]:
        """Columns to show, in order."""
        return [
            item.data(Qt.ItemDataRole.UserRole)
            for item in self._items()
            if item.checkState() == Qt.CheckState.Checked
        ]

    def _item(self, name: str, *, shown: bool) -> QListWidgetItem:
        text = column_text(name)
        item = QListWidgetItem(text.label)
        item.setData(Qt.ItemDataRole.UserRole, name)
        item.setToolTip(text.tooltip)
        item.setCheckState(Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)
        return item

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(place) for place in range(self.list.count())]

    def _on_search(self, text: str) -> None:
        for item in self._items():
            name = str(item.data(Qt.ItemDataRole.UserRole))
            item.setHidden(text.casefold() not in f"{item.text()} {name}".casefold())

    def _set_visible(self, state: Qt.CheckState) -> None:
        for item in self._items():
            if not item.isHidden():
                item.setCheckState(state)
