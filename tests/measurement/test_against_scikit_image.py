"""Every column that scikit-image has too, compared on cells of many kinds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.measure import label as connected_components
from skimage.measure import regionprops_table

from dinocell_app.measurement.table import MeasurementRequest, measure_cells

EXACT = {
    "label": "label",
    "area": "area_px2",
    "area_convex": "area_convex_px2",
    "area_filled": "area_filled_px2",
    "bbox-0": "bbox_y_min",
    "bbox-1": "bbox_x_min",
    "bbox-2": "bbox_y_max",
    "bbox-3": "bbox_x_max",
    "euler_number": "euler_number",
    "intensity_max": "intensity_max_grey",
    "intensity_min": "intensity_min_grey",
}
CLOSE = {
    "axis_major_length": "major_axis_px",
    "centroid-0": "centroid_y_px",
    "centroid-1": "centroid_x_px",
    "equivalent_diameter_area": "equivalent_diameter_px",
    "extent": "extent",
    "feret_diameter_max": "feret_max_px",
    "perimeter": "perimeter_px",
    "perimeter_crofton": "perimeter_crofton_px",
    "solidity": "solidity",
    "intensity_mean": "intensity_mean_grey",
    "intensity_median": "intensity_median_grey",
    "intensity_std": "intensity_std_grey",
    **{f"moments_hu-{order}": f"hu_moment_{order + 1}" for order in range(7)},
}
PROPERTIES = (
    *sorted({name.split("-")[0] for name in (*EXACT, *CLOSE)}),
    "axis_minor_length",
    "eccentricity",
    "orientation",
)


def assert_same_as_scikit_image(labels):
    grey = np.random.default_rng(7).integers(0, 4000, labels.shape, dtype=np.uint16)
    ours = measure_cells(MeasurementRequest(labels, {"grey": grey}))
    theirs = regionprops_table(labels.astype(np.int64), grey, properties=PROPERTIES)
    for name, column in EXACT.items():
        np.testing.assert_array_equal(ours[column], theirs[name], err_msg=column)
    for name, column in CLOSE.items():
        np.testing.assert_allclose(ours[column], theirs[name], rtol=1e-9, atol=1e-11, err_msg=column)
    # Thin cells: scikit-image's smaller eigenvalue is rounding where ours is 0, and roots magnify it.
    np.testing.assert_allclose(ours["minor_axis_px"], theirs["axis_minor_length"], rtol=1e-9, atol=1e-5)
    np.testing.assert_allclose(ours["eccentricity"], theirs["eccentricity"], rtol=0, atol=1e-7)
    elongated = ours["eccentricity"].to_numpy() > 1e-3
    turned = (ours["orientation_deg"].to_numpy() - np.degrees(theirs["orientation"]) + 90) % 180 - 90
    assert np.abs(turned[elongated]).max(initial=0) < 1e-6


def blobs(seed, sigma=2.0, shape=(90, 110)):
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma)
    return connected_components(field > 0.02).astype(np.int32)


def particular_cells():
    rows, columns = np.mgrid[:120, :160]
    labels = np.zeros((120, 160), np.uint32)
    labels[np.hypot(rows - 30, columns - 30) <= 18.3] = 3
    labels[np.hypot(rows - 32, columns - 28) <= 7] = 0
    labels[31, 29] = 4_000
    labels[((rows - 40) * 0.8 + (columns - 100) * 0.6) ** 2 / 400 + (columns - rows - 60) ** 2 / 80 < 1] = 8
    labels[70, 10:40] = 11
    labels[75:110, 12] = 12
    labels[np.arange(80, 100), np.arange(30, 50)] = 13
    labels[80:100, 60:75], labels[80:100, 75:90], labels[90:95, 80:85] = 20, 21, 20
    labels[0:9, 150:], labels[110:, 0:5], labels[119, 159], labels[0, 0] = 30, 31, 32, 33
    labels[100:104, 110], labels[104, 111:115], labels[112:114, 112:114] = 40, 40, 41
    return labels


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(particular_cells(), id="disks, holes, lines, pixels, borders, contacts"),
        pytest.param(blobs(0), id="cells of free outline"),
        pytest.param(blobs(1, sigma=1.0, shape=(60, 70)), id="small cells"),
        pytest.param(np.random.default_rng(2).integers(0, 5, (30, 34)), id="scattered pixels with one id"),
        pytest.param(np.ones((9, 13), np.uint8), id="one cell that fills the image"),
        pytest.param(np.full((1, 1), 5), id="one pixel"),
        pytest.param(np.arange(1, 8)[None].repeat(2, axis=1), id="one row"),
    ],
)
def test_columns_equal_those_of_regionprops(labels):
    assert_same_as_scikit_image(labels)


@settings(max_examples=20, deadline=None)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3)).filter(
        np.any
    )
)
def test_columns_equal_those_of_regionprops_on_any_small_image(labels):
    assert_same_as_scikit_image(labels)
