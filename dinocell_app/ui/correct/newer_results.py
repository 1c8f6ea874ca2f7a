"""What becomes of corrected cells when the model has made a newer result: asked once, for all images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from dinocell_app.base.errors import UserFacingError
from dinocell_app.editing.edit_history import EditHistory
from dinocell_app.editing.newer_result import take_newer
from dinocell_app.project.corrected_results import CorrectedFiles, write_corrected
from dinocell_app.project.project import Project
from dinocell_app.project.records import ResultRecord
from dinocell_app.ui.correct.publishing import correction_of, publish, user_name
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import start

Choice = Literal["around", "whole", "keep"]

NONE_NEWER = "No corrected image has a newer result."
NOTE = "{images} newer results. Correct ▸ Newer results … says what becomes of the corrected cells."


class NewerResults(QObject):
    """Asks, and does what is answered, one image after the other.

    Parameters
    ----------
    parent : QWidget
        Over which the question stands.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._window = session, parent
        session.queue.run_finished.connect(self._on_run_finished)

    def ask(self) -> None:
        """Ask what becomes of corrected cells."""
        project = self._session.project
        late = project.results.with_newer() if project is not None else []
        if project is None or not late:
            self._session.noted.emit(NONE_NEWER)
            return
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Newer results")
        box.setText(f"{_images(len(late))} newer results of the model.")
        box.setInformativeText(
            "Corrected and drawn cells can stay while the newer result takes the place of all others; "
            "deleted cells stay deleted. Undo and Versions bring the corrected cells back in any case."
        )
        role = QMessageBox.ButtonRole
        around = box.addButton("Keep corrected cells, renew the others", role.AcceptRole)
        whole = box.addButton("Take the newer results whole", role.DestructiveRole)
        box.addButton("Leave as they are", role.RejectRole)
        box.setDefaultButton(around)
        box.exec()
        choice: Choice = "keep"
        if box.clickedButton() is around:
            choice = "around"
        elif box.clickedButton() is whole:
            choice = "whole"
        self.settle(late, choice)

    def settle(self, late: Sequence[ResultRecord], choice: Choice) -> None:
        """Do what was chosen.

        Parameters
        ----------
        choice : {"around", "whole", "keep"}
        """
        project = self._session.project
        if project is None or not late:
            return
        result, *others = late
        if choice == "keep":
            project.results.take_newer(result.id)
            self.settle(others, choice)
            return
        labels = project.results.model_labels_path(result)
        if labels is None:
            self._fail(others, choice, UserFacingError("The newer masks are gone", remedy="Run it again"))
            return
        work = partial(_taken, project.edits.folder_of(result), labels, whole=choice == "whole")
        take = partial(self._write, project, result, others, choice)
        start(work, take, partial(self._fail, others, choice), owner=self)

    def _write(
        self,
        project: Project,
        result: ResultRecord,
        others: list[ResultRecord],
        choice: Choice,
        history: EditHistory,
    ) -> None:
        if self._session.project is not project:
            return
        # From here on the newer files of the model say how the labels were made.
        correction = correction_of(project, replace(result, has_newer=False), history)
        size = project.edits.journal_size(result)
        take = partial(self._publish, project, result, size, others, choice)
        start(partial(write_corrected, correction), take, partial(self._fail, others, choice), owner=self)

    def _publish(
        self,
        project: Project,
        result: ResultRecord,
        size: int,
        others: list[ResultRecord],
        choice: Choice,
        written: CorrectedFiles,
    ) -> None:
        if self._session.project is not project:
            return
        publish(project, result, size, written)
        record = project.results.take_newer(result.id)
        current = self._session.current_result
        if current is not None and current.id == record.id:
            self._session.current_result = record
            self._session.current_result_changed.emit()
        self._session.results_changed.emit([record.image_id])
        self.settle(others, choice)

    def _fail(self, others: list[ResultRecord], choice: Choice, error: Exception) -> None:
        self._session.report(error)
        self.settle(others, choice)

    def _on_run_finished(self, _run_id: int) -> None:
        project = self._session.project
        late = project.results.with_newer() if project is not None else []
        if late:
            self._session.noted.emit(NOTE.format(images=_images(len(late))))


def _taken(folder: Path, labels: Path, *, whole: bool) -> EditHistory:
    from dinocell_app.editing.deltas import deltas_between
    from dinocell_app.export.label_files import read_labels

    newer = read_labels(labels)
    history = EditHistory(folder, lambda: newer, who=user_name())
    if newer.shape != history.labels.shape:
        raise UserFacingError(
            "The newer masks have another size than the corrected ones",
            path=labels,
            remedy="Look at the image; what was corrected stays as it is",
        )
    if whole:
        fresh = np.where(newer > 0, newer.astype(np.uint32) + np.uint32(history.next_label - 1), 0)
        history.apply("newer result, whole", *deltas_between(history.labels, fresh), by_hand=False)
    else:
        take_newer(history, newer)
    history.close()
    return history


def _images(count: int) -> str:
    return "One corrected image has" if count == 1 else f"{count:,} corrected images have"
