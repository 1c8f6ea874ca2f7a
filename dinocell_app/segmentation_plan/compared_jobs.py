"""Jobs that compare cells with the references of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.jobs.job_files import read_job
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.run_folder import JOB_NAME
from dinocell_app.jobs.setting import Record, declared
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import read_manifest
from dinocell_app.references.library import require_model

if TYPE_CHECKING:
    from dinocell_app.project.project import Project

ALL_CELLS, ONLY_LIKE, WITH_TYPE = "all", "only like", "with type"

ENDINGS = {ONLY_LIKE: "only like the references", WITH_TYPE: "with type and score"}
"""What the name of a set of results says about them."""

_OF_ONE_RUN = {"kept_references", "image_pixel_sizes_um", "image_axes"} | {
    name for name, each in declared(SegmentJob).items() if each.setting.record is Record.NO_EFFECT
}
"""Settings that do not decide what results are, or that each image has of its own."""


def compared_job(project: Project, job: SegmentJob, cells: str) -> SegmentJob:
    """Let a job compare cells with the references of a project, which travel in it.

    Parameters
    ----------
    cells : str
        `ALL_CELLS`, `ONLY_LIKE` or `WITH_TYPE`.

    Raises
    ------
    UserFacingError
        If there are no references, or they were described with another model.
    """
    if cells == ALL_CELLS:
        return job
    from dinocell_app.project.references import kept_references

    kept = kept_references(project.references.all())
    if kept is None:
        raise InvalidParameterError(
            "There is no reference cell to compare with",
            remedy="Point at one in the Reference cells dock, or choose all cells",
        )
    manifest = read_manifest(find_model(job.model))
    require_model(kept, manifest.id, manifest.sha256, None)
    least = project.references.least_score()
    chosen = {"min_score": least} if cells == ONLY_LIKE else {"type_score": least}
    return job.model_copy(update={"kept_references": kept, **chosen})


def name_of_same(project: Project, job: SegmentJob, begins: str) -> str:
    """Find the set of results that a job can join, because its cells are compared in the same way.

    Parameters
    ----------
    job : SegmentJob
        As `compared_job` gives it.
    begins : str
        How the name of the set begins.

    Returns
    -------
    str
        Of the newest such set; empty when there is none.
    """
    wanted = _what_is_done(job)
    for run in reversed(project.runs.all()):
        if not run.name.startswith(begins):
            continue
        try:
            before = read_job(run.folder / JOB_NAME)
        except (UserFacingError, OSError):
            continue
        if isinstance(before, SegmentJob) and _what_is_done(before) == wanted:
            return run.name
    return ""


def _what_is_done(job: SegmentJob) -> dict[str, Any]:
    """Say what happens to every image, whatever the order of the references."""
    done = job.model_dump(exclude=_OF_ONE_RUN)
    types = job.kept_references.types if job.kept_references is not None else ()
    done["kept_references"] = {
        each.name: tuple(
            frozenset(cell.description for cell in cells) for cells in (each.positives, each.negatives)
        )
        for each in types
    }
    return done
