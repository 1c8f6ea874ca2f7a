"""One plane of a large picture: segmented in blocks, measured in blocks and written tile by tile."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import Cancelled
from dinocell_app.base.long_work import LongWork
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.planes import Plane, PlaneChoice
from dinocell_app.jobs.events import Event, Notice, TilesPredicted
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.pipeline.image_sources import channel_rows, plane_rows
from dinocell_app.pipeline.large_measurement import LargeRequest, measure_large
from dinocell_app.pipeline.large_results import LargeResult, write_large_formats
from dinocell_app.pipeline.results import Place, write_proven
from dinocell_app.pipeline.segmentation_settings import segmentation_parameters
from dinocell_app.regions.region import COUNT, Region, allowed_points
from dinocell_app.segmentation.blocks import BlockSize
from dinocell_app.segmentation.large_picture import LargeSegmentation, segmenting_large

BLOCK_SIZE = BlockSize()
"""How large blocks are."""


@dataclass(frozen=True)
class LargePlane:
    """A plane to be segmented in blocks.

    Parameters
    ----------
    reader : ImageReader
        The open image.
    choice : PlaneChoice
        That gave the plane.
    place : Place
        Of its results.
    record : PlaneRecord
        What is known before the work.
    regions : sequence of Region
        Regions of interest of the image.
    """

    reader: ImageReader
    plane: Plane
    choice: PlaneChoice
    place: Place
    record: PlaneRecord
    regions: Sequence[Region] = ()


def segment_large_plane(
    large: LargePlane, job: SegmentJob, model: SegmentationModel, should_stop: Callable[[], bool]
) -> Generator[Event, None, PlaneRecord]:
    """Predict, measure and write one plane with bounded memory.

    Parameters
    ----------
    should_stop : callable
        Asked also where nothing is yielded: while rows are read and before each file.

    Yields
    ------
    Event
        TilesPredicted, repeated while nothing goes through the network, and Notice.

    Returns
    -------
    PlaneRecord
        Of the files that were written.

    Raises
    ------
    Cancelled
        If asked to stop; nothing is written then.
    UserFacingError
        If the image cannot be read or a file not be written.
    """
    started = time.monotonic()
    name, pixel_size_um = large.record.name, large.record.pixel_size_um
    parameters = segmentation_parameters(job, pixel_size_um)
    rows = plane_rows(large.reader, large.plane, should_stop)
    progress: Event = TilesPredicted(name, 0, 1)
    work = LongWork(segmenting_large(rows, model, parameters, name, BLOCK_SIZE))
    for event in work:
        progress = event if isinstance(event, TilesPredicted) else progress
        yield event
    found = work.result
    if found.n_cut:
        yield Notice(
            f"{found.n_cut} cells of {name} are longer than a block can show and may lack a part; they are "
            "among those with touches_seam in the table"
        )
    rows.forget()
    channels = channel_rows(large.reader, large.choice, large.plane, should_stop)
    kept = _keep_allowed(found, large.regions)
    measuring = LongWork(
        measure_large(LargeRequest(found, kept, channels, name, pixel_size_um, job.texture, large.regions))
    )
    for _ in measuring:
        yield progress
    measured = measuring.result
    result = LargeResult(
        labels=found.labels,
        table=measured.table,
        name=name,
        pixel_size_um=pixel_size_um,
        shown=list(channels.values()) if large.reader.metadata.is_rgb else [rows],
        source=large.reader.metadata.path,
        diameter_px=found.scale.diameter_px,
    )
    record = replace(
        large.record,
        diameter_px=found.scale.diameter_px,
        diameter_source=found.scale.source,
        n_cells=measured.n_cells,
        summary=measured.summary,
        channels=measured.channels,
        regions=measured.regions,
        seconds=round(time.monotonic() - started, 3),
    )

    def go_on() -> None:
        if should_stop():
            raise Cancelled

    return write_proven(
        large.place, record, lambda: write_large_formats(result, large.place, job.formats, go_on)
    )


def _keep_allowed(found: LargeSegmentation, regions: Sequence[Region]) -> NDArray[np.bool_]:
    """Erase the labels of cells that regions leave out; say which stay."""
    if all(region.kind == COUNT for region in regions) or not len(found.cells):
        return np.ones(len(found.cells), np.bool_)
    y, x = found.cells.centroids.T
    kept = allowed_points(regions, x + 0.5, y + 0.5)
    found.labels.erase(np.flatnonzero(~kept) + 1)
    return kept
