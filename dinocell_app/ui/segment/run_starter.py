"""From the buttons to the queue: under which name, and what becomes of earlier results of that name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.segmentation_plan.compared_jobs import ALL_CELLS, ENDINGS, compared_job, name_of_same
from dinocell_app.segmentation_plan.earlier_results import different_from, different_jobs, earlier_results
from dinocell_app.segmentation_plan.presets import free_name, name_for_run, same_results
from dinocell_app.ui.segment.keep_or_replace import ask_keep_or_replace
from dinocell_app.ui.workers import start

if TYPE_CHECKING:
    from dinocell_app.project.project import Project
    from dinocell_app.project.records import ImageRecord
    from dinocell_app.ui.session import Session

LOOKING = "Looking at the earlier results…"


@dataclass(frozen=True)
class _WantedRun:
    """A run that was asked for and is not yet in the queue."""

    project: Project
    name: str
    settings: SegmentSettings
    image_ids: tuple[int, ...]
    job: SegmentJob


class RunStarter(QObject):
    """Puts runs into the queue, and asks before earlier results would be in the way.

    Parameters
    ----------
    parent : QWidget
        Over which the question is asked.
    """

    said = Signal(str)
    """What is going on; empty when nothing is."""
    queued = Signal(str, int)
    """Under which name, and how many images."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._window = parent

    def run(
        self, settings: SegmentSettings, images: Sequence[ImageRecord], chosen: str, cells: str = ALL_CELLS
    ) -> None:
        """Put a run into the queue, after a question when results of its name were made otherwise.

        Parameters
        ----------
        chosen : str
            The preset in use; may be empty.
        cells : str
            `compared_jobs.ALL_CELLS`, `ONLY_LIKE` or `WITH_TYPE`. Those that are compared with references
            join the results of the same references and settings, or get a set of their own.
        """
        project = self._session.project
        if project is None:
            return
        try:
            wanted = _wanted(project, settings, images, chosen)
            if cells != ALL_CELLS:
                self._enqueue_compared(wanted, cells)
                return
            changed = _changed_preset(wanted)
            earlier = earlier_results(project, wanted.job, wanted.name, wanted.image_ids)
        except UserFacingError as error:
            self._session.report(error)
            return
        if not earlier:
            self._decide(wanted, changed if wanted.name in project.results.set_names() else ())
            return
        self.said.emit(LOOKING)
        start(
            lambda: different_from(wanted.job, earlier),
            lambda found: self._decide(wanted, found or changed),
            self._on_failed,
            owner=self,
        )

    def _decide(self, wanted: _WantedRun, differing: Sequence[str]) -> None:
        self.said.emit("")
        if self._session.project is not wanted.project:
            return
        name, replace = wanted.name, False
        if differing:
            project = wanted.project
            new_name = free_name(name, [*project.presets.names(), *project.results.set_names()])
            answer = ask_keep_or_replace(self._window, name, new_name, differing)
            if answer == "nothing" or self._session.project is not project:
                return
            replace = answer == "replace"
            name = name if replace else new_name
        try:
            self._enqueue(wanted, name, replace=replace)
        except UserFacingError as error:
            self._session.report(error)

    def _enqueue(self, wanted: _WantedRun, name: str, *, replace: bool) -> None:
        presets = wanted.project.presets
        job = wanted.job.model_copy(
            update={"output": wanted.project.results_folder / name, "overwrite": replace}
        )
        if name not in presets.names() or not same_results(presets.get(name), wanted.settings):
            presets.save(name, wanted.settings)
        self._session.queue.enqueue(name, job, list(wanted.image_ids))
        self.queued.emit(name, len(wanted.image_ids))

    def _enqueue_compared(self, wanted: _WantedRun, cells: str) -> None:
        project = wanted.project
        name = f"{wanted.name}, {ENDINGS[cells]}"
        taken = [
            *project.presets.names(),
            *project.results.set_names(),
            *(r.name for r in project.runs.all()),
        ]
        job = compared_job(project, wanted.job, cells)
        same = name_of_same(project, job, name)
        name = same or (free_name(name, taken) if name in taken else name)
        job = job.model_copy(update={"output": project.results_folder / name})
        self._session.queue.enqueue(name, job, list(wanted.image_ids))
        count = "1 image" if len(wanted.image_ids) == 1 else f"{len(wanted.image_ids):,} images"
        self.said.emit(f"{count} queued as “{name}”.")

    def _on_failed(self, error: Exception) -> None:
        self.said.emit("")
        self._session.report(error)


def _wanted(
    project: Project, settings: SegmentSettings, images: Sequence[ImageRecord], chosen: str
) -> _WantedRun:
    from dinocell_app.project.segment_jobs import segment_job

    if not images:
        raise InvalidParameterError("There is no image to segment", remedy="Add images to the project")
    stored = {name: project.presets.get(name) for name in project.presets.names()}
    name = name_for_run(settings, stored, chosen, project.results.set_names())
    ids = tuple(image.id for image in images)
    return _WantedRun(project, name, settings, ids, segment_job(project, ids, settings, name))


def _changed_preset(wanted: _WantedRun) -> tuple[str, ...]:
    """Say what was changed since results of this name were asked for, also of images that have none yet."""
    from dinocell_app.project.segment_jobs import segment_job

    presets = wanted.project.presets
    if wanted.name not in presets.names() or same_results(presets.get(wanted.name), wanted.settings):
        return ()
    before = segment_job(wanted.project, wanted.image_ids[:1], presets.get(wanted.name), wanted.name)
    return different_jobs(before, wanted.job)
