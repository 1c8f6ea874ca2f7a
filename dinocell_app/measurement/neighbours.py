"""Other cells around each cell: how many within a distance, how far the nearest, how much contact."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.boundary import Contours
from dinocell_app.measurement.cells import Cells
from dinocell_app.measurement.moments import CellMoments

LARGEST_DISTANCE_PX = 200.0
"""Farther cells are no neighbours, and time grows with the square of the distance."""


def measure_neighbours(
    cells: Cells, moments: CellMoments, contours: Contours, distance_px: float
) -> Mapping[str, NDArray[np.generic]]:
    """Neighbourhood of every cell.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.
    moments : CellMoments
        From `cell_moments` on the same cells.
    contours : Contours
        From `trace_contours` on the same cells.
    distance_px : float
        Cells are neighbours when the centres of two of their pixels are at most this far apart, in pixels;
        1 finds those that share a pixel edge.

    Returns
    -------
    mapping of str to ndarray of shape (n,)
        By the stems of `columns.NEIGHBOURHOOD`; lengths in pixels.

    Raises
    ------
    InvalidParameterError
        If the distance is not between 1 and `LARGEST_DISTANCE_PX`.
    """
    if not 1 <= distance_px <= LARGEST_DISTANCE_PX:
        raise InvalidParameterError(
            f"a neighbour distance of {distance_px} px cannot be used",
            remedy=f"Choose 1 to {LARGEST_DISTANCE_PX:g} px",
        )
    steps = _disk_steps(distance_px)
    return {
        "n_neighbours": _count_neighbours(cells.numbers, contours.pixels, contours.starts, steps),
        "nearest_neighbour_distance": nearest_distances(moments.centroids),
        "touching_fraction": contours.touching_fraction,
    }


def nearest_distances(centroids: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure how far the nearest other centroid is.

    Parameters
    ----------
    centroids : ndarray of shape (n, 2), float64

    Returns
    -------
    ndarray of shape (n,), float64
        NaN for a cell alone.
    """
    if len(centroids) < 2:
        return np.full(len(centroids), np.nan)
    distances, _ = cKDTree(centroids).query(centroids, k=2)
    return np.asarray(distances[:, 1], np.float64)


def _disk_steps(radius: float) -> NDArray[np.int64]:
    reach = int(radius)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    inside = rows**2 + columns**2 <= radius**2
    return np.stack([rows[inside], columns[inside]], axis=1).astype(np.int64)


@njit(cache=True, nogil=True)
def _count_neighbours(
    numbers: NDArray[np.int32],
    contour: NDArray[np.int64],
    starts: NDArray[np.int64],
    steps: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Look around contour pixels only: the nearest pixels of two cells always are such."""
    height, width = numbers.shape[0] - 2, numbers.shape[1] - 2
    counts = np.zeros(len(starts) - 1, np.int64)
    last_seen_by = np.full(len(counts), -1, np.int64)
    for cell in range(len(counts)):
        last_seen_by[cell] = cell
        for place in range(starts[cell], starts[cell + 1]):
            row, column = contour[place] // width, contour[place] % width
            for step in range(len(steps)):
                near_row, near_column = row + steps[step, 0], column + steps[step, 1]
                if 0 <= near_row < height and 0 <= near_column < width:
                    other = numbers[near_row + 1, near_column + 1]
                    if other >= 0 and last_seen_by[other] != cell:
                        last_seen_by[other] = cell
                        counts[cell] += 1
    return counts
