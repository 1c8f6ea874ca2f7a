"""Neighbours, compared with distances between all pixels."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.table import MeasurementRequest, measure_cells


@pytest.mark.parametrize("distance", [1, 1.5, 3, 7.3])
def test_neighbours_are_cells_with_pixels_within_the_distance(distance):
    rng = np.random.default_rng(5)
    labels = np.zeros((60, 50), int)
    for cell in range(1, 25):
        row, column = rng.integers(0, 55), rng.integers(0, 45)
        labels[row : row + rng.integers(1, 8), column : column + rng.integers(1, 8)] = cell
    table = measure_cells(MeasurementRequest(labels, neighbour_distance_px=distance))
    pixels = [np.argwhere(labels == cell) for cell in table["label"]]
    gaps = np.array([[cdist(one, other).min() for other in pixels] for one in pixels])
    np.testing.assert_array_equal(table["n_neighbours"], (gaps <= distance).sum(axis=1) - 1)


def test_nearest_neighbour_is_measured_between_centroids():
    labels = np.zeros((20, 40), int)
    labels[2:5, 2:5], labels[2:5, 12:15], labels[14:17, 30:33] = 5, 6, 9
    table = measure_cells(MeasurementRequest(labels, pixel_size_um=2.0))
    expected = [10, 10, np.hypot(12, 18)]
    np.testing.assert_allclose(table["nearest_neighbour_distance_px"], expected)
    np.testing.assert_allclose(table["nearest_neighbour_distance_um"], np.multiply(expected, 2))


def test_a_cell_alone_has_no_nearest_neighbour():
    cell = measure_cells(MeasurementRequest(np.ones((3, 3), int))).iloc[0]
    assert np.isnan(cell["nearest_neighbour_distance_px"])
    assert (cell["n_neighbours"], cell["touching_fraction"]) == (0, 0)


def test_touching_fraction_is_the_share_of_pixel_edges():
    labels = np.zeros((10, 12), int)
    labels[2:6, 2:6], labels[2:6, 6:8], labels[8, 8] = 1, 2, 3
    fractions = measure_cells(MeasurementRequest(labels)).set_index("label")["touching_fraction"]
    assert fractions.to_dict() == {1: 4 / 16, 2: 4 / 12, 3: 0}


def test_a_cell_enclosed_by_another_touches_it_all_around():
    labels = np.full((5, 5), 2)
    labels[1:4, 1:4] = 1
    fractions = measure_cells(MeasurementRequest(labels)).set_index("label")["touching_fraction"]
    assert fractions.to_dict() == {1: 1, 2: 12 / (12 + 20)}


@pytest.mark.parametrize("distance", [0, -1, 1000, float("nan")])
def test_distances_that_cannot_be_used_are_refused(distance):
    with pytest.raises(InvalidParameterError, match="distance"):
        measure_cells(MeasurementRequest(np.ones((3, 3), int), neighbour_distance_px=distance))
