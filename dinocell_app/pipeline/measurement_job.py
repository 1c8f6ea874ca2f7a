"""Measure label images made elsewhere: the tables of a segmentation without the segmentation."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.plain_text import printable
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.export.provenance import file_sha256
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.plane_channels import only_plane, read_channels, shown_pixels
from dinocell_app.imaging.planes import PlaneChoice
from dinocell_app.imaging.reading import open_image
from dinocell_app.jobs.events import (
    Event,
    ImageSegmented,
    ImageSkipped,
    InputLeftOut,
    JobStarted,
    Notice,
)
from dinocell_app.jobs.job_kinds import MeasureJob
from dinocell_app.jobs.setting import recorded
from dinocell_app.measurement.plane import PlaneMeasurements, measure_plane
from dinocell_app.measurement.regions import keep_allowed_cells
from dinocell_app.measurement.table import MeasurementRequest
from dinocell_app.measurement.texture import TextureParameters
from dinocell_app.pipeline.image_regions import ImageRegions
from dinocell_app.pipeline.image_sources import pixel_size, remarks
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


def _measure(
    job: MeasureJob, choice: PlaneChoice, pair: FilePair, regions: ImageRegions
) -> Generator[Event, None, Event]:
    started = time.monotonic()
    place = Place(job.output, pair.stem)
    with open_image(pair.first, job.axes) as reader:
        size = pixel_size(job.pixel_size_um, reader.metadata)
        wanted = PlaneRecord(
            model_id="",
            model_sha256="",
            parameters=recorded(job),
            input_path=str(pair.first),
            input_sha256=file_sha256(pair.first),
            device="cpu",
            precision="",
            pixel_size_um=size.um,
            pixel_size_source=size.source,
            image_selection={
                "labels": file_sha256(pair.labels),
                "plane": str(choice),
                **({"axes": job.axes} if job.axes else {}),
                **regions.selection(pair.first),
            },
            name=pair.name,
        )
        finished = finished_record(place, wanted, job.formats, overwrite=job.overwrite)
        if finished is not None:
            same = plane_found(finished.plane, finished, pair.stem)
            return ImageSkipped(pair.name, same.n_cells, (same,), str(pair.first))
        address = only_plane(reader, choice, HOW_TO_CHOOSE).address
        for remark in remarks(reader.metadata, pair.name):
            yield Notice(remark)
        labelled, measured = measure_labels(
            reader, read_labels(pair.labels), pair, job, regions.of(pair.first)
        )
    record = replace(
        wanted,
        plane=address,
        n_cells=measured.n_cells,
        summary=measured.summary,
        channels=measured.channels,
        regions=measured.regions,
        seconds=round(time.monotonic() - started, 3),
    )
    written = write_results(place, labelled, record, job.formats)
    made = plane_found(address, written, pair.stem)
    return ImageSegmented(pair.name, made.n_cells, record.seconds, (made,), str(pair.first))


def measure_labels(
    reader: ImageReader,
    labels: NDArray[np.integer],
    pair: FilePair,
    job: MeasureJob,
    regions: Sequence[Region] = (),
) -> tuple[LabelledImage, PlaneMeasurements]:
    """Measure the cells of one image.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.
    pair : FilePair
        Names the image in the first column of the table, and the labels in errors.
    job : MeasureJob
        Its plane, pixel size and texture count.
    regions : sequence of Region
        Regions of interest of the image.

    Raises
    ------
    InvalidParameterError
        If the image has several planes, or its size is not that of the labels.
    """
    choice = PlaneChoice.parse(job.plane)
    plane = only_plane(reader, choice, HOW_TO_CHOOSE)
    if labels.shape != plane.pixels.shape:
        raise InvalidParameterError(
            f"the labels have {_size(labels.shape)} pixels, the image {pair.first.name} has "
            f"{_size(plane.pixels.shape)}",
            path=pair.labels,
            remedy="Export the labels at the size of the image",
        )
    channels = read_channels(reader, choice, plane)
    size = pixel_size(job.pixel_size_um, reader.metadata)
    labels = keep_allowed_cells(labels, regions)
    texture = TextureParameters() if job.texture else None
    measured = measure_plane(
        MeasurementRequest(labels, channels, pair.name, size.um, texture=texture), regions
    )
    shown = shown_pixels(reader.metadata, plane, channels)
    return LabelledImage(labels, pair.name, size.um, shown, measured.table, source=pair.first), measured


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)
