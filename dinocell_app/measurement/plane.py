"""What is measured in one plane: the table of its cells and a row about the plane as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from dinocell_app.measurement.channel_names import ascii_channel_name
from dinocell_app.measurement.column import Column
from dinocell_app.measurement.regions import add_region_column, count_by_region
from dinocell_app.measurement.summary import SummaryContext, summarise_image
from dinocell_app.measurement.table import MeasurementRequest, columns_of, measure_cells
from dinocell_app.regions.region import Region

if TYPE_CHECKING:
    import pandas as pd

Pixels = TypeVar("Pixels")


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


def measure_plane(request: MeasurementRequest, regions: Sequence[Region] = ()) -> PlaneMeasurements:
    """Measure the cells of a plane.

    Parameters
    ----------
    request : MeasurementRequest
        Channels whose names would be the same in ASCII are numbered.
    regions : sequence of Region
        Regions of interest that cells are counted in; those they leave out are no longer in the labels.

    Raises
    ------
    InvalidParameterError
        If labels and channels do not fit together.
    """
    request = replace(request, channels=with_different_names(request.channels))
    shape = (request.labels.shape[0], request.labels.shape[1])
    context = SummaryContext(request.image, shape, request.pixel_size_um)
    return summarise_plane(
        measure_cells(request), columns_of(request), context, regions, tuple(request.channels)
    )


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
    counted = count_by_region(table, regions, context.image, context.shape, context.pixel_size_um)
    known = known_summary(table, columns, context)
    return PlaneMeasurements(add_region_column(table, regions), known, channels, tuple(counted))


def known_summary(table: pd.DataFrame, columns: Sequence[Column], context: SummaryContext) -> dict[str, Any]:
    """Say of a plane as a whole what records keep: None where there is no number.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a cell.
    columns : sequence of Column
        Of the table.
    """
    summary = summarise_image(table, columns, context)
    return {key: None if isinstance(v, float) and math.isnan(v) else v for key, v in summary.items()}


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
