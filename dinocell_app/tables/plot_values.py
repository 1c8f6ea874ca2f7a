"""What a plot is drawn from, worked out of the shown cells on a worker thread."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dinocell_app.tables.cell_groups import MOST_GROUPS, group_cells
from dinocell_app.tables.cell_store import CellStore
from dinocell_app.tables.distributions import (
    BoxValues,
    Density,
    Histogram,
    box_values,
    finite,
    histogram,
    point_density,
)
from dinocell_app.tables.row_order import Arrangement, filter_mask

HISTOGRAM, SCATTER, BOX, VIOLIN = "histogram", "scatter", "box", "violin"

MOST_POINTS = 5000
"""Points drawn one by one; more are drawn as a density."""

Points = tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class PlotRequest:
    """What to plot.

    Parameters
    ----------
    rows : ndarray of shape (n,), int
        The cells that are shown.
    arrangement : Arrangement
        The filters in force.
    kind : str
        `HISTOGRAM`, `SCATTER`, `BOX` or `VIOLIN`.
    names : (str, str)
        Columns; the second is of use for the scatter plot alone.
    group_by : str
        As in `group_cells`.
    """

    store: CellStore
    rows: NDArray[np.int32]
    arrangement: Arrangement
    kind: str
    names: tuple[str, str]
    group_by: str


@dataclass(frozen=True)
class PlotValues:
    """What to draw.

    Parameters
    ----------
    names : (str, str)
        The columns.
    note : str
        What a reader of the plot must know, such as cells left out.
    problem : str
        Why there is nothing to draw; empty otherwise.
    histograms : (Histogram, Histogram) or None
        Of all cells and of those that pass the other filters, with the same edges.
    points : (rows, x, y) or None
        Of the scatter plot.
    density : Density or None
        In place of so many points.
    boxes : tuple of BoxValues or None
        Of the groups.
    """

    names: tuple[str, str]
    note: str = ""
    problem: str = ""
    histograms: tuple[Histogram, Histogram] | None = None
    points: Points | None = None
    density: Density | None = None
    boxes: tuple[BoxValues, ...] | None = None


def plot_values(request: PlotRequest) -> PlotValues:
    """Work out what to draw."""
    if request.kind == HISTOGRAM:
        return _histogram_values(request)
    if not len(request.rows):
        return PlotValues(request.names, problem="No cell passes the filter.")
    return _scatter_values(request) if request.kind == SCATTER else _group_values(request)


def _histogram_values(request: PlotRequest) -> PlotValues:
    """Count all cells and the shown ones; the range on this column only marks its part of the bars."""
    name = request.names[0]
    values = request.store.columns[name].values
    everything = histogram(values)
    if not everything.counts.sum():
        return PlotValues(request.names, problem="No cell has a value in this column.")
    others = {other: limits for other, limits in request.arrangement.ranges.items() if other != name}
    passing = filter_mask(request.store, replace(request.arrangement, ranges=others))
    counts, _ = np.histogram(finite(values[passing]), everything.edges)
    missing = everything.n_missing
    note = "Drag the edges of the range to show only the cells within."
    if missing:
        note += f" {_cells(missing)} without a value left out."
    return PlotValues(request.names, note, histograms=(everything, Histogram(everything.edges, counts)))


def _scatter_values(request: PlotRequest) -> PlotValues:
    x, y = (request.store.columns[name].values[request.rows].astype(np.float64) for name in request.names)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return PlotValues(request.names, problem="No cell has a value in both columns.")
    missing = len(known) - int(known.sum())
    rows, x, y = request.rows[known], x[known], y[known]
    density = point_density(x, y) if len(rows) > MOST_POINTS else None
    note = f"{_cells(len(rows))}." + (f" {_cells(missing)} without a value left out." if missing else "")
    if density is not None:
        note += " Drawn as a density, brighter where there are more. Click to choose the nearest."
    return PlotValues(request.names, note, points=(rows, x, y), density=density)


def _group_values(request: PlotRequest) -> PlotValues:
    groups = group_cells(request.store, request.rows, request.group_by)
    values = request.store.columns[request.names[0]].values
    violin = request.kind == VIOLIN
    boxes = [
        box
        for group in groups[:MOST_GROUPS]
        if (box := box_values(group.name, values[group.rows], violin=violin)) is not None
    ]
    if not boxes:
        return PlotValues(request.names, problem="No cell has a value in this column.")
    note = "Box: quartiles and median. Whiskers: to the last value within 1.5 box lengths."
    if len(groups) > MOST_GROUPS:
        note += f" The first {MOST_GROUPS} of {len(groups)} groups are drawn."
    return PlotValues(request.names, note, boxes=tuple(boxes))


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number:,} cells"
