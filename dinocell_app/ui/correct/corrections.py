"""The corrections of the result that is shown: opened, done, undone, written down and published."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from dinocell_app.base.errors import UserFacingError
from dinocell_app.display.live_labels import follow, live_labels
from dinocell_app.display.loading import LoadedLabels
from dinocell_app.editing.deltas import Delta
from dinocell_app.editing.edit_history import EditHistory, Version
from dinocell_app.project.corrected_results import CorrectedFiles, Correction, write_corrected
from dinocell_app.project.edits import open_history
from dinocell_app.project.image_planes import address_in
from dinocell_app.project.project import Project
from dinocell_app.project.records import NewResult, ResultRecord
from dinocell_app.ui.correct.publishing import correction_of, publish, user_name
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.viewer_panel import ViewerPanel
from dinocell_app.ui.workers import start

PUBLISH_MS = 1500
"""Rest after a stroke before files are written."""

LARGEST_LIVE_PX = 1 << 24
"""Of larger images the table takes long: it is written when a person has finished."""

DRAWN_SET = "Drawn"
"""Results of images in which nothing was found: everything is drawn."""

READ_ONLY = "This project is open for reading only, so its cells cannot be corrected."
NO_IMAGE = "Choose an image to correct its cells."
GONE = "The masks of this result are gone. Segment the image again."
OPENING = "Opening the cells …"
SAVING, SAVED = "Saving …", "✓ Saved"


class Corrections(QObject):
    """What is done to the cells of the shown result; nothing is ever lost or asked about."""

    changed = Signal()
    """Something was done or undone, or another result is corrected."""
    said = Signal(str)
    """Why something cannot be done, or what goes on."""
    saved_changed = Signal(str)

    def __init__(self, session: Session, panel: ViewerPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._panel = session, panel
        self._result: ResultRecord | None = None
        self._project: Project | None = None
        self._live: LoadedLabels | None = None
        self._asked = 0
        self._unpublished = False
        self._publishing = False
        self._to_write: list[tuple[Project, Correction, int]] = []
        self.history: EditHistory | None = None
        self._timer = QTimer(self, singleShot=True, interval=PUBLISH_MS)
        self._timer.timeout.connect(self.publish)

    @property
    def result(self) -> ResultRecord | None:
        """The result that is corrected."""
        return self._result

    def open_shown(self) -> None:
        """Correct what the viewer shows; what was corrected before is written first."""
        project, result = self._session.project, self._session.current_result
        if self._result is not None and self._result.id == (result.id if result is not None else 0):
            return
        self.close()
        image = self._session.current_image
        if project is None or image is None or self._panel.viewer.image is None:
            self.said.emit(NO_IMAGE)
            return
        if project.read_only_reason is not None:
            self.said.emit(READ_ONLY)
            return
        if result is None or result.status != "finished":
            # It is recorded with the first stroke: an image that is only looked at has no result.
            plane = address_in(image, self._session.t, self._session.z)
            result = ResultRecord(0, image.id, None, DRAWN_SET, plane, "finished", 0, 0.0, "", (), "")
        labels = project.results.model_labels_path(result)
        folder = project.edits.folder_of(result)
        if labels is None and result.n_cells and not project.edits.has_history(result):
            self.said.emit(GONE)
            return
        self._asked += 1
        self.said.emit(OPENING)
        shape = self._panel.viewer.image.shape
        work = partial(_opened, folder, labels, shape)
        start(work, partial(self._take, self._asked, project, result), self._fail, owner=self)

    def close(self) -> None:
        """Stop correcting; what was done is published, now or when the project is opened again."""
        self._asked += 1
        if self.history is None:
            return
        self._timer.stop()
        if self._unpublished:
            self._take_down()
        history, self.history = self.history, None
        self._result = self._live = self._project = None
        start(history.close, lambda _: None, self._session.report, owner=self)
        if not self._publishing:  # else the files still say what was before
            self._panel.let_labels_go()
        self.changed.emit()

    def apply(self, tool: str, *deltas: Delta | None) -> bool:
        """Do an edit.

        Parameters
        ----------
        tool : str
            In words.
        *deltas : Delta or None
            Parts of it.

        Returns
        -------
        bool
            Whether anything changed.
        """
        done = tuple(delta for delta in deltas if delta is not None)
        if self.history is None or not done:
            return False
        try:
            self.history.apply(tool, *done)
        except UserFacingError as error:
            self._session.report(error)
            return False
        self._record_drawn()
        self._after(done)
        return True

    def _record_drawn(self) -> None:
        project, result, live = self._project, self._result, self._live
        if project is None or result is None or live is None or result.id:
            return
        self._result = project.results.record(NewResult(result.image_id, result.name, plane=result.plane))
        self._panel.hold_labels(self._result.id, live)
        self._session.set_current_result(self._result.id)

    def undo(self) -> None:
        """Undo the last edit."""
        self._step(EditHistory.undo)

    def redo(self) -> None:
        """Do again what was undone."""
        self._step(EditHistory.redo)

    def go_to(self, version: Version) -> None:
        """Make the cells those of a version."""
        self._step(lambda history: history.go_to(version))

    def name_version(self, name: str) -> None:
        """Give the cells as they are a name."""
        if self.history is not None:
            try:
                self.history.name_version(name)
            except UserFacingError as error:
                self._session.report(error)
            self.changed.emit()

    def publish(self) -> None:
        """Write labels, table and the other files, on a worker."""
        if self._publishing:
            self._timer.start()
        else:
            self._take_down()

    def _take_down(self) -> None:
        history, result, project = self.history, self._result, self._project
        if history is None or result is None or project is None:
            return
        self._unpublished = False
        # A run may have made a newer result meanwhile.
        result = self._result = project.results.get(result.id)
        correction = correction_of(project, result, history)
        self._to_write.append((project, correction, project.edits.journal_size(result)))
        self._write_next()

    def _write_next(self) -> None:
        """One after the other: what is newer must come last."""
        # Of a project that was closed meanwhile, the rest is written when it is opened again.
        self._to_write = [work for work in self._to_write if work[0] is self._session.project]
        if self._publishing or not self._to_write:
            return
        project, correction, size = self._to_write.pop(0)
        self._publishing = True
        self.saved_changed.emit(SAVING)
        start(
            partial(write_corrected, correction),
            partial(self._published, project, correction.result, size),
            self._not_published,
            owner=self,
        )

    def _published(self, project: Project, result: ResultRecord, size: int, written: CorrectedFiles) -> None:
        self._publishing = False
        if self._session.project is project:
            record = publish(project, result, size, written)
            if self._result is not None and self._result.id == record.id:
                self._result = record
            current = self._session.current_result
            if current is not None and current.id == record.id:
                self._session.current_result = record
                self._session.current_result_changed.emit()
            self._session.results_changed.emit([record.image_id])
            if not self._unpublished:
                self.saved_changed.emit(SAVED)
        self._after_writing()

    def _not_published(self, error: Exception) -> None:
        self._publishing = False
        self.saved_changed.emit("⚠ The table could not be written; your corrections are kept")
        self._session.report(error)
        self._after_writing()

    def _after_writing(self) -> None:
        self._write_next()
        if self.history is None and not self._publishing:
            self._panel.let_labels_go()

    def _take(
        self, asked: int, project: Project, result: ResultRecord, opened: tuple[EditHistory, LoadedLabels]
    ) -> None:
        history, live = opened
        if asked != self._asked or self._session.project is not project:
            return
        self.history, self._result, self._project, self._live = history, result, project, live
        self._panel.hold_labels(result.id, live)
        self.said.emit(history.problem)
        self.saved_changed.emit("")
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self.said.emit("")
        self._session.report(error)

    def _step(self, step: object) -> None:
        if self.history is None or not callable(step):
            return
        try:
            done: Sequence[Delta] = step(self.history)
        except UserFacingError as error:
            self._session.report(error)
            return
        self._after(done)

    def _after(self, done: Sequence[Delta]) -> None:
        history, live, result = self.history, self._live, self._result
        if history is None or live is None or result is None or not done:
            return
        if not all(follow(live, history.canvas, delta) for delta in done):
            self._live = live_labels(history.canvas, history.next_label)
            self._panel.hold_labels(result.id, self._live)
        for delta in done:
            self._panel.viewer.redraw_labels(delta.top, delta.left, *delta.before.shape)
        if self._session.selected_cell and not history.canvas.area(self._session.selected_cell):
            self._session.select_cell(0)
        self._unpublished = True
        self.saved_changed.emit("")
        if history.labels.size <= LARGEST_LIVE_PX:
            self._timer.start()
        self.changed.emit()


def _opened(folder: Path, labels: Path | None, shape: tuple[int, int]) -> tuple[EditHistory, LoadedLabels]:
    who = user_name()
    if labels is None:
        history = EditHistory(folder, lambda: np.zeros(shape, np.uint32), who=who)
    else:
        history = open_history(folder, labels, who)
    if history.labels.shape != tuple(shape):
        found = history.labels.shape
        raise UserFacingError(
            f"The masks are {found[1]} x {found[0]} pixels and the image is {shape[1]} x {shape[0]}",
            path=labels or folder,
            remedy="Segment the image again before you correct it",
        )
    return history, live_labels(history.canvas, history.next_label)
