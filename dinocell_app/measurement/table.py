"""The table of an image: one row a cell, columns as declared in `columns`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.boundary import Contours, trace_contours
from dinocell_app.measurement.cells import Cells, group_cells
from dinocell_app.measurement.channel_names import check_channel_names
from dinocell_app.measurement.column import Column
from dinocell_app.measurement.columns import EDITED, channel_columns, table_columns
from dinocell_app.measurement.intensity import measure_intensity
from dinocell_app.measurement.moments import cell_moments
from dinocell_app.measurement.neighbours import measure_neighbours
from dinocell_app.measurement.shape import measure_shape
from dinocell_app.measurement.texture import TextureParameters, measure_texture

if TYPE_CHECKING:
    import pandas as pd

NEIGHBOUR_DISTANCE_PX = 5.0
"""Cells with pixels within this distance are neighbours unless another distance is asked for."""


@dataclass(frozen=True)
class MeasurementRequest:
    """What to measure.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background; ids may have gaps.
    channels : mapping of str to ndarray of shape (M, N)
        Intensity images by channel name, in the order of their columns; NaN pixels are left out.
    image : str
        Name for the first column.
    pixel_size_um : float, optional
        Edge length of a pixel in micrometres; None when unknown, and then no column says `_um`.
    neighbour_distance_px : float
        Cells with pixel centres within this distance count as neighbours, 1 to 200 pixels.
    texture : TextureParameters, optional
        Measure Haralick texture in every channel; None leaves it out.
    cell_probability : ndarray of shape (M, N), optional
        The network's map, for the column `confidence`; None for labels made without one.
    flow_errors : ndarray of shape (largest label + 1,), float64, optional
        By label, for the column `flow_error`, which is missing throughout without it.
    reference_scores : mapping of int to float, optional
        Likeness to reference cells by label, for the column `reference_score`.
    cell_types : mapping of int to str, optional
        Type by label, for the column `cell_type`.
    edited : frozenset of int
        Labels of cells that somebody corrected, for the column `edited`.
    """

    labels: NDArray[np.integer]
    channels: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    image: str = ""
    pixel_size_um: float | None = None
    neighbour_distance_px: float = NEIGHBOUR_DISTANCE_PX
    texture: TextureParameters | None = None
    cell_probability: NDArray[np.floating] | None = None
    flow_errors: NDArray[np.float64] | None = None
    reference_scores: Mapping[int, float] | None = None
    cell_types: Mapping[int, str] | None = None
    edited: frozenset[int] = frozenset()


def measure_cells(request: MeasurementRequest) -> pd.DataFrame:
    """Measure every cell of an image.

    Parameters
    ----------
    request : MeasurementRequest
        Labels, channels and choices; its arrays are not changed.

    Returns
    -------
    pandas.DataFrame
        One row a cell in the order of the ids, first columns `image` and `label`, columns and types as
        `columns.table_columns` declares them; 0 rows of the same types for an image without cells.

    Raises
    ------
    InvalidParameterError
        If labels, channels, pixel size or neighbour distance cannot be used or do not fit together.
    """
    import pandas as pd

    types = {column.name: column.dtype for column in columns_of(request)}
    return pd.DataFrame(measure_columns(request)).astype(types)


def columns_of(request: MeasurementRequest) -> tuple[Column, ...]:
    """Columns of the table that a request gives.

    Parameters
    ----------
    request : MeasurementRequest
        Labels, channels and choices.

    Returns
    -------
    tuple of Column
        In the order of the table.
    """
    return table_columns(
        request.channels,
        pixel_size_known=request.pixel_size_um is not None,
        texture=request.texture is not None,
        confidence=request.cell_probability is not None,
        reference_score=request.reference_scores is not None,
        cell_type=request.cell_types is not None,
    )


def measure_columns(request: MeasurementRequest) -> dict[str, NDArray[np.generic]]:
    """Measure every cell of an image without pandas.

    Parameters
    ----------
    request : MeasurementRequest
        Labels, channels and choices; its arrays are not changed.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        By column name, in the order of the table.

    Raises
    ------
    InvalidParameterError
        As `measure_cells`.
    """
    size = request.pixel_size_um
    if size is not None and not (math.isfinite(size) and size > 0):
        raise InvalidParameterError(
            f"a pixel size of {size} um cannot be used",
            remedy="Give the edge length of a pixel in micrometres, or none if it is unknown",
        )
    check_channel_names(request.channels)
    cells = group_cells(request.labels)
    moments, contours = cell_moments(cells), trace_contours(cells)
    measures: dict[str, NDArray[np.generic]] = {
        "image": np.full(len(cells.ids), request.image, dtype=object),
        "label": cells.ids,
        EDITED.stem: np.isin(cells.ids, sorted(request.edited)),
        **measure_shape(cells, moments, contours),
        **measure_neighbours(cells, moments, contours, request.neighbour_distance_px),
    }
    known = size is not None
    if request.cell_probability is not None:
        measures["confidence"] = _confidence(cells, request.labels, request.cell_probability)
        errors = request.flow_errors
        measures["flow_error"] = np.full(len(cells.ids), np.nan) if errors is None else errors[cells.ids]
    if request.reference_scores is not None:
        measures["reference_score"] = _by_label(cells, request.reference_scores, np.dtype(np.float64))
    if request.cell_types is not None:
        measures["cell_type"] = _by_label(cells, request.cell_types, np.dtype(object))
    values = _in_units(measures, columns_of(replace(request, channels={})), size)
    for channel, pixels in request.channels.items():
        measures = dict(_measure_channel(cells, contours, pixels, request.texture))
        columns = channel_columns(channel, pixel_size_known=known, texture=request.texture is not None)
        values |= _in_units(measures, columns, size)
    return values


def _confidence(
    cells: Cells, labels: NDArray[np.integer], cell_probability: NDArray[np.floating]
) -> NDArray[np.float64]:
    if labels.shape != cell_probability.shape:
        raise InvalidParameterError(
            f"labels of shape {labels.shape} and a cell probability of shape {cell_probability.shape} do "
            "not belong together",
            remedy="Measure with the map that the labels come from",
        )
    if not len(cells.ids):
        return np.zeros(0)
    return np.asarray(ndimage.mean(cell_probability, labels, cells.ids), np.float64)


def _by_label(
    cells: Cells, values: Mapping[int, float] | Mapping[int, str], dtype: np.dtype[Any]
) -> NDArray[Any]:
    missing = [label for label in cells.ids.tolist() if label not in values]
    if missing:
        raise InvalidParameterError(
            f"cell {missing[0]} was not compared with the reference cells",
            remedy="Measure with the scores of these labels",
        )
    return np.array([values[label] for label in cells.ids.tolist()], dtype)


def _measure_channel(
    cells: Cells, contours: Contours, pixels: NDArray[np.generic], texture: TextureParameters | None
) -> dict[str, NDArray[np.float64]]:
    measures = dict(measure_intensity(cells, contours, pixels))
    if texture is not None:
        measures.update(measure_texture(cells, pixels, texture))
    return measures


def _in_units(
    measures: Mapping[str, NDArray[np.generic]], columns: tuple[Column, ...], pixel_size_um: float | None
) -> dict[str, NDArray[np.generic]]:
    values: dict[str, NDArray[np.generic]] = {}
    for column in columns:
        measured = measures[column.stem]
        if column.exponent and pixel_size_um is not None:
            measured = measured.astype(np.float64) * pixel_size_um**column.exponent
        values[column.name] = measured
    return values
