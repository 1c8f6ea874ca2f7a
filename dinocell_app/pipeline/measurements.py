"""What is measured in one plane: the table of its cells and a row about the plane as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dinocell_app.measurement.channel_names import ascii_channel_name
from dinocell_app.measurement.column import Column
from dinocell_app.measurement.regions import add_region_column, count_by_region
from dinocell_app.measurement.summary import SummaryContext, summarise_image
from dinocell_app.measurement.table import MeasurementRequest, columns_of, measure_cells
from dinocell_app.measurement.texture import TextureParameters
from dinocell_app.model.flow_decoding import flow_errors
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.regions.region import Region

if TYPE_CHECKING:
    import pandas as pd

Pixels = TypeVar("Pixels")


@dataclass(frozen=True)
class CellFindings:
    """What a network says about the cells of a plane.

    Parameters
    ----------
    cell_probability : ndarray of shape (M, N), optional
        For the confidence of each cell.
    flows : ndarray of shape (2, M, N), float32, optional
        Unit flows of the network; whatever cells are kept is compared with them.
    reference_scores : mapping of int to float, optional
        Likeness to reference cells, by label.
    cell_types : mapping of int to str, optional
        Type by label.
    regions : sequence of Region
        Regions of interest that cells are counted in; those they leave out are no longer in the labels.
    """

    cell_probability: NDArray[np.floating] | None = None
    flows: NDArray[np.float32] | None = None
    reference_scores: Mapping[int, float] | None = None
    cell_types: Mapping[int, str] | None = None
    regions: Sequence[Region] = ()


@dataclass(frozen=True)
class PlaneMeasurements:
    """Numbers of one plane.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a cell.
    summary : mapping of str to str, int, float or None
        About the plane as a whole, by column of the table of images; None where there is no number.
    channels : tuple of str
        Names of the channels as they are in the columns of both.
    regions : tuple of mapping
        About each region of interest, by column of the table of regions.
    """

    table: pd.DataFrame
    summary: Mapping[str, Any]
    channels: tuple[str, ...]
    regions: tuple[Mapping[str, Any], ...] = ()

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.table)


def measure_plane(
    labels: NDArray[np.integer],
    channels: Mapping[str, NDArray[np.generic]],
    name: str,
    pixel_size_um: float | None,
    *,
    texture: bool,
    found: CellFindings | None = None,
) -> PlaneMeasurements:
    """Measure the cells of a plane.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.
    channels : mapping of str to ndarray of shape (M, N)
        Intensities by channel.
    name : str
        Of the plane, for the first column.
    pixel_size_um : float or None
        Edge of a pixel; None when unknown.
    texture : bool
        Whether Haralick texture is measured.
    found : CellFindings, optional
        What the network that made the labels says; None for labels made without one.

    Raises
    ------
    InvalidParameterError
        If labels and channels do not fit together.
    """
    found = found or CellFindings()
    request = MeasurementRequest(
        labels=labels,
        channels=with_different_names(channels),
        image=name,
        pixel_size_um=pixel_size_um,
        texture=TextureParameters() if texture else None,
        cell_probability=found.cell_probability,
        flow_errors=None if found.flows is None else flow_errors_of(labels, found.flows),
        reference_scores=found.reference_scores,
        cell_types=found.cell_types,
    )
    context = SummaryContext(name, (labels.shape[0], labels.shape[1]), pixel_size_um)
    return summarise_plane(
        measure_cells(request), columns_of(request), context, found.regions, tuple(request.channels)
    )


def flow_errors_of(labels: NDArray[np.integer], flows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compare the flows of a network with those that labels would have.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    flows : ndarray of shape (2, M, N), float32
        Unit flows.

    Returns
    -------
    ndarray of shape (largest label + 1,), float64
        Mean squared difference over each cell.
    """
    cells = np.ascontiguousarray(labels, np.int32)
    return flow_errors(cells, np.ascontiguousarray(flows), labels_to_flows(cells))


def summarise_plane(
    table: pd.DataFrame,
    columns: Sequence[Column],
    context: SummaryContext,
    regions: Sequence[Region],
    channels: tuple[str, ...],
) -> PlaneMeasurements:
    """Put together what is told about a plane and its regions from the table of its cells.

    Parameters
    ----------
    table : pandas.DataFrame
        From `measure_cells`.
    columns : sequence of Column
        Its columns.
    regions : sequence of Region
        Regions of interest that cells are counted in.
    channels : tuple of str
        As they are named in the columns.
    """
    summary = summarise_image(table, columns, context)
    known = {key: None if isinstance(v, float) and math.isnan(v) else v for key, v in summary.items()}
    counted = count_by_region(table, regions, context.image, context.shape, context.pixel_size_um)
    return PlaneMeasurements(add_region_column(table, regions), known, channels, tuple(counted))


def with_different_names(channels: Mapping[str, Pixels]) -> dict[str, Pixels]:
    """Add numbers to channel names that would be the same in ASCII, such as two in Japanese.

    Parameters
    ----------
    channels : mapping of str to anything
        Pixels by channel name.

    Returns
    -------
    dict of str to anything
        The same pixels, in the same order.
    """
    endings = [ascii_channel_name(name) for name in channels]
    return {
        name if endings.count(ending) == 1 else f"{ending}_{index}": pixels
        for index, ((name, pixels), ending) in enumerate(zip(channels.items(), endings, strict=True))
    }
