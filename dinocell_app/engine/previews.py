"""Previews with a model and network outputs that are kept, made by the code that runs use."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Generator, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.jobs.events import Event
from dinocell_app.jobs.job_files import make_job
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.preview_messages import PreviewRequest, PreviewResult, Region
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import read_manifest
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.pipeline.devices import choose_device
from dinocell_app.pipeline.image_sources import pixel_size
from dinocell_app.pipeline.segmentation_settings import segmentation_parameters
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import Segmentation, decode_again, segmenting, segmenting_region
from dinocell_app.segmentation.scale import ScaleChoice

KEPT_BYTES = 2**30
"""Network outputs beyond this are forgotten, oldest first; the newest are always kept."""


@dataclass(frozen=True)
class _OpenPlane:
    """Pixels of the plane that is looked at."""

    key: Hashable
    pixels: NDArray[Any]
    file_pixel_size_um: float | None


@dataclass(frozen=True)
class Prepared:
    """What a request needs before the network runs.

    Parameters
    ----------
    pixels : ndarray of shape (M, N) or (M, N, 3)
        The plane.
    region : tuple of int or None
        Cut to the plane; None for all of it.
    place : hashable
        Tells apart planes, models and cell sizes.
    scale : ScaleChoice or None
        That of an earlier request for the same.
    """

    model: SegmentationModel
    pixels: NDArray[Any]
    pixel_size_um: float | None
    region: Region | None
    parameters: SegmentationParameters
    place: Hashable
    scale: ScaleChoice | None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the plane."""
        return self.pixels.shape[0], self.pixels.shape[1]


@dataclass(frozen=True)
class _Shown:
    """The preview that is seen: what a decoding with other thresholds starts from."""

    request: PreviewRequest
    segmentation: Segmentation
    pixel_size_um: float | None
    plane_shape: tuple[int, int]
    region: Region | None


class Previews:
    """Makes previews and keeps what the next one can use: model, plane, scale and network outputs."""

    def __init__(self) -> None:
        self._model: SegmentationModel | None = None
        self._plane: _OpenPlane | None = None
        self._outputs: OrderedDict[Hashable, Segmentation] = OrderedDict()
        self._scales: dict[Hashable, ScaleChoice] = {}
        self._shown: _Shown | None = None

    def previewing(self, request: PreviewRequest) -> Generator[Event, None, PreviewResult]:
        """Find the cells of an image as it is seen.

        Yields
        ------
        Event
            TilesPredicted and Notice; none when the outputs of the network are still there.

        Raises
        ------
        UserFacingError
            If the image, the model or a setting cannot be used.
        """
        started = time.monotonic()
        self._shown = None
        ready = self.prepare(request)
        model, region, parameters, whole = ready.model, ready.region, ready.parameters, ready.place
        found = self._outputs.get((whole, region))
        if found is None:
            if region is None:
                found = yield from segmenting(ready.pixels, model, parameters)
            else:
                found = yield from segmenting_region(
                    ready.pixels, slices_of(region), model, parameters, ready.scale
                )
            self._scales[whole] = found.scale
            self._keep((whole, region), found)
        else:
            found = decode_again(found, model, parameters)
            self._outputs.move_to_end((whole, region))
        self._shown = _Shown(request, found, ready.pixel_size_um, ready.shape, region)
        return _result(found, model, region, started)

    def prepare(self, request: PreviewRequest) -> Prepared:
        """Load the model and read the plane, unless they are there from the request before.

        Raises
        ------
        UserFacingError
            If the image, the model or a setting cannot be used.
        """
        job = preview_job(request)
        model = self._ready_model(job)
        channel = ChannelChoice.parse(job.channel).shown_to(model.manifest.input_colour)
        plane = self._open_plane(request, job, channel)
        shape = (plane.pixels.shape[0], plane.pixels.shape[1])
        region = _within(request.region, shape)
        size_um = request.pixel_size_um if request.pixel_size_um is not None else plane.file_pixel_size_um
        parameters = _for_region(segmentation_parameters(job, size_um), region, shape)
        place = (
            plane.key,
            model.manifest.sha256,
            str(model.device),
            parameters.diameter_px,
            parameters.careful,
        )
        return Prepared(model, plane.pixels, size_um, region, parameters, place, self._scales.get(place))

    def decode(self, choice: SegmentSettings) -> PreviewResult:
        """Show the last preview with other thresholds; the network does not run.

        Raises
        ------
        InvalidParameterError
            If there is no preview, or a threshold cannot be used.
        """
        started = time.monotonic()
        shown, model = self._shown, self._model
        if shown is None or model is None:
            raise InvalidParameterError(
                "There is no preview whose thresholds could change", remedy="Make a preview first"
            )
        settings = shown.request.settings.with_decoding(choice)
        job = preview_job(replace(shown.request, settings=settings))
        parameters = segmentation_parameters(job, shown.pixel_size_um)
        parameters = _for_region(parameters, shown.region, shown.plane_shape)
        return _result(decode_again(shown.segmentation, model, parameters), model, shown.region, started)

    def _ready_model(self, job: SegmentJob) -> SegmentationModel:
        device, folder = choose_device(job.device), find_model(job.model)
        known = self._model
        manifest = read_manifest(folder)
        manifest.require_taught(folder)
        if known is None or known.device != device or known.manifest != manifest:
            self._model = None
            self._outputs.clear()
            self._scales.clear()
            self._model = known = load_model(folder, device)
        return known

    def _open_plane(self, request: PreviewRequest, job: SegmentJob, channel: ChannelChoice) -> _OpenPlane:
        """Read the plane that is seen, unless it is the one that was read last and its file is the same."""
        choice = PlaneChoice.parse(job.plane)
        where = PlaneChoice(
            z=choice.z if choice.z in ("max", "mean") else request.z,
            t=choice.t if choice.t in ("max", "mean") else request.t,
        )
        key = (request.path, _version(request.path), request.axes, str(where), where.t, str(channel))
        if self._plane is None or self._plane.key != key:
            with open_image(request.path, request.axes) as reader:
                pixels = next(select_planes(reader, where, channel)).pixels
                size = pixel_size(None, reader.metadata)
            self._plane = _OpenPlane(key, pixels, size.um)
        return self._plane

    def _keep(self, key: Hashable, found: Segmentation) -> None:
        self._outputs[key] = found
        while len(self._outputs) > 1 and sum(o.maps.nbytes for o in self._outputs.values()) > KEPT_BYTES:
            self._outputs.popitem(last=False)


