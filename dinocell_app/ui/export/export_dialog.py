"""The Export dialog: choices on the left, the files they lead to on the right, writing at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.reexport.export_choice import ExportChoice
from dinocell_app.reexport.export_items import ExportItems, export_items, table_columns_of
from dinocell_app.reexport.export_plan import ExportPlan, plan_export
from dinocell_app.reexport.export_texts import done_sentence, plan_sentence
from dinocell_app.reexport.export_writing import FileExported, write_export
from dinocell_app.reexport.remembered_choice import remember_choice, remembered_choice
from dinocell_app.ui.export.export_form import ExportForm
from dinocell_app.ui.export.planned_file_model import FILE, PlannedFileModel
from dinocell_app.ui.help_here import help_button
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.workers import start, start_generator

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session
    from dinocell_app.ui.workers import Task

_SIZE = (980, 620)
_SPLIT = (440, 520)
_PLAN_DELAY_MS = 150


class ExportDialog(QDialog):
    """Writes results of the open project to a folder."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export results")
        self.resize(*_SIZE)
        self._session = session
        self._items = ExportItems()
        self._listed: tuple[str, str] | None = None
        self._plan: ExportPlan | None = None
        self._planning: Task | None = None
        self._writing: Task | None = None
        self._is_writing = False
        self.form = ExportForm()
        self.model = PlannedFileModel(self)
        self.files = QTableView()
        self.summary = plain_label()
        self.progress = QProgressBar()
        self.export_button = QPushButton("Export")
        self.close_button = QPushButton("Close")
        self.open_button = QPushButton("Open folder")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PLAN_DELAY_MS)
        self._timer.timeout.connect(self.plan_now)
        self._lay_out()
        self._connect()
        self._show_remembered()

    def plan_now(self) -> None:
        """Work out the files that the choices lead to."""
        self._timer.stop()
        choice = self.form.choice()
        self._list_items(choice)
        items = self._items
        if self._planning is not None:
            self._planning.cancel()
        self._show_plan(None, "Looking at the folder…" if choice.folder else "Choose a folder to write to.")
        if choice.folder and items.finished:
            self._planning = start(
                lambda: plan_export(items, choice), self._show_plan, self._show_problem, owner=self
            )

    def export_now(self) -> None:
        """Write the files of the plan."""
        plan, project = self._plan, self._session.project
        if plan is None or self._is_writing:
            return
        if project is not None and project.read_only_reason is None:
            remember_choice(project.folder, plan.choice)
        self.progress.setRange(0, len(plan.files))
        self.progress.setValue(0)
        self._is_writing = True
        self._show_writing()
        self._writing = start_generator(
            lambda: write_export(plan), self._note, self._on_written, self._on_failed, owner=self
        )

    def reject(self) -> None:
        """Cancel the writing, or close the dialog when nothing is being written."""
        if not self._is_writing:
            self._timer.stop()
            super().reject()
            return
        if self._writing is not None:
            self._writing.cancel()
        self._finish("Cancelled: ")

    def _show_remembered(self) -> None:
        session, project = self._session, self._session.project
        choice = remembered_choice(project.folder) if project is not None else ExportChoice()
        sets = project.results.set_names() if project is not None else []
        result = session.current_result
        if result is not None and result.name in sets:
            choice = replace(choice, set_name=result.name)
        if not choice.folder and project is not None:
            choice = replace(choice, folder=str(project.folder.parent / f"{project.folder.stem} export"))
        counts = {"selected": len(session.selected_images), "current": int(session.current_image is not None)}
        self.form.set_choice(choice, sets, counts)
        self.plan_now()

    def _list_items(self, choice: ExportChoice) -> None:
        project = self._session.project
        wanted = (choice.set_name, choice.which)
        if project is None or wanted == self._listed:
            return
        ids = None
        if choice.which == "selected":
            ids = [image.id for image in self._session.selected_images]
        elif choice.which == "current":
            image = self._session.current_image
            ids = [image.id] if image is not None else []
        self._listed = wanted
        self._items = export_items(project, choice.set_name, ids) if choice.set_name else ExportItems()
        items = self._items.finished
        start(lambda: table_columns_of(items), self.form.offer_columns, self._show_problem, owner=self)

    def _plan_soon(self) -> None:
        """Forget the plan of the earlier choices, so that nobody exports what they have just changed."""
        if self._planning is not None:
            self._planning.cancel()
        self._show_plan(None, "Looking at the folder…")
        self._timer.start()

    def _show_plan(self, plan: ExportPlan | None, sentence: str = "") -> None:
        self._plan = plan
        self.model.show_plan(plan)
        if not self._items.finished:
            sentence = "There are no such results yet: run a segmentation first, or choose others."
        self.summary.setText(plan_sentence(plan) if plan is not None else sentence)
        self.export_button.setEnabled(plan is not None and plan.n_written > 0)

    def _show_problem(self, error: Exception) -> None:
        self._show_plan(None, str(error))

    def _note(self, outcomes: Sequence[FileExported]) -> None:
        self.model.note(outcomes)
        self.progress.setValue(len(self.model.outcomes()))

    def _on_written(self, _result: object = None) -> None:
        self._finish("")

    def _on_failed(self, error: Exception) -> None:
        self._finish("")
        self._session.report(error)

    def _finish(self, beginning: str) -> None:
        self._is_writing = False
        self._show_writing()
        self.export_button.setEnabled(False)
        self.open_button.show()
        self.summary.setText(beginning + done_sentence(self.model.outcomes()))

    def _show_writing(self) -> None:
        writing = self._is_writing
        self.progress.setVisible(writing)
        self.form.setEnabled(not writing)
        self.export_button.setEnabled(not writing)
        self.close_button.setText("Cancel" if writing else "Close")

    def _open_folder(self) -> None:
        if self._plan is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._plan.choice.folder).expanduser())))

    def _lay_out(self) -> None:
        self.files.setModel(self.model)
        self.files.setAccessibleName("Files that are written")
        self.files.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.files.setShowGrid(False)
        self.files.setWordWrap(False)
        self.files.verticalHeader().hide()
        self.files.verticalHeader().setDefaultSectionSize(self.files.fontMetrics().height() + 8)
        self.files.setTabKeyNavigation(False)
        self.files.horizontalHeader().setSectionResizeMode(FILE, QHeaderView.ResizeMode.Stretch)
        self.files.horizontalHeader().resizeSection(1, 150)
        self.summary.setWordWrap(True)
        self.progress.setAccessibleName("Progress of the export")
        self.progress.hide()
        self.open_button.hide()
        self.open_button.setToolTip("Show the exported files in the file manager.")
        self.export_button.setToolTip("Write the files listed above.")
        self.export_button.setDefault(True)
        splitter = QSplitter()
        splitter.addWidget(self.form)
        splitter.addWidget(self.files)
        splitter.setSizes(_SPLIT)
        buttons = QHBoxLayout()
        buttons.addWidget(help_button(self))
        buttons.addWidget(self.summary, 1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.export_button)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.progress)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.form.changed.connect(self._plan_soon)
        self.export_button.clicked.connect(self.export_now)
        self.close_button.clicked.connect(self.reject)
        self.open_button.clicked.connect(self._open_folder)
