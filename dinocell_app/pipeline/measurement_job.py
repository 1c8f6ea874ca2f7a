"""Measure label images made elsewhere: the tables of a segmentation without the segmentation."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.base.plain_text import printable
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.foreign_labels import read_foreign_labels
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.export.provenance import file_sha256
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.plane_channels import only_plane, read_channels, shown_pixels
from dinocell_app.imaging.planes import ChannelChoice, Plane, PlaneChoice, select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.jobs.events import (
    Event,
    ImageSegmented,
    ImageSkipped,
    InputLeftOut,
    JobStarted,
    Notice,
    PlaneFound,
)
from dinocell_app.jobs.job_kinds import MeasureJob
from dinocell_app.jobs.setting import recorded
from dinocell_app.measurement.plane import PlaneMeasurements, measure_plane
from dinocell_app.measurement.regions import keep_allowed_cells
from dinocell_app.measurement.table import MeasurementRequest
from dinocell_app.measurement.texture import TextureParameters
from dinocell_app.pipeline.image_regions import ImageRegions
from dinocell_app.pipeline.image_sources import PixelSize, pixel_size, remarks
from dinocell_app.pipeline.isolation import over_images
from dinocell_app.pipeline.label_pairs import FilePair, pair_images
from dinocell_app.pipeline.plane_events import plane_found
from dinocell_app.pipeline.results import Place, finished_record, write_results
from dinocell_app.pipeline.run_ending import end_run, results_standing
from dinocell_app.regions.region import Region

HOW_TO_CHOOSE = "Choose the plane, as in --plane max or --plane z=0,t=0"


def measure_images(job: MeasureJob, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Measure the label images of a job.

    Parameters
    ----------
    should_stop : callable
        Asked between two images.

    Yields
    ------
    Event
        JobStarted, then one event for each image as in a segmentation, at last JobFinished.

    Raises
    ------
    UserFacingError
        If no image belongs to any labels.
    """
    started = time.monotonic()
    found = pair_images(job.images, job.labels, recursive=job.recursive)
    plane = PlaneChoice.parse(job.plane)
    regions = ImageRegions(job.regions)
    with results_standing(job.output):
        yield JobStarted("measure", len(found.pairs))
        for left in found.left_out:
            yield InputLeftOut(printable(str(left.path)), left.reason)
        outcome = yield from over_images(
            found.pairs, lambda pair: _measure(job, plane, pair, regions), should_stop, job.output
        )
        yield from end_run(job.output, job.formats, outcome, started)


@dataclass(frozen=True)
class _Opened:
    """An open image with its labels and what is known before they are read."""

    pair: FilePair
    reader: ImageReader
    record: PlaneRecord
    planes: tuple[PlaneAddress, ...]
    regions: Sequence[Region]


def _measure(
    job: MeasureJob, choice: PlaneChoice, pair: FilePair, regions: ImageRegions
) -> Generator[Event, None, Event]:
    n_skipped, seconds = 0, 0.0
    done: list[PlaneFound] = []
    with open_image(pair.first, job.axes) as reader:
        size = pixel_size(job.pixel_size_um, reader.metadata)
        record = replace(
            _record(job, pair.name, str(pair.first), size),
            input_sha256=file_sha256(pair.first),
            image_selection={
                "plane": str(choice),
                **({"axes": job.axes} if job.axes else {}),
                **regions.selection(pair.first),
            },
        )
        planes = list(select_planes(reader, choice, ChannelChoice(0)))
        if not planes:
            raise UnreadableFileError(
                "holds none of the chosen planes", path=pair.first, remedy="Choose another plane"
            )
        addresses = tuple(plane.address for plane in planes)
        opened = _Opened(pair, reader, record, addresses, regions.of(pair.first))
        for remark in remarks(reader.metadata, pair.name):
            yield Notice(remark)
        for plane, labels in _labelled(planes, pair):
            wanted = _wanted(record, pair, plane.address, labels)
            place = Place(job.output, pair.stem, plane.address.suffix)
            made = finished_record(place, wanted, job.formats, overwrite=job.overwrite)
            if made is None:
                made = yield from _measure_plane(job, opened, plane, labels, wanted)
                seconds += made.seconds
            else:
                n_skipped += 1
            done.append(plane_found(plane.address, made, pair.stem))
    n_cells = sum(plane.n_cells for plane in done)
    if n_skipped == len(done):
        return ImageSkipped(pair.name, n_cells, tuple(done), str(pair.first))
    return ImageSegmented(pair.name, n_cells, seconds, tuple(done), str(pair.first))