def preview_job(request: PreviewRequest) -> SegmentJob:
    """Make the job that would segment the image of a preview in a run.

    Returns
    -------
    SegmentJob
        Its output folder means nothing.

    Raises
    ------
    InvalidParameterError
        If a setting cannot be used.
    """
    job = make_job(
        request.settings.model_dump()
        | {
            "kind": "segment",
            "inputs": (request.path,),
            "output": Path(),
            "channel": request.channel,
            "pixel_size_um": request.pixel_size_um,
        }
    )
    if not isinstance(job, SegmentJob):
        raise TypeError(f"a {type(job).__name__} where a SegmentJob was made")
    return job


def _version(path: Path) -> tuple[int, int] | None:
    """Tell apart versions of a file; None leaves the sentence about a missing one to the reader."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _within(region: Region | None, shape: tuple[int, int]) -> Region | None:
    """Cut a region to the image; None when that is all of it."""
    if region is None:
        return None
    first = [min(max(0, start), length) for start, length in zip(region[:2], shape, strict=True)]
    last = [
        min(max(0, start + extent), length)
        for start, extent, length in zip(region[:2], region[2:], shape, strict=True)
    ]
    cut = (first[0], first[1], last[0] - first[0], last[1] - first[1])
    if cut[2] <= 0 or cut[3] <= 0:
        raise InvalidParameterError(
            "The region to preview lies outside the image", remedy="Draw it on the image"
        )
    return None if cut == (0, 0, *shape) else cut


def slices_of(region: Region) -> tuple[slice, slice]:
    """Give the rows and columns of a region."""
    row, column, height, width = region
    return slice(row, row + height), slice(column, column + width)


def _for_region(
    parameters: SegmentationParameters, region: Region | None, shape: tuple[int, int]
) -> SegmentationParameters:
    """Let the largest fraction that a cell may cover stay one of the image."""
    if region is None:
        return parameters
    share = region[2] * region[3] / (shape[0] * shape[1])
    fraction = min(1.0, parameters.decoding.max_fraction / share)
    return replace(parameters, decoding=replace(parameters.decoding, max_fraction=fraction))


def _result(
    found: Segmentation, model: SegmentationModel, region: Region | None, started: float
) -> PreviewResult:
    return PreviewResult(
        labels=found.labels,
        n_cells=int(found.labels.max(initial=0)),
        diameter_px=found.scale.diameter_px,
        diameter_source=found.scale.source,
        device=str(model.device),
        seconds=time.monotonic() - started,
        region=region,
    )
