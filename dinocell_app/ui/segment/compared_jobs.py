"""Jobs that compare cells with the references of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dinocell_app.errors import InvalidParameterError
from dinocell_app.jobs import SegmentJob
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import read_manifest
from dinocell_app.reference_library import require_model

if TYPE_CHECKING:
    from dinocell_app.project.project import Project

ALL_CELLS, ONLY_LIKE, WITH_TYPE = "all", "only like", "with type"

ENDINGS = {ONLY_LIKE: "only like the references", WITH_TYPE: "with type and score"}
"""What the name of a set of results says about them."""


def compared_job(project: Project, job: SegmentJob, cells: str) -> SegmentJob:
    """Let a job compare cells with the references of a project, which travel in it.

    Parameters
    ----------
    project : Project
    job : SegmentJob
    cells : str
        `ALL_CELLS`, `ONLY_LIKE` or `WITH_TYPE`.

    Returns
    -------
    SegmentJob

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
    least = project.references.least_score() if cells == ONLY_LIKE else None
    return job.model_copy(update={"kept_references": kept, "min_score": least})
