"""Which cells and pixels belong to a region of interest, and what is counted in it."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_app.measurement.regions import add_region_column, count_by_region, keep_allowed_cells
from dinocell_app.measurement.table import MeasurementRequest, measure_cells
from dinocell_app.regions.region import Region, allowed_pixels, inside, names_at, pixels_inside


def _box(name: str, left: float, top: float, right: float, bottom: float, kind: str = "count") -> Region:
    return Region(name, ((left, top), (right, top), (right, bottom), (left, bottom)), kind)


@pytest.fixture
def labels() -> np.ndarray:
    """Four squares of 4 x 4 pixels with their centroids at (5, 5), (5, 25), (15, 5) and (15, 25)."""
    image = np.zeros((20, 30), np.int32)
    for label, (row, column) in enumerate([(3, 3), (3, 23), (13, 3), (13, 23)], start=1):
        image[row : row + 4, column : column + 4] = 2 * label
    return image


def _kept(labels: np.ndarray, *regions: Region) -> list[int]:
    return [int(label) for label in np.unique(keep_allowed_cells(labels, regions)) if label]


def test_a_box_holds_its_pixels_and_half_a_pixel_decides() -> None:
    assert pixels_inside(_box("a", 2, 3, 5, 7), (10, 10)).sum() == 12
    assert pixels_inside(_box("a", 2, 3, 5.4, 7), (10, 10)).sum() == 12
    assert pixels_inside(_box("a", 2, 3, 5.6, 7), (10, 10)).sum() == 16
    assert pixels_inside(_box("a", -50, -50, 50, 50), (10, 10)).all()


def test_pixels_and_points_agree_in_any_polygon() -> None:
    random = np.random.default_rng(2)
    rows, columns = np.mgrid[:40, :50]
    x, y = columns.ravel() + 0.5, rows.ravel() + 0.5
    for _ in range(20):
        corners = tuple((float(a), float(b)) for a, b in random.uniform(-5, 55, (7, 2)))
        region = Region("a", corners)
        assert np.array_equal(pixels_inside(region, (40, 50)).ravel(), inside(region, x, y))


def test_a_disc_has_the_area_of_a_disc() -> None:
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    corners = tuple((50 + 30 * float(np.cos(a)), 50 + 30 * float(np.sin(a))) for a in angles)
    assert pixels_inside(Region("disc", corners), (100, 100)).sum() == pytest.approx(np.pi * 900, rel=0.01)


def test_excluding_and_limiting_go_by_the_centroid(labels: np.ndarray) -> None:
    assert _kept(labels, _box("left", 0, 0, 10, 20)) == [2, 4, 6, 8]
    assert _kept(labels, _box("left", 0, 0, 10, 20, "exclude")) == [4, 8]
    assert _kept(labels, _box("left", 0, 0, 10, 20, "limit")) == [2, 6]
    # The outline cuts the first cell: its centroid, (5, 5) in corners, is on one side or the other.
    assert _kept(labels, _box("half", 0, 0, 4.9, 20, "exclude")) == [2, 4, 6, 8]
    assert _kept(labels, _box("half", 0, 0, 5.1, 20, "exclude")) == [4, 8]
    assert _kept(labels, _box("a", 0, 0, 30, 10, "limit"), _box("b", 0, 0, 10, 20, "exclude")) == [4]
    assert _kept(labels, _box("a", 0, 0, 2, 2, "limit")) == []
    assert keep_allowed_cells(labels, ()) is labels


def test_cells_are_named_and_counted_with_density(labels: np.ndarray) -> None:
    regions = [
        _box("top", 0, 0, 30, 10),
        _box("left", 0, 0, 10, 20),
        _box("left", 20, 16, 30, 20),  # a second part, without the centroid of any cell
        _box("hole", 0, 0, 10, 10, "exclude"),
    ]
    kept = keep_allowed_cells(labels, regions)
    table = measure_cells(MeasurementRequest(kept, {}, "a.tif", pixel_size_um=0.5))
    named = add_region_column(table, regions)
    assert dict(zip(named["label"], named["region"], strict=True)) == {4: "top", 6: "left", 8: ""}
    assert list(named.columns[:3]) == ["image", "label", "region"]
    top, left = count_by_region(table, regions, "a.tif", (20, 30), 0.5)
    assert (top["n_cells"], top["region_area_px2"]) == (1, 200)
    assert (left["n_cells"], left["region_area_px2"]) == (1, 140)
    assert top["region_area_um2"] == 50
    assert top["density_per_mm2"] == pytest.approx(20_000)
    assert top["confluency"] == pytest.approx(16 / 200)


def test_a_region_without_area_has_no_density(labels: np.ndarray) -> None:
    table = measure_cells(MeasurementRequest(labels, {}, "a.tif", pixel_size_um=1.0))
    (row,) = count_by_region(table, [_box("away", 90, 90, 99, 99)], "a.tif", (20, 30), 1.0)
    assert (row["n_cells"], row["region_area_px2"], row["density_per_mm2"], row["confluency"]) == (
        0,
        0,
        None,
        None,
    )


def test_overlapping_regions_are_all_named() -> None:
    regions = [_box("a", 0, 0, 5, 5), _box("b", 0, 0, 9, 9), _box("c", 0, 0, 9, 9, "exclude")]
    assert names_at(regions, np.array([1.0, 7.0, 20.0]), np.array([1.0, 7.0, 1.0])) == ["a; b", "b", ""]
    assert allowed_pixels(regions[:2], (9, 9)) is None
    assert allowed_pixels(regions, (9, 9)).sum() == 0
