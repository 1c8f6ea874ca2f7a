"""Jobs of runs whose images or project lie elsewhere by now: done again, they use the places of today."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.job_files import read_job, write_job
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.project.project import Project
from dinocell_app.project.segment_jobs import REGIONS_NAME, region_file
from dinocell_app.regions.region_files import read_regions


def segment_job_of(folder: Path) -> SegmentJob:
    """Read the job of a run.

    Parameters
    ----------
    folder : Path
        Of the run.

    Raises
    ------
    InvalidParameterError
        If the run is something else than a segmentation.
    UnreadableFileError
        If the job cannot be read.
    """
    job = read_job(folder / "job.json")
    if not isinstance(job, SegmentJob):
        raise InvalidParameterError("is no segmentation", path=folder, remedy="Choose another run")
    return job


def job_of_today(project: Project, run_id: int) -> SegmentJob:
    """Give the job of a run with images, roots and output where they are now.

    Returns
    -------
    SegmentJob
        As it was written when nothing has moved.

    Raises
    ------
    UserFacingError
        If the job or the regions cannot be read.
    """
    run = project.runs.get(run_id)
    job = segment_job_of(run.folder)
    places = project.images.paths()
    now = {
        path: places[image_id]
        for path, image_id in project.runs.image_paths(run_id).items()
        if image_id in places
    }
    return job.model_copy(
        update={
            "inputs": tuple(now.get(str(path), path) for path in job.inputs),
            "roots": tuple(root.path for root in project.roots.all()) if job.roots else (),
            "image_pixel_sizes_um": {
                str(now.get(path, path)): size for path, size in job.image_pixel_sizes_um.items()
            },
            "image_axes": {str(now.get(path, path)): axes for path, axes in job.image_axes.items()},
            "output": project.runs.output(run_id),
            "regions": _regions_of_today(project, job.regions, now),
        }
    )


def _regions_of_today(project: Project, before: Path | None, now: Mapping[str, Path]) -> Path | None:
    """Give the regions that a run was made with to the images where they are now."""
    if before is None or (before.exists() and all(old == str(path) for old, path in now.items())):
        return before
    kept = project.folder / REGIONS_NAME / before.name  # a project that moved took it along
    found = read_regions(kept if kept.exists() else before)
    return region_file(project, {str(now.get(image, image)): some for image, some in found.items()})


def bring_up_to_date(project: Project, run_id: int) -> None:
    """Rewrite the job of a run that is to go on, if anything it names has moved.

    Parameters
    ----------
    run_id : int
        A run that no process is at, or nothing is done.

    Raises
    ------
    UserFacingError
        If the job cannot be read or written.
    """
    run = project.runs.get(run_id)
    folder = RunFolder(run.folder)
    if run.is_training or folder.is_executing():
        return
    job = job_of_today(project, run_id)
    if job != segment_job_of(run.folder):
        write_job(folder.job_path, job)
        project.runs.set_image_paths(run_id, job.inputs)
