"""Which files a search left out, and why: never silently."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.csv_rows import Rows
from dinocell_app.imaging.scan import LeftOut
from dinocell_app.ui.help_here import add_help
from dinocell_app.ui.plain_text import plain_label

HEADERS = ("File", "Why", "Folder")
MOST_ROWS = 5000
"""A table of more would take seconds to fill; all of them can be copied."""


class LeftOutDialog(QDialog):
    """Lists the files that were left out."""

    def __init__(self, left_out: Sequence[LeftOut], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Files that were left out")
        self._left_out = tuple(left_out)
        shown = self._left_out[:MOST_ROWS]
        words = f"{len(left_out):,} files were left out; they stay where they are."
        if len(shown) < len(left_out):
            words += f" The first {len(shown):,} are listed."
        explanation = plain_label(words)
        self.table = QTableWidget(len(shown), len(HEADERS))
        self.table.setAccessibleName("Files that were left out")
        self.table.setHorizontalHeaderLabels(list(HEADERS))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setWordWrap(False)
        for row, item in enumerate(shown):
            for column, text in enumerate((item.path.name, item.reason, str(item.path.parent))):
                cell = QTableWidgetItem(text)
                cell.setToolTip(text)
                self.table.setItem(row, column, cell)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, 220)
        header.resizeSection(1, 240)
        header.setStretchLastSection(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy list", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setToolTip("Copy all files and reasons as a table.")
        self.copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        add_help(self, buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(explanation)
        layout.addWidget(self.table, 1)
        layout.addWidget(buttons)
        self.resize(760, 420)

    def _copy(self) -> None:
        text = io.StringIO()
        writer = csv.writer(Rows(text), delimiter="\t")
        writer.writerow(HEADERS)
        writer.writerows((item.path.name, item.reason, str(item.path.parent)) for item in self._left_out)
        QGuiApplication.clipboard().setText(text.getvalue())
