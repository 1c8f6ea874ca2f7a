"""Seconds for the measurements that scikit-image has too, on 2,000 cells in 2048 x 2048 pixels.

    python tests/benchmarks/measurement.py

Both are run in turn on the same arrays: a first call each to warm up, then the best of the asked number of
runs. The columns are compared before the times are printed. The last line is the whole table, which has more
columns.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from skimage.measure import regionprops_table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_app.measurement.boundary import trace_contours
from dinocell_app.measurement.cells import group_cells
from dinocell_app.measurement.intensity import measure_intensity
from dinocell_app.measurement.moments import cell_moments
from dinocell_app.measurement.shape import measure_shape
from dinocell_app.measurement.table import MeasurementRequest, measure_cells

SHARED = {
    "area": "area",
    "area_convex": "area_convex",
    "area_filled": "area_filled",
    "axis_major_length": "major_axis",
    "axis_minor_length": "minor_axis",
    "bbox-0": "bbox_y_min",
    "bbox-1": "bbox_x_min",
    "bbox-2": "bbox_y_max",
    "bbox-3": "bbox_x_max",
    "centroid-0": "centroid_y",
    "centroid-1": "centroid_x",
    "eccentricity": "eccentricity",
    "equivalent_diameter_area": "equivalent_diameter",
    "euler_number": "euler_number",
    "extent": "extent",
    "feret_diameter_max": "feret_max",
    "perimeter": "perimeter",
    "perimeter_crofton": "perimeter_crofton",
    "solidity": "solidity",
    "intensity_max": "intensity_max",
    "intensity_mean": "intensity_mean",
    "intensity_median": "intensity_median",
    "intensity_min": "intensity_min",
    "intensity_std": "intensity_std",
    **{f"moments_hu-{order - 1}": f"hu_moment_{order}" for order in range(1, 8)},
}
"""scikit-image's column to ours; the orientation is compared in the tests, where ties are known."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, default=2000)
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    labels = draw_cells(arguments.side, arguments.cells)
    channel = np.random.default_rng(1).normal(1000, 100, labels.shape).astype(np.float32).clip(0)
    properties = ("label", "orientation", *sorted({name.split("-")[0] for name in SHARED}))

    def ours() -> dict[str, np.ndarray]:
        cells = group_cells(labels)
        contours = trace_contours(cells)
        shape = measure_shape(cells, cell_moments(cells), contours)
        return {**shape, **measure_intensity(cells, contours, channel)}

    def theirs() -> dict[str, np.ndarray]:
        return regionprops_table(labels, channel, properties=properties)

    def whole() -> object:
        return measure_cells(MeasurementRequest(labels, {"channel": channel}, pixel_size_um=0.5))

    compare(ours(), theirs())
    seconds = best_seconds((ours, theirs, whole), arguments.runs)
    n = len(np.unique(labels)) - 1
    print(f"{n} cells in {arguments.side} x {arguments.side} pixels, {len(SHARED) + 1} shared columns, equal")
    print(f"scikit-image regionprops_table  {seconds[1]:8.3f} s")
    print(f"dinocell_app.measurement        {seconds[0]:8.3f} s")
    print(f"ratio                           {seconds[1] / seconds[0]:8.1f}")
    print(f"measure_cells, whole table      {seconds[2]:8.3f} s")


def draw_cells(side: int, n_cells: int) -> np.ndarray:
    """Ellipses with lobes on a jittered grid; some touch, every tenth has a hole; uint16."""
    rng = np.random.default_rng(0)
    per_side = int(np.ceil(np.sqrt(n_cells)))
    pitch = side / per_side
    labels = np.zeros((side, side), np.uint16)
    places = rng.permutation(per_side**2)[:n_cells]
    for label, place in enumerate(places, start=1):
        centre = (np.array(divmod(place, per_side)) + 0.5 + rng.uniform(-0.12, 0.12, 2)) * pitch
        top, left = np.maximum(centre - pitch, 0).astype(int)
        rows, columns = np.mgrid[
            top : min(top + int(2 * pitch), side), left : min(left + int(2 * pitch), side)
        ]
        turn, stretch = rng.uniform(0, np.pi), rng.uniform(1, 1.35)
        down, right = rows - centre[0], columns - centre[1]
        along = (np.cos(turn) * down + np.sin(turn) * right) / stretch
        across = (np.cos(turn) * right - np.sin(turn) * down) * stretch
        radius = np.hypot(along, across)
        edge = pitch * rng.uniform(0.3, 0.42) * (1 + 0.12 * np.cos(5 * np.arctan2(along, across) + turn))
        inside = (radius < edge) & ((radius > 0.3 * edge) | (label % 10 != 0))
        labels[rows[inside], columns[inside]] = label
    return labels


def compare(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    for name, column in SHARED.items():
        np.testing.assert_allclose(ours[column], theirs[name], rtol=1e-6, atol=1e-9, err_msg=name)


def best_seconds(calls: tuple[Callable[[], object], ...], runs: int) -> list[float]:
    best = [float("inf")] * len(calls)
    for _ in range(runs):
        for place, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[place] = min(best[place], time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
