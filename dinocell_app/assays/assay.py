"""An assay: everything that makes a segmentation the same each time, but the images."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dinocell_app.assays.limits import Limit
from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.jobs.job_files import make_job
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import read_manifest

SCHEMA_VERSION: Literal[1] = 1
_PLACES = (
    "inputs",
    "output",
    "roots",
    "image_pixel_sizes_um",
    "image_axes",
    "regions",
    "recursive",
    "overwrite",
)
_PLACES_AND_MACHINES = frozenset({"schema_version", "kind", *_PLACES, "device", "batch_size", "dask"})
"""Fields of a job that belong to a folder of images or a computer, not to an assay."""


class Assay(BaseModel):
    """Settings, model and limits for many runs.

    Parameters
    ----------
    settings : dict
        Fields of a `SegmentJob` without those that name images, folders or devices.
    model_sha256 : str
        Of the weights; another model of the same name is refused.
    columns : tuple of str
        Of the table of cells, in this order; empty for all.
    limits : tuple of Limit
        What images have to keep to.
    read_only : bool
        Whether settings given beside the assay are refused.
    created : str
        ISO 8601 in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = SCHEMA_VERSION
    name: str = Field(min_length=1, max_length=120)
    description: str = ""
    created: str = ""
    application_version: str = ""
    model_id: str = Field(min_length=1)
    model_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    settings: dict[str, Any]
    columns: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    read_only: bool = False

    def job(self, inputs: Sequence[Path], output: Path, more: Mapping[str, Any] | None = None) -> SegmentJob:
        """Make the job that does the assay on images.

        Parameters
        ----------
        inputs : sequence of Path
            Images and folders.
        more : mapping of str to object, optional
            Further fields of the job, which go before those of the assay.

        Raises
        ------
        InvalidParameterError
            If the assay is read-only and a field would change what is found, or a field is wrong.
        ModelError
            If the model is not there, or another one has its name.
        """
        changed = set(more or {}) - _PLACES_AND_MACHINES
        if self.read_only and changed:
            raise InvalidParameterError(
                f"The assay “{self.name}” is read-only and {', '.join(sorted(changed))} would change it",
                remedy="Leave this out, or make another assay",
            )
        require_model(self.model_id, self.model_sha256)
        fields = {**self.settings, "model": self.model_id, **(more or {})}
        job = make_job({**fields, "kind": "segment", "inputs": tuple(inputs), "output": output})
        if not isinstance(job, SegmentJob):
            raise TypeError("an assay makes jobs to segment")
        return job


def assay_of_job(name: str, job: SegmentJob, **about: Any) -> Assay:  # noqa: ANN401 - fields of Assay, checked there
    """Make an assay of a job that was done.

    Parameters
    ----------
    **about
        Further fields of `Assay`, such as limits.

    Raises
    ------
    InvalidParameterError
        If the job compares cells with cells of certain files, which do not travel with the assay.
    ModelError
        If the job's model is not there.
    """
    if job.references or job.not_references:
        raise InvalidParameterError(
            "The job compares cells with cells of other files, and an assay holds no files",
            remedy="Save the references as types in the window, or as a library with “references make”",
        )
    manifest = read_manifest(find_model(job.model))
    settings = job.model_dump(mode="json", exclude=set(_PLACES_AND_MACHINES) | {"model"})
    return Assay(
        name=re.sub(r"\s+", " ", name).strip(),
        model_id=manifest.id,
        model_sha256=manifest.sha256,
        settings=settings,  # all of them: later defaults must not change what it means
        **about,
    )


def require_model(model_id: str, sha256: str) -> None:
    """Check that the very model of an assay is installed.

    Raises
    ------
    ModelError
        If it is not.
    """
    manifest = read_manifest(find_model(model_id))
    if manifest.sha256 != sha256:
        raise ModelError(
            f"The assay was made with another model named {model_id} (its weights are {sha256[:12]}, and "
            f"{manifest.sha256[:12]} are installed)",
            remedy="Import the model of the assay, or make the assay anew with the model that is installed",
        )