def _record(job: MeasureJob, name: str, path: str, size: PixelSize) -> PlaneRecord:
    return PlaneRecord(
        model_id="",
        model_sha256="",
        parameters=recorded(job),
        input_path=path,
        input_sha256="",
        device="cpu",
        precision="",
        pixel_size_um=size.um,
        pixel_size_source=size.source,
        name=name,
    )


def _labelled(planes: Sequence[Plane], pair: FilePair) -> list[tuple[Plane, Path]]:
    """Find the file of labels of each plane."""
    if not pair.planes:
        return [(plane, pair.labels) for plane in planes]
    by_place = {(address.t, address.z): path for address, path in pair.planes}
    found = [
        (plane, path)
        for plane in planes
        if (path := by_place.get((plane.address.t, plane.address.z)) or _by_suffix(pair, plane)) is not None
    ]
    if not found:
        raise InvalidParameterError(
            "none of the labels is of a chosen plane", path=pair.first, remedy="Choose other planes"
        )
    return found


def _by_suffix(pair: FilePair, plane: Plane) -> Path | None:
    """Find labels that are named as results of the plane are."""
    return next((path for address, path in pair.planes if address.suffix == plane.address.suffix), None)


def _wanted(record: PlaneRecord, pair: FilePair, address: PlaneAddress, labels: Path) -> PlaneRecord:
    selection = {"labels": file_sha256(labels), **record.image_selection}
    return replace(record, image_selection=selection, name=pair.name + address.suffix, plane=address)


def _measure_plane(
    job: MeasureJob, opened: _Opened, plane: Plane, labels_path: Path, wanted: PlaneRecord
) -> Generator[Event, None, PlaneRecord]:
    started = time.monotonic()
    shape = (plane.pixels.shape[0], plane.pixels.shape[1])
    planes = () if opened.pair.planes else opened.planes
    foreign = read_foreign_labels(labels_path, shape, plane.address if planes else None, planes)
    if foreign.remark:
        yield Notice(foreign.remark)
    labelled, measured = measure_labels(opened.reader, plane, foreign.labels, wanted, job, opened.regions)
    record = replace(
        wanted,
        n_cells=measured.n_cells,
        summary=measured.summary,
        channels=measured.channels,
        regions=measured.regions,
        seconds=round(time.monotonic() - started, 3),
    )
    place = Place(job.output, opened.pair.stem, plane.address.suffix)
    return write_results(place, labelled, record, job.formats)


def measure_labels(
    reader: ImageReader,
    plane: Plane,
    labels: NDArray[np.integer],
    record: PlaneRecord,
    job: MeasureJob,
    regions: Sequence[Region] = (),
) -> tuple[LabelledImage, PlaneMeasurements]:
    """Measure the cells of one plane.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.
    record : PlaneRecord
        Names the plane in the first column of the table, and gives the pixel size.
    job : MeasureJob
        Its plane and texture count.
    regions : sequence of Region
        Regions of interest of the image.

    Raises
    ------
    InvalidParameterError
        If the size of the plane is not that of the labels.
    """
    if labels.shape != plane.pixels.shape[:2]:
        raise InvalidParameterError(
            f"the labels have {_size(labels.shape)} pixels, the image {Path(record.input_path).name} has "
            f"{_size(plane.pixels.shape[:2])}",
            path=record.input_path,
            remedy="Export the labels at the size of the image",
        )
    channels = read_channels(reader, PlaneChoice.parse(job.plane), plane)
    labels = keep_allowed_cells(labels, regions)
    size, texture = record.pixel_size_um, TextureParameters() if job.texture else None
    request = MeasurementRequest(labels, channels, record.name, size, texture=texture)
    measured = measure_plane(request, regions)
    shown = shown_pixels(reader.metadata, plane, channels)
    source = Path(record.input_path)
    return LabelledImage(labels, record.name, size, shown, measured.table, source=source), measured


def measure_array(
    reader: ImageReader, labels: NDArray[np.integer], name: str, job: MeasureJob
) -> PlaneMeasurements:
    """Measure labels that are in memory; nothing is written.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.
    name : str
        First column of the table.

    Raises
    ------
    UserFacingError
        If the image has several planes, or its size is not that of the labels.
    """
    plane = only_plane(reader, PlaneChoice.parse(job.plane), HOW_TO_CHOOSE)
    record = _record(job, name, str(reader.metadata.path), pixel_size(job.pixel_size_um, reader.metadata))
    return measure_labels(reader, plane, labels, record, job)[1]


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)
