"""Cells whose measures are known without a computer."""

import numpy as np
import pytest

from dinocell_app.measurement.table import MeasurementRequest, measure_cells


def measure_one(mask):
    table = measure_cells(MeasurementRequest(mask.astype(np.uint16)))
    assert len(table) == 1
    return table.iloc[0]


def ellipse(angle_deg, semi_major=40.0, semi_minor=15.0, side=121):
    """An ellipse whose major axis is turned from the downward axis, counter-clockwise on the screen."""
    middle = side // 2
    down, right = np.mgrid[:side, :side] - middle
    angle = np.radians(angle_deg)
    along = np.cos(angle) * down + np.sin(angle) * right
    across = np.cos(angle) * right - np.sin(angle) * down
    return (along / semi_major) ** 2 + (across / semi_minor) ** 2 <= 1


def test_a_disk_is_round():
    rows, columns = np.mgrid[:201, :201]
    radius = 80
    cell = measure_one(np.hypot(rows - 100, columns - 100) <= radius)
    assert cell["area_px2"] == pytest.approx(np.pi * radius**2, rel=2e-3)
    assert (cell["centroid_x_px"], cell["centroid_y_px"]) == (100, 100)
    assert cell["equivalent_diameter_px"] == pytest.approx(2 * radius, rel=2e-3)
    assert cell["major_axis_px"] == pytest.approx(2 * radius, rel=2e-3)
    assert cell["eccentricity"] == 0
    assert cell["aspect_ratio"] == 1
    assert cell["orientation_deg"] == -45
    assert cell["roundness"] == pytest.approx(1, abs=1e-3)
    assert cell["perimeter_crofton_px"] == pytest.approx(2 * np.pi * radius, rel=0.01)
    assert cell["circularity"] == pytest.approx(1, abs=0.12)
    assert cell["feret_max_px"] == pytest.approx(2 * radius + 1, abs=0.6)
    assert cell["feret_min_px"] == pytest.approx(2 * radius + 1, abs=0.5)
    assert cell["hu_moment_1"] == pytest.approx(1 / (2 * np.pi), rel=1e-3)
    assert cell["euler_number"] == 1


@pytest.mark.parametrize(("height", "width"), [(12, 12), (7, 30), (30, 7), (1, 9)])
def test_an_upright_rectangle_has_the_measures_of_its_sides(height, width):
    mask = np.zeros((40, 40))
    mask[4 : 4 + height, 3 : 3 + width] = 1
    cell = measure_one(mask)
    assert cell["area_px2"] == cell["area_convex_px2"] == cell["area_filled_px2"] == height * width
    assert cell["solidity"] == cell["extent"] == 1
    assert [cell[f"bbox_{end}"] for end in ("x_min", "y_min", "x_max", "y_max")] == [
        3,
        4,
        3 + width,
        4 + height,
    ]
    longer, shorter = max(height, width), min(height, width)
    assert cell["feret_min_px"] == pytest.approx(shorter)
    # Pixels end in the middles of their edges, so the diagonal leaves out half a pixel at both ends.
    diagonal = np.hypot(longer, shorter - 1) if longer > shorter else np.hypot(longer, longer - 1)
    assert cell["feret_max_px"] == pytest.approx(diagonal)
    assert cell["major_axis_px"] == pytest.approx(4 * np.sqrt((longer**2 - 1) / 12))
    assert cell["minor_axis_px"] == pytest.approx(4 * np.sqrt((shorter**2 - 1) / 12))
    if shorter > 1:
        assert cell["perimeter_px"] == 2 * (height + width) - 4
        assert cell["compactness"] == pytest.approx(1 / cell["circularity"])


@pytest.mark.parametrize("angle", [0, 30, 45, 60, 85, 90, -20, -45, -70])
def test_orientation_is_the_angle_from_the_downward_axis(angle):
    cell = measure_one(ellipse(angle))
    assert (cell["orientation_deg"] - angle + 90) % 180 - 90 == pytest.approx(0, abs=0.3)
    assert -90 <= cell["orientation_deg"] <= 90
    assert cell["major_axis_px"] == pytest.approx(80, rel=0.01)
    assert cell["minor_axis_px"] == pytest.approx(30, rel=0.01)
    assert cell["aspect_ratio"] == pytest.approx(80 / 30, rel=0.01)
    assert cell["eccentricity"] == pytest.approx(np.sqrt(1 - (15 / 40) ** 2), rel=0.01)
    assert cell["feret_max_px"] == pytest.approx(80, abs=2)
    assert cell["feret_min_px"] == pytest.approx(30, abs=2)


def test_a_diagonal_from_upper_left_to_lower_right_lies_at_45_degrees():
    assert measure_one(np.eye(9))["orientation_deg"] == pytest.approx(45)
    assert measure_one(np.eye(9)[::-1])["orientation_deg"] == pytest.approx(-45)


def test_feret_of_a_turned_square_is_its_side_and_diagonal():
    rows, columns = np.mgrid[:101, :101]
    cell = measure_one(np.abs(rows - 50) + np.abs(columns - 50) <= 40)
    assert cell["feret_max_px"] == pytest.approx(81)
    assert cell["feret_min_px"] == pytest.approx(81 / np.sqrt(2))


def test_one_pixel_has_no_extent_and_no_ratios():
    mask = np.zeros((5, 5))
    mask[2, 3] = 1
    cell = measure_one(mask)
    assert (cell["area_px2"], cell["perimeter_px"], cell["major_axis_px"], cell["eccentricity"]) == (
        1,
        0,
        0,
        0,
    )
    assert np.isnan(cell[["circularity", "roundness", "aspect_ratio"]].to_numpy(dtype=float)).all()
    assert cell["feret_max_px"] == 1
    assert not cell["touches_border"]


def test_holes_count_in_euler_number_and_filled_area():
    mask = np.zeros((20, 30))
    mask[2:18, 2:28] = 1
    mask[5:8, 5:8] = mask[10:13, 15:20] = 0
    mask[11, 17] = 1
    cell = measure_one(mask)
    assert cell["euler_number"] == 1 - 2 + 1
    assert cell["area_px2"] == 16 * 26 - 9 - 15 + 1
    assert cell["area_filled_px2"] == 16 * 26


def test_only_cells_in_the_outer_rows_and_columns_touch_the_border():
    labels = np.zeros((9, 9), np.uint8)
    labels[0, 4], labels[8, 4], labels[4, 0], labels[4, 8], labels[1, 1], labels[7, 7] = 1, 2, 3, 4, 5, 6
    table = measure_cells(MeasurementRequest(labels)).set_index("label")
    assert table["touches_border"].to_dict() == {1: True, 2: True, 3: True, 4: True, 5: False, 6: False}
