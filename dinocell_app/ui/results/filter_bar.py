"""The line above the table: a condition to type, the ranges in force, and how many cells pass."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from dinocell_app.tables.column_text import number_text
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.results.shown_cells import ShownCells

_HELP = (
    "Show only the cells for which this holds, for example\n"
    "area_um2 > 50 and not touches_border\n"
    'circularity / solidity < 0.9 or "control" in folder\n'
    "Names of columns stand in the tooltips of the headers; those with signs in them go in `backticks`."
)


class FilterBar(QWidget):
    """Type a filter and see what it leaves."""

    def __init__(self, cells: ShownCells, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = cells
        self.edit = QLineEdit()
        self.edit.setPlaceholderText("Filter, such as area_px2 > 100 and not touches_border")
        self.edit.setClearButtonEnabled(True)
        self.edit.setAccessibleName("Filter of the cells")
        self.edit.setToolTip(_HELP)
        self.count = plain_label()
        self.count.setAccessibleName("Number of cells shown")
        self.clear = QPushButton("Show all")
        self.clear.setToolTip("Take away the filter and all ranges")
        self.message = plain_label()
        self.message.setWordWrap(True)
        self.message.setAccessibleName("What is wrong with the filter, or ranges in force")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.hide()
        self._refusal = ""
        self._lay_out()
        self.edit.editingFinished.connect(self._on_typed)
        self.edit.textChanged.connect(self._on_text_changed)
        self.clear.clicked.connect(self._on_clear)
        cells.store_changed.connect(self._on_store_changed)
        cells.columns_changed.connect(self._on_store_changed)
        cells.rows_changed.connect(self._on_rows_changed)
        cells.filter_refused.connect(self._on_refused)
        self._on_store_changed()
        self._on_rows_changed()

    def show_expression(self) -> None:
        """Show the filter in force, which was not typed here."""
        self._refusal = ""
        self.edit.setText(self._cells.arrangement.expression)
        self._show_message()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.edit, 1)
        line.addWidget(self.count)
        line.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.message)

    def _on_typed(self) -> None:
        self._cells.set_expression(self.edit.text())

    def _on_text_changed(self, text: str) -> None:
        if not text:
            self._cells.set_expression("")

    def _on_clear(self) -> None:
        self.edit.clear()
        self._cells.clear_filters()

    def _on_store_changed(self) -> None:
        completer = _ColumnCompleter(list(self._cells.store.columns), self)
        self.edit.setCompleter(completer)
        self.setEnabled(self._cells.store.n_rows > 0)

    def _on_rows_changed(self) -> None:
        n_rows, n_shown = self._cells.store.n_rows, len(self._cells.rows)
        cells = "cell" if n_rows == 1 else "cells"
        self.count.setText(
            f"{n_rows:,} {cells}" if n_shown == n_rows else f"{n_shown:,} of {n_rows:,} {cells}"
        )
        arrangement = self._cells.arrangement
        self.clear.setEnabled(bool(arrangement.expression or arrangement.ranges))
        if not self._refusal:
            self._show_message()

    def _on_refused(self, sentence: str) -> None:
        self._refusal = sentence
        self._show_message()

    def _show_message(self) -> None:
        ranges = [
            f"{self._cells.store.about(name).label} {number_text(low)} to {number_text(high)}"
            for name, (low, high) in self._cells.arrangement.ranges.items()
        ]
        text = f"⚠ {self._refusal}" if self._refusal else ("Range: " + "; ".join(ranges) if ranges else "")
        self.message.setText(text)
        self.message.setVisible(bool(text))


class _ColumnCompleter(QCompleter):
    """Complete the word before the end of the line rather than the whole line."""

    def __init__(self, names: list[str], parent: QWidget) -> None:
        super().__init__(names, parent)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._before = ""

    def splitPath(self, path: str) -> list[str]:
        """Take the last word as what is to be completed."""
        word = path.replace("(", " ").split(" ")[-1]
        self._before = path[: len(path) - len(word)]
        return [word if len(word) > 1 else "\0"]

    def pathFromIndex(self, index: object) -> str:
        """Put the completed word behind what stands before it."""
        return self._before + super().pathFromIndex(index)  # type: ignore[arg-type]  # Qt calls it with an index
