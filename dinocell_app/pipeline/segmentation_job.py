"""Segment a set of images: read, predict, measure, write; one bad image does not end the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dinocell_app.base.errors import Cancelled
from dinocell_app.base.plain_text import printable
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.metadata import ImageMetadata
from dinocell_app.imaging.plane_channels import read_channels, shown_pixels
from dinocell_app.imaging.planes import ChannelChoice, Plane, PlaneChoice, count_planes, select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.jobs.events import (
    Event,
    ImageSegmented,
    ImageSkipped,
    InputLeftOut,
    JobFinished,
    JobStarted,
    Notice,
    PlaneFound,
    ReferencesDoubted,
)
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.setting import recorded
from dinocell_app.measurement.plane import measure_plane
from dinocell_app.measurement.regions import keep_allowed_cells
from dinocell_app.measurement.table import MeasurementRequest
from dinocell_app.measurement.texture import TextureParameters
from dinocell_app.measurement.type_counts import REFERENCE_LIKENESS
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import Manifest, read_manifest
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.model.precision import resolve_precision
from dinocell_app.pipeline.compared_planes import compared_summary, with_findings
from dinocell_app.pipeline.devices import choose_device, describe_device
from dinocell_app.pipeline.image_regions import ImageRegions
from dinocell_app.pipeline.image_sources import (
    checksum_of,
    given_axes,
    given_pixel_size,
    pixel_size,
    remarks,
)
from dinocell_app.pipeline.inputs import PlannedImage, plan_images
from dinocell_app.pipeline.isolation import over_images
from dinocell_app.pipeline.large_pictures import LargePlane, segment_large_plane
from dinocell_app.pipeline.picture_plan import plan_picture
from dinocell_app.pipeline.plane_events import over_planes, plane_found, until_asked_to_stop
from dinocell_app.pipeline.reading_ahead import ReadingAhead
from dinocell_app.pipeline.reference_cells import ReferenceCells
from dinocell_app.pipeline.results import Place, finished_record, write_results
from dinocell_app.pipeline.run_ending import end_run, results_standing
from dinocell_app.pipeline.segmentation_settings import segmentation_parameters
from dinocell_app.pipeline.working_ahead import AHEAD_DEVICES, SharedRun, beside_each_other
from dinocell_app.references.likeness import looks_unlike
from dinocell_app.segmentation.predictor import segmenting


def segment_images(
    job: SegmentJob,
    should_stop: Callable[[], bool] = lambda: False,
    should_stop_after_image: Callable[[], bool] = lambda: False,
    model: SegmentationModel | None = None,
) -> Iterator[Event]:
    """Segment the images of a job.

    Images finished before with the same model and parameters are skipped. An image that cannot be read or
    segmented is reported and the others go on.

    Parameters
    ----------
    should_stop : callable
        Asked between two tiles; everything finished is kept.
    should_stop_after_image : callable
        Asked between two images.
    model : SegmentationModel, optional
        Loaded before, in place of the job's; its device is used.

    Yields
    ------
    Event
        JobStarted, then one ImageSegmented, ImageSkipped or ImageFailed for each image, at last JobFinished.

    Raises
    ------
    UserFacingError
        If there is no image, or the model or device cannot be used.
    """
    started = time.monotonic()
    try:
        plan = plan_images(
            job.inputs, job.output, recursive=job.recursive, roots=job.roots, should_stop=should_stop
        )
    except Cancelled:
        yield JobFinished(0, 0, time.monotonic() - started, stopped=True)
        return
    run = SegmentationRun(job, should_stop, [image.path for image in plan.images], model)
    with results_standing(job.output):
        yield JobStarted("segment", len(plan.images), 0, str(run.device))
        for left in plan.left_out:
            yield InputLeftOut(printable(str(left.path)), left.reason)
        with beside_each_other(plan.images, run) as work:
            outcome = yield from over_images(
                plan.images, work, lambda: should_stop() or should_stop_after_image(), job.output
            )
        yield from end_run(job.output, job.formats, outcome, started)


@dataclass(frozen=True)
class OpenedImage:
    """An open image with what is known about all of its planes."""

    image: PlannedImage
    reader: ImageReader
    record: PlaneRecord


class SegmentationRun:
    """One job with its model, which is loaded when the first image needs it.

    Parameters
    ----------
    should_stop : callable
        Asked between two tiles.
    upcoming : sequence of Path
        Images in the order in which they will be segmented, where that is known.
    model : SegmentationModel, optional
        Loaded before, in place of the job's; its device is used.
    """

    def __init__(
        self,
        job: SegmentJob,
        should_stop: Callable[[], bool],
        upcoming: Sequence[Path] = (),
        model: SegmentationModel | None = None,
    ) -> None:
        self.job = job
        self.ahead = ReadingAhead(upcoming)
        self.should_stop = should_stop
        self.plane = PlaneChoice.parse(job.plane)
        self._loaded = model
        self.device = model.device if model else choose_device(job.device)
        self.model_path = (model and model.folder) or find_model(job.model)
        self.manifest: Manifest = model.manifest if model else read_manifest(self.model_path)
        self.manifest.require_taught(self.model_path)
        self.channel = ChannelChoice.parse(job.channel).shown_to(self.manifest.input_colour)
        self.regions = ImageRegions(job.regions)
        self.references = ReferenceCells(job, self.manifest) if job.compares_cells else None
        self.shared = SharedRun()

    @property
    def model(self) -> SegmentationModel:
        """The network on its device."""
        with self.shared.loading:
            if self._loaded is None:
                self._loaded = load_model(self.model_path, self.device)
            return self._loaded

    @property
    def works_ahead(self) -> bool:
        """Whether images are begun while the one before is measured and written: where the processor can."""
        return self.device.type in AHEAD_DEVICES and self.references is None

    def segment(self, image: PlannedImage) -> Generator[Event, None, Event]:
        """Segment every chosen plane of an image.

        Yields
        ------
        Event
            What happens on the way.

        Returns
        -------
        Event
            ImageSegmented, or ImageSkipped where every plane was finished before.

        Raises
        ------
        Cancelled
            If asked to stop.
        """
        n_skipped, seconds = 0, 0.0
        done: list[PlaneFound] = []
        with self.shared.reading:
            opened = open_image(image.path, given_axes(self.job, image.path))
        with opened as reader:
            checksum = self.ahead.checksum(image.path)
            source = OpenedImage(image, reader, self.record_of(image, reader.metadata, checksum))
            n_planes = count_planes(reader.metadata, self.plane, self.channel)
            for remark in remarks(reader.metadata, image.name):
                yield Notice(remark)
            for plane in select_planes(reader, self.plane, self.channel):
                place = Place(self.job.output, image.stem, plane.address.suffix)
                record = finished_record(place, source.record, self.job.formats, overwrite=self.job.overwrite)
                if record is None:
                    plan = plan_picture(reader, self.job.formats, whole_only=self._whole_only)
                    if plan.notice:
                        yield Notice(plan.notice)
                    steps = (
                        self._segment_in_blocks(source, plane, place)
                        if plan.in_blocks
                        else self._segment_plane(source, plane, place)
                    )
                    record = yield from over_planes(steps, image.name, len(done), n_planes)
                    seconds += record.seconds
                else:
                    n_skipped += 1
                likeness = record.summary.get(REFERENCE_LIKENESS.name)
                if likeness is not None and looks_unlike(likeness):
                    yield ReferencesDoubted(image.name + plane.address.suffix, likeness, str(image.path))
                done.append(plane_found(plane.address, record, image.stem))
        n_cells = sum(plane.n_cells for plane in done)
        if n_skipped == len(done):
            return ImageSkipped(image.name, n_cells, tuple(done), str(image.path))
        return ImageSegmented(image.name, n_cells, seconds, tuple(done), str(image.path))

    @property
    def _whole_only(self) -> str:
        """What is asked for that needs the whole picture at once."""
        if self.references is not None:
            return "comparing with reference cells"
        return "the file for Cellpose" if "cellpose" in self.job.formats else ""

    def _segment_in_blocks(
        self, source: OpenedImage, plane: Plane, place: Place
    ) -> Generator[Event, None, PlaneRecord]:
        """Do a plane that is too large to be held as a whole."""
        regions = self.regions.of(source.image.path)
        record = replace(source.record, name=source.image.name + plane.address.suffix, plane=plane.address)
        large = LargePlane(source.reader, plane, self.plane, place, record, regions)
        steps = segment_large_plane(large, self.job, self.model, self.should_stop)
        return (yield from until_asked_to_stop(steps, self.should_stop))

    def _segment_plane(
        self, source: OpenedImage, plane: Plane, place: Place
    ) -> Generator[Event, None, PlaneRecord]:
        """Predict, measure and write one plane."""
        labelled, record = yield from self.find_cells(source, plane)
        return write_results(place, labelled, record, self.job.formats)

    def find_cells(
        self, source: OpenedImage, plane: Plane
    ) -> Generator[Event, None, tuple[LabelledImage, PlaneRecord]]:
        """Predict and measure one plane; nothing is written.

        Yields
        ------
        Event
            What happens on the way.

        Returns
        -------
        LabelledImage, PlaneRecord
            The record has no outputs yet.

        Raises
        ------
        Cancelled
            If asked to stop.
        """
        started = time.monotonic()
        name = source.image.name + plane.address.suffix
        pixel_size_um = source.record.pixel_size_um
        parameters = segmentation_parameters(self.job, pixel_size_um)
        guided = self.references is not None
        with self.shared.reading:
            pixels = plane.pixels
        with self.shared.device:
            steps = segmenting(pixels, self.model, parameters, name, keep_features=guided)
            found = yield from until_asked_to_stop(steps, self.should_stop)
        compared = self.references.compare(found, pixels, self.model) if self.references else None
        type_names = self.references.type_names if self.references else ()
        regions = self.regions.of(source.image.path)
        labels = keep_allowed_cells(compared.labels if compared else found.labels, regions)
        with self.shared.reading:
            channels = read_channels(source.reader, self.plane, plane)
        has_flows = self.model.objective.name == "flows"
        probability = found.cell_probability if has_flows else None
        texture = TextureParameters() if self.job.texture else None
        request = MeasurementRequest(labels, channels, name, pixel_size_um, texture=texture)
        request = with_findings(request, found.maps if has_flows else None, compared)
        measured = measure_plane(request, regions)
        labelled = LabelledImage(
            labels=labels,
            name=name,
            pixel_size_um=pixel_size_um,
            pixels=shown_pixels(source.reader.metadata, plane, channels),
            table=measured.table,
            flows=found.flows if has_flows else None,
            cell_probability=probability,
            source=source.image.path,
            diameter_px=found.scale.diameter_px,
        )
        record = replace(
            source.record,
            input_sha256=source.record.input_sha256 or checksum_of(channels),
            name=name,
            plane=plane.address,
            diameter_px=found.scale.diameter_px,
            diameter_source=found.scale.source,
            n_cells=measured.n_cells,
            summary={**measured.summary, **compared_summary(measured, compared, type_names)},
            channels=measured.channels,
            regions=measured.regions,
            seconds=round(time.monotonic() - started, 3),
        )
        return labelled, record

    def record_of(self, image: PlannedImage, metadata: ImageMetadata, checksum: str) -> PlaneRecord:
        """Say what is known of an image before its pixels are read.

        Parameters
        ----------
        checksum : str
            Of the file; empty for an array, whose planes have a checksum each.
        """
        job = self.job
        size = pixel_size(given_pixel_size(job, image.path), metadata)
        return PlaneRecord(
            model_id=self.manifest.id,
            model_sha256=self.manifest.sha256,
            parameters={
                **recorded(job),
                **(self.references.parameters() if self.references else {}),
            },
            input_path=str(image.path),
            input_sha256=checksum,
            device=describe_device(self.device),
            precision=str(resolve_precision(job.precision, self.device)).removeprefix("torch."),
            pixel_size_um=size.um,
            pixel_size_source=size.source,
            image_selection={
                "channel": str(self.channel),
                "plane": str(self.plane),
                **({"axes": axes} if (axes := given_axes(job, image.path)) else {}),
                **self.regions.selection(image.path),
            },
        )
