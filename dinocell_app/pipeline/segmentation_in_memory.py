"""Segment an open image without writing anything."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import PurePosixPath

from dinocell_app.export.names import image_stem
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.planes import select_planes
from dinocell_app.jobs.events import Event, Notice, ReferencesDoubted
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.measurement.type_counts import REFERENCE_LIKENESS
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.pipeline.image_result import PlaneResult, Result
from dinocell_app.pipeline.inputs import PlannedImage
from dinocell_app.pipeline.picture_plan import plan_picture
from dinocell_app.pipeline.segmentation_job import OpenedImage, SegmentationRun
from dinocell_app.references.likeness import looks_unlike

_WHOLE = "a result in memory (segment_folder does without)"


def segment_in_memory(
    reader: ImageReader, job: SegmentJob, model: SegmentationModel | None = None
) -> Generator[Event, None, Result]:
    """Segment and measure the chosen planes of an image as a run with the same job would.

    Parameters
    ----------
    reader : ImageReader
        A file, or an array.
    job : SegmentJob
        Its inputs and output do not matter.
    model : SegmentationModel, optional
        Loaded before, in place of the job's.

    Yields
    ------
    Event
        What happens on the way.

    Raises
    ------
    UserFacingError
        If the image cannot be read, or is too large for memory.
    """
    path = reader.metadata.path
    image = PlannedImage(path, PurePosixPath(image_stem(path)))
    run = SegmentationRun(job, lambda: False, model=model)
    notice = plan_picture(reader, (), whole_only=_WHOLE).notice
    if notice:
        yield Notice(notice)
    checksum = run.ahead.checksum(path) if reader.is_file else ""
    opened = OpenedImage(image, reader, run.record_of(image, reader.metadata, checksum))
    found = []
    for plane in select_planes(reader, run.plane, run.channel):
        labelled, record = yield from run.find_cells(opened, plane)
        likeness = record.summary.get(REFERENCE_LIKENESS.name)
        if likeness is not None and looks_unlike(likeness):
            yield ReferencesDoubted(record.name, likeness, str(path))
        found.append(
            PlaneResult(labelled, record, image.stem.with_name(image.stem.name + plane.address.suffix))
        )
    return Result(tuple(found))
