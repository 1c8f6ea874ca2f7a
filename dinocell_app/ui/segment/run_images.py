"""Which images a run takes, and the same as a job for the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.segmentation_plan.presets import same_results, suggested_name
from dinocell_app.ui.segment.run_bar import SELECTED, THIS

if TYPE_CHECKING:
    from dinocell_app.project.records import ImageRecord
    from dinocell_app.ui.session import Session


def images_to_run(session: Session, which: str) -> list[ImageRecord]:
    """List the images that a button takes.

    Parameters
    ----------
    which : str
        `run_bar.THIS`, `SELECTED` or `ALL`.
    """
    if which == THIS:
        return [session.current_image] if session.current_image is not None else []
    if which == SELECTED:
        return list(session.selected_images)
    return session.project.images.all() if session.project is not None else []


def shell_job(session: Session, settings: SegmentSettings, chosen: str) -> SegmentJob:
    """Make the job of a command line: the selected images, else all of the project, as a run takes them.

    Parameters
    ----------
    chosen : str
        The preset in use; may be empty.

    Returns
    -------
    SegmentJob
        Its results go beside the project, which alone writes into its own folder.

    Raises
    ------
    InvalidParameterError
        If there is nothing to segment, or a setting cannot be used.
    """
    from dinocell_app.project.segment_jobs import segment_job

    project = session.project
    if project is None:
        raise InvalidParameterError("No project is open", remedy="Open a project first")
    images = session.selected_images or project.images.all()
    if not images:
        raise InvalidParameterError("The project has no images", remedy="Add images first")
    presets = project.presets
    same = chosen in presets.names() and same_results(presets.get(chosen), settings)
    name = chosen if same else suggested_name(settings)
    job = segment_job(project, [image.id for image in images], settings, name)
    return job.model_copy(update={"output": shell_folder(project.folder) / name})


def shell_folder(project_folder: Path) -> Path:
    """Name the folder for what the shell makes of a project.

    Returns
    -------
    Path
        Beside the project.
    """
    return project_folder.parent / f"{project_folder.stem} results"
