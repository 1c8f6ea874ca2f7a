"""The Import dialog: which label file belongs to which image, and under which name the results are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project.label_import import LabelMatch, match_labels
from dinocell_app.project.label_results import plan_imports
from dinocell_app.reexport.label_importing import LabelsImported, import_all
from dinocell_app.segmentation_plan.presets import checked_name
from dinocell_app.ui.export.label_match_model import LabelMatchModel
from dinocell_app.ui.help_here import help_button
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.workers import start, start_generator

if TYPE_CHECKING:
    from dinocell_app.project.project import Project
    from dinocell_app.ui.session import Session
    from dinocell_app.ui.workers import Task

_SIZE = (860, 520)
_HINT = (
    "Choose masks made by Cellpose, StarDist, ImageJ or another program. Files are matched to images by "
    "their names, such as cells_cp_masks.tif for cells.tif."
)


class ImportLabelsDialog(QDialog):
    """Takes label images made elsewhere into the open project and measures them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import label images")
        self.resize(*_SIZE)
        self._session = session
        self._task: Task | None = None
        self._is_importing = False
        self._n_wanted = 0
        self.model = LabelMatchModel(self)
        self.table = QTableView()
        self.choose_files = QPushButton("Choose files…")
        self.choose_folder = QPushButton("Choose folder…")
        self.name = QLineEdit(_free_name(session.project))
        self.summary = plain_label(_HINT)
        self.progress = QProgressBar()
        self.import_button = QPushButton("Import and measure")
        self.close_button = QPushButton("Close")
        self._lay_out()
        self.choose_files.clicked.connect(self._on_choose_files)
        self.choose_folder.clicked.connect(self._on_choose_folder)
        self.import_button.clicked.connect(self.import_now)
        self.close_button.clicked.connect(self.reject)

    def look_at(self, inputs: Sequence[Path]) -> None:
        """Match label files to the images of the project.

        Parameters
        ----------
        inputs : sequence of Path
            Files and folders.
        """
        project = self._session.project
        if project is None:
            return
        images = list(project.images.paths().items())
        self.summary.setText("Looking for label images…")
        start(lambda: match_labels(images, inputs), self._show_matches, self._show_problem, owner=self)

    def import_now(self) -> None:
        """Import the files that belong to an image."""
        project = self._session.project
        if project is None or self._is_importing:
            return
        try:
            name = checked_name(self.name.text(), project.results.set_names())
            given = plan_imports(project, self.model.matches(), name)
        except UserFacingError as error:
            self._show_problem(error)
            return
        self._n_wanted = len(given)
        self.name.setText(name)
        self.progress.setRange(0, len(given))
        self.progress.setValue(0)
        self._is_importing = True
        self._show_importing()
        self._task = start_generator(
            lambda: import_all(given), self._note, self._on_done, self._on_failed, owner=self
        )

    def reject(self) -> None:
        """Cancel the import, or close the dialog when nothing is being imported."""
        if not self._is_importing:
            super().reject()
            return
        if self._task is not None:
            self._task.cancel()
        self._finish()

    def _show_matches(self, matches: Sequence[LabelMatch]) -> None:
        project = self._session.project
        names = {image.id: image.relative_path for image in project.images.all()} if project else {}
        self.model.show_matches(matches, names)
        self._refresh_summary()

    def _refresh_summary(self) -> None:
        n_good = sum(match.image_id is not None for match in self.model.matches())
        total = self.model.rowCount()
        files = "1 label image belongs" if n_good == 1 else f"{n_good:,} label images belong"
        rest = f" {total - n_good:,} cannot be imported: the list says why." if total > n_good else ""
        self.summary.setText(f"{files} to images of the project.{rest}" if total else "No label image found.")
        project = self._session.project
        writable = project is not None and project.read_only_reason is None
        self.import_button.setEnabled(n_good > 0 and writable)
        if project is not None and project.read_only_reason is not None:
            self.summary.setText(project.read_only_reason)

    def _note(self, imported: Sequence[LabelsImported]) -> None:
        project = self._session.project
        if project is None:
            return
        results = [one.result for one in imported if one.result is not None]
        for result in results:
            project.results.record(result)
        self.model.note(imported)
        self.progress.setValue(self.progress.value() + len(imported))
        if results:
            self._session.results_changed.emit([result.image_id for result in results])

    def _on_done(self, _result: object = None) -> None:
        self._finish()

    def _on_failed(self, error: Exception) -> None:
        self._finish()
        self._session.report(error)

    def _finish(self) -> None:
        self._is_importing = False
        self._show_importing()
        self.import_button.setEnabled(False)
        n_done = self.model.n_imported()
        sentence = (
            f"{n_done:,} of {self._n_wanted:,} label images are now results named “{self.name.text()}”."
        )
        self.summary.setText(sentence)

    def _show_problem(self, error: Exception) -> None:
        self.summary.setText(str(error))

    def _show_importing(self) -> None:
        importing = self._is_importing
        self.progress.setVisible(importing)
        for widget in (self.choose_files, self.choose_folder, self.name, self.import_button):
            widget.setEnabled(not importing)
        self.close_button.setText("Cancel" if importing else "Close")

    def _on_choose_files(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(
            self,
            "Label images",
            "",
            "Label images (*.tif *.tiff *.btf *.png *.bmp *.npy *.zip);;All files (*)",
        )
        if files:
            self.look_at([Path(file) for file in files])

    def _on_choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder with label images")
        if folder:
            self.look_at([Path(folder)])

    def _lay_out(self) -> None:
        self.table.setModel(self.model)
        self.table.setAccessibleName("Label images")
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.table.fontMetrics().height() + 8)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        header.resizeSection(0, 260)
        header.resizeSection(1, 220)
        self.choose_files.setToolTip("Choose label images one by one.")
        self.choose_folder.setToolTip("Look for label images in a folder and the folders inside it.")
        self.name.setAccessibleName("Name of the results")
        self.name.setToolTip("The results are kept under this name, beside those of your runs.")
        self.import_button.setToolTip("Make these label images results of the project and measure the cells.")
        self.import_button.setEnabled(False)
        self.summary.setWordWrap(True)
        self.progress.setAccessibleName("Progress of the import")
        self.progress.hide()
        top = QHBoxLayout()
        top.addWidget(self.choose_files)
        top.addWidget(self.choose_folder)
        top.addStretch(1)
        form = QFormLayout()
        form.addRow("Name of the results", self.name)
        buttons = QHBoxLayout()
        buttons.addWidget(help_button(self))
        buttons.addWidget(self.summary, 1)
        buttons.addWidget(self.import_button)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addLayout(form)
        layout.addWidget(self.progress)
        layout.addLayout(buttons)


def _free_name(project: Project | None) -> str:
    taken = {name.casefold() for name in project.results.set_names()} if project is not None else set()
    name, number = "imported", 2
    while name in taken:
        name, number = f"imported {number}", number + 1
    return name
