"""Jobs for images of a project, from what a person chose in the window."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export.names import SUFFIXES
from dinocell_app.jobs.job_files import make_job
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.project.project import Project
from dinocell_app.regions.region import Region
from dinocell_app.regions.region_files import write_regions

REGIONS_NAME = "regions"
"""Folder of the regions that runs were given, in that of the project."""

_SET_BY_A_PERSON = ("image", "folder", "project")


def segment_job(
    project: Project, image_ids: Sequence[int], settings: SegmentSettings, set_name: str
) -> SegmentJob:
    """Make the job that segments images of a project.

    Parameters
    ----------
    set_name : str
        The set of results; also its folder below the results of the project.

    Returns
    -------
    SegmentJob
        Its inputs are in the order of `image_ids`. It always writes labels and a table, because the
        window shows both.

    Raises
    ------
    InvalidParameterError
        If there is no image, or a setting or the name cannot be used.
    """
    if not image_ids:
        raise InvalidParameterError("There is no image to segment", remedy="Choose at least one image")
    check_set_name(set_name)
    known = {image.id: image for image in project.images.all()}
    images = [known[image_id] for image_id in image_ids]
    paths = project.images.paths()
    fields = settings.model_dump() | {
        "kind": "segment",
        "inputs": [paths[image.id] for image in images],
        "output": project.results_folder / set_name,
        "roots": [root.path for root in project.roots.all()],
        "image_pixel_sizes_um": {
            str(paths[image.id]): image.pixel_size_um
            for image in images
            if image.pixel_size_source in _SET_BY_A_PERSON
        },
        "image_axes": {str(paths[image.id]): image.axes for image in images if image.axes},
        "formats": shown_formats(settings.formats),
        "regions": _regions_of(project, {image.id: paths[image.id] for image in images}),
    }
    job = make_job(fields)
    assert isinstance(job, SegmentJob)  # by its kind
    return job


def _regions_of(project: Project, paths: Mapping[int, Path]) -> Path | None:
    regions = {str(paths[number]): some for number, some in project.regions.all().items() if number in paths}
    return region_file(project, regions) if regions else None


def region_file(project: Project, regions: Mapping[str, Sequence[Region]]) -> Path | None:
    """Write regions for a run, under a name that says what is in it.

    Parameters
    ----------
    regions : mapping of str to sequence of Region
        By the path of the image.

    Returns
    -------
    Path or None
        None where there is no such file and the project may not be changed.

    Raises
    ------
    UserFacingError
        If it cannot be written.
    """
    text = json.dumps(
        {image: [asdict(each) for each in some] for image, some in regions.items()}, sort_keys=True
    )
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    path = project.folder / REGIONS_NAME / f"{name}.geojson"
    if not path.exists() and project.read_only_reason is None:
        write_regions(path, regions)
    return path if path.exists() else None


def check_set_name(name: str) -> None:
    """Check that a set of results can have a name.

    Raises
    ------
    InvalidParameterError
        If no folder can be called so everywhere.
    """
    if not name.strip() or name.strip(" .") != name or any(letter in name for letter in '<>:"/\\|?*\n\t'):
        raise InvalidParameterError(
            f"'{name}' cannot be the name of a set of results",
            remedy='Leave out < > : " / \\ | ? * and spaces or dots at either end',
        )


def shown_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """Add what the window needs to show results: labels and a table."""
    if "all" in formats:
        return tuple(name for name in SUFFIXES if name != "sidecar")
    wanted = tuple(dict.fromkeys(("labels", *formats)))
    return wanted if {"csv", "parquet"} & set(wanted) else (*wanted, "csv")
