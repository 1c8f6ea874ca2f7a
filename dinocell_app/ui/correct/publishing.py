"""Labels and tables follow what was corrected, also when the program ended before they could."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from dinocell_app.base.errors import UserFacingError
from dinocell_app.editing.edit_history import EditHistory
from dinocell_app.project.corrected_results import CorrectedFiles, Correction, write_corrected
from dinocell_app.project.project import Project
from dinocell_app.project.records import ImageRecord, ResultRecord
from dinocell_app.regions.region import Region
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import start


def correction_of(project: Project, result: ResultRecord, history: EditHistory) -> Correction:
    """Take down what is to be written.

    Parameters
    ----------
    history : EditHistory
        Of the result.

    Returns
    -------
    Correction
        For a worker; strokes that come later do not change it.
    """
    return Correction(
        result=result,
        image=project.images.get(result.image_id),
        image_path=project.images.path(result.image_id),
        project_folder=project.folder,
        labels=history.labels.copy(),
        edited=history.edited_cells,
        regions=project.regions.of_image(result.image_id),
    )


def publish(
    project: Project, result: ResultRecord, journal_size: int, written: CorrectedFiles
) -> ResultRecord:
    """Let the project know what was written.

    Parameters
    ----------
    journal_size : int
        Of the journal that the files say.
    """
    record = project.results.publish(result.id, written.files, written.n_cells, written.n_edited)
    project.edits.note_published(result, journal_size)
    return record


def user_name() -> str:
    """Name who works at this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a computer that does not know
        return "unknown"


class CatchUp(QObject):
    """Writes, when a project is opened, what was corrected and not published."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        session.project_opened.connect(self.look)

    def look(self) -> None:
        """Look for results whose files do not say yet what their journal says."""
        project = self._session.project
        if project is None or project.read_only_reason is not None or project.edits.is_empty():
            return
        self._next(project, [r for r in project.results.finished() if not project.edits.is_published(r)])

    def _next(self, project: Project, late: list[ResultRecord]) -> None:
        if self._session.project is not project or not late:
            return
        result, *others = late
        work = _Late(
            result,
            project.images.get(result.image_id),
            project.images.path(result.image_id),
            project.folder,
            project.edits.folder_of(result),
            project.regions.of_image(result.image_id),
        )
        size = project.edits.journal_size(result)
        take = partial(self._take, project, result, size, others)
        start(work.write, take, partial(self._fail, project, others), owner=self)

    def _take(
        self,
        project: Project,
        result: ResultRecord,
        size: int,
        others: list[ResultRecord],
        written: CorrectedFiles,
    ) -> None:
        if self._session.project is not project:
            return
        # Strokes since then are published by the Correct mode.
        if project.edits.journal_size(result) == size:
            publish(project, result, size, written)
            self._session.results_changed.emit([result.image_id])
        self._next(project, others)

    def _fail(self, project: Project, others: list[ResultRecord], error: Exception) -> None:
        self._session.report(error)
        self._next(project, others)


@dataclass(frozen=True)
class _Late:
    """A result that was corrected and whose files do not say so yet."""

    result: ResultRecord
    image: ImageRecord
    image_path: Path
    project_folder: Path
    history: Path
    regions: tuple[Region, ...]

    def write(self) -> CorrectedFiles:
        history = EditHistory(self.history, _no_labels, who=user_name())
        correction = Correction(
            result=self.result,
            image=self.image,
            image_path=self.image_path,
            project_folder=self.project_folder,
            labels=history.labels,
            edited=history.edited_cells,
            regions=self.regions,
        )
        return write_corrected(correction)


def _no_labels() -> NDArray[np.uint32]:
    raise UserFacingError(
        "The labels that the corrections begin from are missing", remedy="Restore the project from a copy"
    )
