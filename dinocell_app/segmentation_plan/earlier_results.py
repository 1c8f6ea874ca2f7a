"""What results of a name were made with, compared with what a new run under that name would be made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.lengths import plain_number
from dinocell_app.export.names import SUFFIXES
from dinocell_app.export.provenance import Provenance, read_sidecar
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.setting import declared, recorded, spelled
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import read_manifest
from dinocell_app.regions.region import checksum

if TYPE_CHECKING:
    from dinocell_app.project.project import Project

_SIZES = ("diameter", "min_size")


@dataclass(frozen=True)
class EarlierResult:
    """A result that a run would go to the place of.

    Parameters
    ----------
    sidecar : Path
        The record beside it.
    pixel_size_um : float or None
        What the person has set for its image by now; None when nothing is set.
    axes : str
        What its stored axes are by now; "" where the file is believed.
    regions : str
        Checksum of the regions of interest that its image has by now; "" without.
    """

    sidecar: Path
    pixel_size_um: float | None
    axes: str = ""
    regions: str = ""


def earlier_results(
    project: Project, job: SegmentJob, name: str, image_ids: Sequence[int]
) -> list[EarlierResult]:
    """List the results of images under a name; reads the project only.

    Parameters
    ----------
    job : SegmentJob
        The new run.
    name : str
        Of the results.
    image_ids : sequence of int
        In the order of the job's inputs.
    """
    paths = dict(zip(image_ids, job.inputs, strict=True))
    regions = project.regions.all()
    found = {}
    for result in project.results.in_set(name):
        sidecar = _sidecar(result.files)
        if result.image_id in paths and sidecar:
            path = str(paths[result.image_id])
            size = job.image_pixel_sizes_um.get(path, job.pixel_size_um)
            axes = job.image_axes.get(path, job.axes)
            own = regions.get(result.image_id, ())
            found[sidecar] = EarlierResult(project.folder / sidecar, size, axes, checksum(own) if own else "")
    return list(found.values())


def different_from(job: SegmentJob, earlier: Sequence[EarlierResult]) -> tuple[str, ...]:
    """Say in what results differ from those a job would make; reads files, so it is for a worker thread.

    Returns
    -------
    tuple of str
        Of the first result that differs; empty when all are as the job would make them.
    """
    if not earlier:
        return ()
    manifest = read_manifest(find_model(job.model))
    for result in earlier:
        try:
            record = read_sidecar(result.sidecar, Provenance)
        except UserFacingError:
            continue
        if not record.model_id:
            return ("they are labels that were imported",)
        model = manifest.id
        if record.model_id == manifest.id and record.model_sha256 != manifest.sha256:
            model = f"a newer version of {manifest.id}"
        given = _given_size(record)
        before = {
            "model": record.model_id,
            "pixel_size_um": given,
            **record.image_selection,
            **record.parameters,
        }
        chosen = _choices(job, manifest.input_colour)
        now = chosen | {"model": model, "pixel_size_um": result.pixel_size_um}
        if result.axes:
            now["axes"] = result.axes
        if result.regions:
            now["regions"] = result.regions
        if found := differences(before, now):
            return found
    return ()


def different_jobs(before: SegmentJob, now: SegmentJob) -> tuple[str, ...]:
    """Say in what the results of two jobs differ."""
    return differences(_asked(before), _asked(now))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in what two ways to make results differ.

    Parameters
    ----------
    before, now : mapping
        Values by name.

    Returns
    -------
    tuple of str
        As in "cell probability: 0.5, now 0.3".
    """
    return tuple(
        _of_regions(before, now)
        if name == "regions"
        else f"{spelled(SegmentJob, name)}: {_text(name, before.get(name))}, now {_text(name, now.get(name))}"
        for name in {**now, **before}
        if before.get(name) != now.get(name)
    )


def _of_regions(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if before.get("regions") and now.get("regions"):
        return "regions of interest: others, now those drawn since"
    return f"regions of interest: {'drawn, now none' if before.get('regions') else 'none, now drawn'}"


def _choices(job: SegmentJob, input_colour: str) -> dict[str, Any]:
    channel, plane = ChannelChoice.parse(job.channel).shown_to(input_colour), PlaneChoice.parse(job.plane)
    return {"channel": str(channel), "plane": str(plane), **recorded(job)}


def _asked(job: SegmentJob) -> dict[str, Any]:
    """Write the choices of a job with its model as it is named; without one, colours are taken to be seen."""
    try:
        input_colour: str = read_manifest(find_model(job.model)).input_colour
    except UserFacingError:
        input_colour = "rgb"
    return _choices(job, input_colour) | {"model": job.model}


def _given_size(record: Provenance) -> float | None:
    return record.pixel_size_um if record.pixel_size_source == "given" else None


def _sidecar(files: Sequence[str]) -> str:
    """Name the record beside the labels of a result; empty when it has none."""
    labels = SUFFIXES["labels"]
    return next((f.removesuffix(labels) + SUFFIXES["sidecar"] for f in files if f.endswith(labels)), "")


def _text(name: str, value: object) -> str:
    match value:
        case None:
            known = declared(SegmentJob).get(name)
            return (known.setting.automatic if known is not None else "") or "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return plain_number(value) + (" µm" if name == "pixel_size_um" else "")
    text = str(value)
    return text.replace("um2", " µm²").replace("um", " µm") if name in _SIZES else text
