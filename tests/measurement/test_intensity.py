"""Grey values of the cells, compared with numpy cell by cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.table import MeasurementRequest, measure_cells


def expected_values(labels, grey, cell):
    """The columns of one cell as numpy gives them, with the contour from scipy."""
    inside = labels == cell
    edge = inside & ~ndimage.binary_erosion(inside)
    values = grey[inside].astype(np.float64)
    outside = grey[labels == 0].astype(np.float64)
    median = np.nanmedian(values)
    rows, columns = np.nonzero(inside & ~np.isnan(grey.astype(np.float64)))
    weights = grey[rows, columns].astype(np.float64)
    total = weights.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.hypot(
            (rows * weights).sum() / total - rows.mean(), (columns * weights).sum() / total - columns.mean()
        )
    return {
        "intensity_mean": np.nanmean(values),
        "intensity_median": median,
        "intensity_std": np.nanstd(values),
        "intensity_min": np.nanmin(values),
        "intensity_max": np.nanmax(values),
        "intensity_q25": np.nanpercentile(values, 25),
        "intensity_q75": np.nanpercentile(values, 75),
        "intensity_mad": np.nanmedian(np.abs(values - median)),
        "intensity_integrated": np.nansum(values),
        "intensity_edge_mean": np.nansum(grey[edge].astype(np.float64))
        / max(np.count_nonzero(~np.isnan(grey[edge].astype(np.float64))), 1),
        "intensity_mean_background_corrected": np.nanmean(values) - np.nanmedian(outside),
        "mass_displacement_px": shift,
    }


def assert_as_numpy(labels, grey):
    table = measure_cells(MeasurementRequest(labels, {"c": grey})).set_index("label")
    for cell in np.unique(labels[labels > 0]):
        for name, value in expected_values(labels, grey, cell).items():
            assert table.loc[cell, f"{name}_c"] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64, ">u2", "<f8"])
def test_values_equal_numpy_in_every_type(dtype):
    rng = np.random.default_rng(3)
    labels = np.kron(rng.integers(0, 4, (5, 6)), np.ones((4, 5), int)).astype(np.uint16)
    assert_as_numpy(labels, rng.uniform(1, 250, labels.shape).astype(dtype))


def test_nan_pixels_are_left_out_everywhere():
    rng = np.random.default_rng(4)
    labels = np.kron(np.array([[1, 0, 2], [3, 3, 0]]), np.ones((6, 6), int))
    grey = rng.uniform(1, 9, labels.shape)
    grey[rng.random(labels.shape) < 0.3] = np.nan
    assert_as_numpy(labels, grey)


def test_a_cell_of_nan_pixels_is_missing():
    labels = np.array([[1, 1, 0, 2]])
    table = measure_cells(MeasurementRequest(labels, {"c": np.array([[np.nan, np.nan, 1.0, 5.0]])}))
    columns = [name for name in table if name.endswith("_c")]
    assert table.loc[0, columns].isna().all()
    assert table.loc[1, "intensity_mean_c"] == 5


@settings(max_examples=20, deadline=None)
@given(
    arrays(np.int16, (4, 6), elements=st.integers(-50, 50)),
    arrays(np.uint8, (4, 6), elements=st.integers(0, 2)),
)
def test_values_equal_numpy_on_any_small_image(grey, labels):
    labels[0, 0] = 0
    table = measure_cells(MeasurementRequest(labels, {"c": grey})).set_index("label")
    for cell in np.unique(labels[labels > 0]):
        for name, value in expected_values(labels, grey, cell).items():
            if name == "mass_displacement_px":
                continue  # sums near 0 magnify rounding
            assert table.loc[cell, f"{name}_c"] == pytest.approx(value, rel=1e-9, abs=1e-9), name


def test_sums_of_small_integers_do_not_overflow():
    grey = np.full((300, 300), 65_535, np.uint16)
    cell = measure_cells(MeasurementRequest(np.ones((300, 300), np.uint8), {"c": grey})).iloc[0]
    assert cell["intensity_integrated_c"] == 65_535 * 90_000
    assert cell["mass_displacement_px_c"] == pytest.approx(0, abs=1e-9)
    assert np.isnan(cell["intensity_mean_background_corrected_c"])


def test_mass_moves_towards_the_brighter_side():
    labels = np.ones((1, 3), int)
    cell = measure_cells(MeasurementRequest(labels, {"c": np.array([[0, 0, 4]])}, pixel_size_um=0.5)).iloc[0]
    assert cell["mass_displacement_px_c"] == pytest.approx(1)
    assert cell["mass_displacement_um_c"] == pytest.approx(0.5)
    dark = measure_cells(MeasurementRequest(labels, {"c": np.zeros((1, 3))})).iloc[0]
    assert np.isnan(dark["mass_displacement_px_c"])


@pytest.mark.parametrize("grey", [np.zeros((3, 4)), np.zeros((4, 3, 3)), np.zeros((4, 3), complex)])
def test_channels_that_do_not_fit_the_labels_are_refused(grey):
    with pytest.raises(InvalidParameterError):
        measure_cells(MeasurementRequest(np.ones((4, 3), int), {"c": grey}))
