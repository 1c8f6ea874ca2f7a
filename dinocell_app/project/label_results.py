"""Import label images: each becomes a result of the project, normalised and measured, by a worker thread."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress
from dinocell_app.export.names import output_path, output_stems
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.project.image_planes import HOW_TO_NAME, completed, planes_of
from dinocell_app.project.label_import import LabelMatch
from dinocell_app.project.project import Project
from dinocell_app.project.records import ImageRecord, NewResult
from dinocell_app.project.segment_jobs import check_set_name, shown_formats


@dataclass(frozen=True)
class LabelImport:
    """One label file to be imported, with all that a worker needs to know.

    Parameters
    ----------
    stem : PurePosixPath
        Of the results, below the folder of the set.
    plane : PlaneAddress
        As far as the name of the file says it.
    formats : tuple of str
        Files to write.
    overwrite : bool
        Whether results of something else are replaced.
    """

    image: ImageRecord
    image_path: Path
    labels: Path
    project_folder: Path
    set_name: str
    stem: PurePosixPath
    plane: PlaneAddress = ONLY_PLANE
    formats: tuple[str, ...] = ("labels", "overlay", "csv")
    overwrite: bool = False


@dataclass(frozen=True)
class ImportedLabels:
    """A label file that has become a result.

    Parameters
    ----------
    result : NewResult
        To be recorded by the thread of the project.
    was_black_and_white : bool
        Whether the file said only where cells are, so that its connected parts were numbered.
    """

    result: NewResult
    was_black_and_white: bool = False


def plan_imports(
    project: Project,
    matches: Sequence[LabelMatch],
    set_name: str = "imported",
    formats: Sequence[str] = ("labels", "overlay", "csv"),
    *,
    overwrite: bool = False,
) -> list[LabelImport]:
    """Say what is imported to where.

    Parameters
    ----------
    matches : sequence of LabelMatch
        Those with a problem are left out.
    set_name : str
        The set of results; also its folder below the results of the project.
    formats : sequence of str
        Files to write; labels and a table always are.
    overwrite : bool
        Whether results of something else in the same set are replaced.

    Returns
    -------
    list of LabelImport
        For `import_labels`, in any thread.

    Raises
    ------
    InvalidParameterError
        If the set cannot have this name.
    """
    check_set_name(set_name)
    paths = project.images.paths()
    roots = {root.id: root for root in project.roots.all()}
    stems = {
        root.id: output_stems(
            [path for path in paths.values() if path.is_relative_to(root.path)], [root.path]
        )
        for root in roots.values()
    }
    planned = []
    for match in matches:
        if match.image_id is None or match.image_id not in paths:
            continue
        image, path = project.images.get(match.image_id), paths[match.image_id]
        planned.append(
            LabelImport(
                image=image,
                image_path=path,
                labels=match.labels,
                project_folder=project.folder,
                set_name=set_name,
                stem=PurePosixPath(roots[image.root_id].name) / stems[image.root_id][path],
                plane=match.plane,
                formats=shown_formats(formats),
                overwrite=overwrite,
            )
        )
    return planned


def import_labels(planned: LabelImport) -> ImportedLabels:
    """Read labels, measure their cells in every channel, and write both into the project.

    A black-and-white mask has one value for all cells; its 4-connected parts become the cells.

    Raises
    ------
    UserFacingError
        If the labels or the image cannot be read, do not fit together, or other results are in the way.
    """
    from dinocell_app.export.foreign_labels import read_foreign_labels
    from dinocell_app.export.formats import write_formats
    from dinocell_app.export.labelled_image import LabelledImage
    from dinocell_app.export.provenance import file_sha256, write_sidecar
    from dinocell_app.imaging.plane_channels import only_plane, read_channels, shown_pixels
    from dinocell_app.imaging.planes import PlaneChoice
    from dinocell_app.imaging.reading import open_image
    from dinocell_app.measurement.plane import measure_plane
    from dinocell_app.measurement.table import MeasurementRequest

    started = time.monotonic()
    address = completed(planned.image, planned.plane)
    planned = replace(planned, plane=address)
    folder = planned.project_folder / "results" / planned.set_name
    _check_free(planned, folder)
    shape = (planned.image.height, planned.image.width)
    foreign = read_foreign_labels(planned.labels, shape, address, planes_of(planned.image))
    labels, remark = foreign.labels, foreign.remark
    with open_image(planned.image_path, planned.image.axes) as reader:
        shape = (reader.metadata.height, reader.metadata.width)
        if labels.shape != shape:
            raise InvalidParameterError(
                f"the labels have {labels.shape[0]} x {labels.shape[1]} pixels, the image "
                f"{planned.image.name} has {shape[0]} x {shape[1]}",
                path=planned.labels,
                remedy="Export the labels at the size of the image",
            )
        where = PlaneChoice().at(address)
        plane = only_plane(reader, where, HOW_TO_NAME)
        channels = read_channels(reader, where, plane)
        shown = shown_pixels(reader.metadata, plane, channels)
    image = planned.image
    name = (planned.stem.parent / image.name).as_posix() + address.suffix
    size_um = image.pixel_size_um
    measured = measure_plane(MeasurementRequest(labels, channels, name, size_um))
    labelled = LabelledImage(labels, name, size_um, shown, measured.table, source=planned.image_path)
    record = PlaneRecord(
        model_id="",
        model_sha256="",
        parameters={"texture": False},
        input_path=str(planned.image_path),
        input_sha256=file_sha256(planned.image_path),
        device="cpu",
        precision="",
        pixel_size_um=size_um,
        pixel_size_source={"file": "file", "unknown": "unknown"}.get(image.pixel_size_source, "given"),
        image_selection={
            "labels": file_sha256(planned.labels),
            "labels_path": str(planned.labels),
            **({"axes": image.axes} if image.axes else {}),
            **({"cells": "connected parts of a black-and-white mask"} if remark else {}),
        },
        n_cells=measured.n_cells,
        name=name,
        plane=address,
        summary=measured.summary,
        channels=measured.channels,
    )
    sidecar = output_path(folder, planned.stem, planned.plane.suffix, "sidecar")
    write_sidecar(sidecar, record)
    written = write_formats(labelled, folder, planned.stem, planned.plane.suffix, planned.formats)
    seconds = round(time.monotonic() - started, 3)
    outputs = {kind: path.name for kind, path in written.items()}
    write_sidecar(sidecar, replace(record, outputs=outputs, seconds=seconds))
    result = NewResult(
        image_id=image.id,
        name=planned.set_name,
        plane=planned.plane,
        n_cells=measured.n_cells,
        seconds=seconds,
        files=tuple(path.relative_to(planned.project_folder).as_posix() for path in written.values()),
    )
    return ImportedLabels(result, was_black_and_white=bool(remark))


def _check_free(planned: LabelImport, folder: Path) -> None:
    if planned.overwrite:
        return
    for kind in (*planned.formats, "sidecar"):
        path = output_path(folder, planned.stem, planned.plane.suffix, kind)
        if path.exists():
            raise InvalidParameterError(
                f"the set {planned.set_name} has results of {planned.image.name} already",
                path=path,
                remedy="Import the labels under another name",
            )
