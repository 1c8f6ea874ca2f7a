"""CellProfiler's names stand for the right columns."""

import numpy as np

from dinocell_app.measurement.cellprofiler import cellprofiler_table
from dinocell_app.measurement.table import MeasurementRequest, measure_cells

SOME_OF_CELLPROFILER_4 = [
    "ImageNumber",
    "ObjectNumber",
    "AreaShape_Area",
    "AreaShape_BoundingBoxMaximum_X",
    "AreaShape_Center_X",
    "AreaShape_FormFactor",
    "AreaShape_MajorAxisLength",
    "AreaShape_MaxFeretDiameter",
    "AreaShape_HuMoment_0",
    "Intensity_IntegratedIntensity_DNA",
    "Intensity_MADIntensity_DNA",
    "Intensity_MeanIntensityEdge_DNA",
    "Intensity_LowerQuartileIntensity_DNA",
    "Location_Center_Y",
    "Neighbors_NumberOfNeighbors_10",
    "Neighbors_FirstClosestDistance_10",
    "Neighbors_PercentTouching_Adjacent",
]


def test_values_are_those_of_the_table():
    labels = np.zeros((20, 30), np.uint16)
    labels[2:8, 2:8], labels[2:8, 8:20] = 3, 9
    grey = np.random.default_rng(8).uniform(0, 1, labels.shape)
    cells = measure_cells(
        MeasurementRequest(labels, {"DNA": grey}, pixel_size_um=0.5, neighbour_distance_px=10)
    )
    before = cells.copy()
    table = cellprofiler_table(cells, 4, ["DNA"], 10)
    assert set(SOME_OF_CELLPROFILER_4) <= set(table.columns)
    assert table["ImageNumber"].tolist() == [4, 4]
    assert table["ObjectNumber"].tolist() == [3, 9]
    assert table["AreaShape_Area"].tolist() == [36, 72]
    assert table["AreaShape_BoundingBoxMaximum_X"].tolist() == [8, 20]
    assert table["AreaShape_Center_X"].tolist() == [4.5, 13.5]
    assert table["AreaShape_Center_Y"].tolist() == [4.5, 4.5]
    np.testing.assert_allclose(table["Neighbors_PercentTouching_Adjacent"], [25, 100 * 6 / 36])
    assert table["Neighbors_FirstClosestDistance_10"].tolist() == [9, 9]
    np.testing.assert_array_equal(table["Intensity_MeanIntensity_DNA"], cells["intensity_mean_DNA"])
    np.testing.assert_array_equal(table["AreaShape_HuMoment_6"], cells["hu_moment_7"])
    assert cells.equals(before)


def test_an_image_without_cells_keeps_the_columns():
    cells = measure_cells(MeasurementRequest(np.zeros((4, 4), int), {"DNA": np.zeros((4, 4))}))
    table = cellprofiler_table(cells, 1, ["DNA"])
    assert len(table) == 0
    assert table["ImageNumber"].dtype == np.int64
    assert table["AreaShape_Area"].dtype == np.int64
