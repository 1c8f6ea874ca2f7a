"""The table of a large picture, measured block by block: each cell once, whole and with its neighbours."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.order_statistics import order_statistics
from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.measurement.cells import group_cells
from dinocell_app.measurement.column import Column
from dinocell_app.measurement.columns import channel_columns, table_columns
from dinocell_app.measurement.neighbours import nearest_distances
from dinocell_app.measurement.plane import PlaneMeasurements, summarise_plane, with_different_names
from dinocell_app.measurement.seams import SEAM_COUNT, TOUCHES_SEAM
from dinocell_app.measurement.summary import SummaryContext
from dinocell_app.measurement.table import NEIGHBOUR_DISTANCE_PX, MeasurementRequest, measure_columns
from dinocell_app.measurement.texture import TextureParameters, measure_texture
from dinocell_app.regions.region import Region
from dinocell_app.segmentation.blocks import Span
from dinocell_app.segmentation.large_picture import LargeSegmentation

Values = dict[str, NDArray[Any]]
"""Measurements by column name."""

BESIDE_PX = math.ceil(NEIGHBOUR_DISTANCE_PX) + 1
"""Pixels around the cells of a block that are looked at for their neighbours."""


@dataclass(frozen=True)
class LargeRequest:
    """What to measure in a large picture.

    Parameters
    ----------
    kept : ndarray of shape (n,), bool
        Which of its cells count; the labels of the others are erased already.
    channels : mapping of str to PictureRows
        Intensities by channel.
    name : str
        Of the plane, for the first column.
    grey_ranges : mapping of str to tuple of float
        Smallest and largest value in the cells by channel, filled in where texture is measured.
    """

    found: LargeSegmentation
    kept: NDArray[np.bool_]
    channels: Mapping[str, PictureRows]
    name: str
    pixel_size_um: float | None = None
    texture: bool = False
    regions: Sequence[Region] = field(default_factory=tuple)
    grey_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def confidence(self) -> NDArray[np.float64] | None:
        """Confidence of the cells that count; None for objectives without one."""
        confidence = self.found.cells.confidence
        return None if np.isnan(confidence).any() else confidence[self.kept]


def measure_large(request: LargeRequest) -> Generator[None, None, PlaneMeasurements]:
    """Measure the cells of a large picture.

    Yields
    ------
    None
        After each block.

    Returns
    -------
    PlaneMeasurements
        What `measure_plane` gives for the whole picture, with the column `touches_seam`.
    """
    import pandas as pd

    found, channels = request.found, with_different_names(request.channels)
    request = replace(request, grey_ranges=_grey_ranges(request, channels) if request.texture else {})
    no_cells = np.zeros((1, 1), found.labels.dtype)
    parts = [_measured(request, channels, no_cells, ((0, 1), (0, 1)))]
    for rows in found.rows:
        for columns in found.columns:
            window = _window(request, rows, columns)
            if window is not None:
                parts.append(_of_one_block(request, channels, window, (rows, columns)))
            yield
        for channel in channels.values():
            channel.forget()
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    del parts
    order = np.argsort(values["label"])
    values = {name: measured[order] for name, measured in values.items()}
    known, texture = request.pixel_size_um is not None, request.texture
    values |= _known_of_the_whole(request, table_columns(channels, pixel_size_known=known, texture=texture))
    for name, channel in channels.items():
        values |= _less_background(request, values, channel, name)
        yield
    confidence, touches = request.confidence, found.touches_seam()[request.kept]
    declared = table_columns(
        channels, pixel_size_known=known, texture=texture, confidence=confidence is not None
    )
    if confidence is not None:
        values["confidence"] = confidence
        values["flow_error"] = found.cells.flow_errors[request.kept]
    columns_shown = [*declared]
    columns_shown.insert([column.name for column in declared].index("touches_border") + 1, TOUCHES_SEAM)
    values[TOUCHES_SEAM.name] = touches
    table = pd.DataFrame({column.name: values[column.name] for column in columns_shown}).astype(
        {column.name: column.dtype for column in columns_shown}
    )
    context = SummaryContext(request.name, found.labels.shape, request.pixel_size_um)
    measured = summarise_plane(table, declared, context, request.regions, tuple(channels))
    summary = {**measured.summary, SEAM_COUNT.name: int(touches.sum())}
    return PlaneMeasurements(measured.table, summary, measured.channels, measured.regions)


def _window(request: LargeRequest, rows: Span, columns: Span) -> tuple[Span, Span] | None:
    """Place of all cells that begin in a block, and of what is beside them."""
    chosen = request.found.cells.boxes[_of_block(request, rows, columns)]
    if not len(chosen):
        return None
    height, width = request.found.labels.shape
    top, left = (int(edge) for edge in chosen[:, :2].min(axis=0) - BESIDE_PX)
    bottom, right = (int(edge) for edge in chosen[:, 2:].max(axis=0) + BESIDE_PX)
    return (max(0, top), min(height, bottom)), (max(0, left), min(width, right))


def _of_block(request: LargeRequest, rows: Span, columns: Span) -> NDArray[np.bool_]:
    row, column = request.found.cells.firsts.T
    inside = (rows[0] <= row) & (row < rows[1]) & (columns[0] <= column) & (column < columns[1])
    return np.asarray(inside & request.kept, np.bool_)


def _of_one_block(
    request: LargeRequest,
    channels: Mapping[str, PictureRows],
    window: tuple[Span, Span],
    block: tuple[Span, Span],
) -> Values:
    """Measure what a window shows and keep the cells of its block."""
    measured = _measured(request, channels, request.found.labels.read(*window), window)
    of_block = np.isin(measured["label"], np.flatnonzero(_of_block(request, *block)) + 1)
    return {name: values[of_block] for name, values in measured.items()}


def _measured(
    request: LargeRequest,
    channels: Mapping[str, PictureRows],
    labels: NDArray[np.unsignedinteger],
    window: tuple[Span, Span],
) -> Values:
    rows, columns = window
    pixels = {name: channel.read(*rows)[:, slice(*columns)] for name, channel in channels.items()}
    values: Values = measure_columns(
        MeasurementRequest(
            labels=labels, channels=pixels, image=request.name, pixel_size_um=request.pixel_size_um
        )
    )
    for name, grey_range in request.grey_ranges.items():
        measured = measure_texture(
            group_cells(labels), pixels[name], TextureParameters(grey_range=grey_range)
        )
        named = {column.stem: column.name for column in channel_columns(name, texture=True)}
        values |= {named[stem]: feature for stem, feature in measured.items()}
    return values


def _grey_ranges(
    request: LargeRequest, channels: Mapping[str, PictureRows]
) -> dict[str, tuple[float, float]]:
    """Find the smallest and the largest value in the cells of each channel."""
    ranges = {}
    for name, channel in channels.items():
        lowest, highest = math.inf, -math.inf
        for first, pixels in channel.numbered_pieces():
            labels = request.found.labels.read((first, first + len(pixels)), (0, pixels.shape[1]))
            values = pixels[labels > 0]
            values = values[np.isfinite(values)]
            if len(values):
                lowest, highest = min(lowest, float(values.min())), max(highest, float(values.max()))
        ranges[name] = (lowest, highest) if lowest <= highest else (0.0, 0.0)
    return ranges


def _known_of_the_whole(request: LargeRequest, columns: Sequence[Column]) -> Values:
    """Say what no block knows: places in the picture, its border, and the nearest of all cells."""
    cells = request.found.cells.chosen(request.kept)
    edges = np.array(request.found.labels.shape)
    centroids = cells.centroids
    top, left, bottom, right = cells.boxes.T
    values: Values = {
        "touches_border": (cells.boxes[:, :2] == 0).any(axis=1) | (cells.boxes[:, 2:] == edges).any(axis=1),
        "bbox_x_min": left,
        "bbox_y_min": top,
        "bbox_x_max": right,
        "bbox_y_max": bottom,
        "centroid_y": centroids[:, 0],
        "centroid_x": centroids[:, 1],
        "nearest_neighbour_distance": nearest_distances(centroids),
    }
    size = request.pixel_size_um or 1.0
    return {
        column.name: values[column.stem] * size**column.exponent if column.exponent else values[column.stem]
        for column in columns
        if column.stem in values
    }


def _less_background(request: LargeRequest, values: Values, channel: PictureRows, name: str) -> Values:
    """Take the median of everything outside cells away from the means of one channel."""
    width = request.found.labels.shape[1]

    def outside() -> Iterator[NDArray[Any]]:
        for first, pixels in channel.numbered_pieces():
            labels = request.found.labels.read((first, first + len(pixels)), (0, width))
            yield pixels[labels == 0]

    dtype = channel.read(0, 1).dtype
    _, middle = order_statistics(outside, dtype, lambda count: ((count - 1) // 2, count // 2))
    level = float("nan")
    if len(middle):
        lower, upper = middle.astype(np.float64)
        level = float(lower + (upper - lower) / 2)
    named = {column.stem: column.name for column in channel_columns(name)}
    return {named["intensity_mean_background_corrected"]: values[named["intensity_mean"]] - level}
