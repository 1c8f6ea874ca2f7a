"""Size and shape of the cells, from area to Hu moments."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dinocell_app.measurement.boundary import Contours, measure_boundaries
from dinocell_app.measurement.cells import Cells
from dinocell_app.measurement.holes import filled_areas
from dinocell_app.measurement.hull import measure_hulls
from dinocell_app.measurement.moments import CellMoments


def measure_shape(
    cells: Cells, moments: CellMoments, contours: Contours
) -> Mapping[str, NDArray[np.generic]]:
    """Size and shape of every cell.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.
    moments : CellMoments
        From `cell_moments` on the same cells.
    contours : Contours
        From `trace_contours` on the same cells.

    Returns
    -------
    mapping of str to ndarray of shape (n,)
        By the stems of `columns.SHAPE`; lengths and areas in pixels.
    """
    boundaries = measure_boundaries(cells, contours)
    hulls = measure_hulls(cells)
    ellipses = moments.ellipses()
    areas = cells.areas.astype(np.float64)
    top, left, bottom, right = cells.boxes.T
    perimeters_squared = boundaries.perimeter**2
    measures: dict[str, NDArray[np.generic]] = {
        "touches_border": boundaries.touches_border,
        "centroid_x": moments.centroids[:, 1],
        "centroid_y": moments.centroids[:, 0],
        "bbox_x_min": left,
        "bbox_y_min": top,
        "bbox_x_max": right,
        "bbox_y_max": bottom,
        "area": cells.areas,
        "area_convex": hulls.convex_area,
        "area_filled": filled_areas(cells),
        "perimeter": boundaries.perimeter,
        "perimeter_crofton": boundaries.perimeter_crofton,
        "equivalent_diameter": 2 * np.sqrt(areas / np.pi),
        "major_axis": ellipses.major_axis,
        "minor_axis": ellipses.minor_axis,
        "eccentricity": ellipses.eccentricity,
        "orientation_deg": ellipses.orientation,
        "aspect_ratio": _divide(ellipses.major_axis, ellipses.minor_axis),
        "circularity": _divide(4 * np.pi * areas, perimeters_squared),
        "roundness": _divide(4 * areas, np.pi * ellipses.major_axis**2),
        "compactness": perimeters_squared / (4 * np.pi * areas),
        "solidity": areas / hulls.convex_area,
        "extent": areas / ((bottom - top) * (right - left)),
        "euler_number": boundaries.euler_number,
        "feret_max": hulls.feret_max,
        "feret_min": hulls.feret_min,
    }
    for order, invariant in enumerate(moments.hu().T, start=1):
        measures[f"hu_moment_{order}"] = invariant
    return measures


def _divide(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    missing = np.full_like(numerator, np.nan)
    return np.divide(numerator, denominator, out=missing, where=denominator > 0)
