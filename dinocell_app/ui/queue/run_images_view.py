"""The images of one run: all, or those that failed with the reason and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.queue.image_model import PATH_ROLE, Column, RunImageModel

if TYPE_CHECKING:
    from dinocell_app.project.project import Project
    from dinocell_app.project.records import RunRecord
    from dinocell_app.run_queue.progress import RunProgress


class RunImagesView(QWidget):
    """Table of images with a line that explains the chosen one."""

    image_asked = Signal(str)
    """An image file that is to be shown in the viewer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Project | None, RunRecord | None, RunProgress | None] = (None, None, None)
        self.model = RunImageModel(self)
        self.title = plain_label()
        self.only_failed = QCheckBox("Only failed")
        self.only_failed.setToolTip("Show only the images that failed, with the reason and what to do.")
        self.table = QTableView()
        self.table.setMinimumHeight(48)
        self.table.setAccessibleName("Images of the run")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.table.fontMetrics().height() + 8)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.setToolTip("Press Enter or double-click to look at an image.")
        self.explanation = plain_label()
        self.explanation.setWordWrap(True)
        self.explanation.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._lay_out()
        self.only_failed.toggled.connect(self._refresh)
        self.table.activated.connect(self._on_activated)
        self.table.selectionModel().currentChanged.connect(self._explain)

    def show_run(
        self, project: Project | None, record: RunRecord | None, progress: RunProgress | None
    ) -> None:
        """Show the images of a run."""
        self._shown = (project, record, progress)
        self._refresh()

    def _refresh(self) -> None:
        project, record, progress = self._shown
        failures = progress.failures if progress is not None else ()
        self.title.setText(f"Images of “{record.name}”" if record is not None else "")
        self.only_failed.setText(f"Only failed ({len(failures):,})")
        self.only_failed.setEnabled(bool(failures) or self.only_failed.isChecked())
        only_failed = self.only_failed.isChecked()
        ids = record.image_ids if record is not None else ()
        entries = failures if only_failed else ids
        self.model.show_run(project, record.id if record is not None else 0, entries)
        doubted = [each.path for each in progress.doubted] if progress is not None else []
        self.model.show_state(failures, progress.current_image if progress is not None else "", doubted)
        self._explain()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.title, 1)
        row.addWidget(self.only_failed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.explanation)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        for column, width in ((Column.NAME, 170), (Column.STATE, 90), (Column.CELLS, 60)):
            header.resizeSection(column, width)
        header.resizeSection(Column.SECONDS, 65)
        header.resizeSection(Column.REASON, 220)

    def _on_activated(self, index: QModelIndex) -> None:
        path = str(index.data(PATH_ROLE) or "")
        if path:
            self.image_asked.emit(path)

    def _explain(self) -> None:
        number = self.table.currentIndex().row()
        if not 0 <= number < self.model.rowCount():
            self.explanation.setText("")
            self.explanation.hide()
            return
        row = self.model.row(number)
        self.explanation.setText(f"{row.name}: {row.reason} {row.remedy}" if row.reason else "")
        self.explanation.setVisible(bool(row.reason))
