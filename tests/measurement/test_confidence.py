"""The column that says how sure the network is of a cell."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.columns import CONFIDENCE
from dinocell_app.measurement.table import MeasurementRequest, columns_of, measure_cells


def test_confidence_is_the_mean_probability_of_the_pixels_of_each_cell():
    labels = np.zeros((6, 9), np.uint16)
    labels[1:3, 1:3] = 4
    labels[2:5, 5:9] = 9
    probability = np.linspace(0, 1, labels.size).reshape(labels.shape).astype(np.float32)
    table = measure_cells(MeasurementRequest(labels, cell_probability=probability))
    expected = [probability[labels == label].mean() for label in (4, 9)]
    assert table["confidence"].to_numpy() == pytest.approx(expected, rel=1e-6)
    assert list(table.columns[:3]) == ["image", "label", "confidence"]


def test_a_picture_without_cells_has_the_column_and_no_rows():
    empty = MeasurementRequest(np.zeros((4, 4), np.uint16), cell_probability=np.zeros((4, 4), np.float32))
    table = measure_cells(empty)
    assert len(table) == 0
    assert table["confidence"].dtype == np.float64


def test_labels_made_without_a_network_have_no_confidence():
    request = MeasurementRequest(np.ones((4, 4), np.uint16))
    assert CONFIDENCE.stem not in {column.name for column in columns_of(request)}
    assert "confidence" not in measure_cells(request)


def test_a_map_of_another_picture_is_refused():
    request = MeasurementRequest(np.ones((4, 4), np.uint16), cell_probability=np.zeros((4, 5), np.float32))
    with pytest.raises(InvalidParameterError, match="do not belong together"):
        measure_cells(request)
