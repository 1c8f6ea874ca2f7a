"""What must not change when ids, places or cells beside change."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dinocell_app.measurement.table import MeasurementRequest, measure_cells

N_IDS = 4
IMAGES = arrays(np.int64, st.tuples(st.integers(1, 10), st.integers(1, 10)), elements=st.integers(0, N_IDS))
PLACES = [
    "centroid_x_px",
    "centroid_y_px",
    "bbox_x_min",
    "bbox_x_max",
    "bbox_y_min",
    "bbox_y_max",
    "touches_border",
]


def measure(labels):
    rows, columns = np.mgrid[: labels.shape[0], : labels.shape[1]]
    grey = ((rows * 7 + columns * 13) % 31).astype(np.float32)
    return measure_cells(MeasurementRequest(labels, {"grey": grey}))


@settings(max_examples=20, deadline=None)
@given(IMAGES, st.lists(st.integers(1, 2**31), min_size=N_IDS, max_size=N_IDS, unique=True))
def test_ids_name_the_rows_and_change_nothing_else(labels, new_ids):
    ids = np.array([0, *new_ids], np.uint32)
    before, after = measure(labels), measure(ids[labels])
    expected = before.assign(label=ids[before["label"]].astype(np.int64)).sort_values(
        "label", ignore_index=True
    )
    pd.testing.assert_frame_equal(after, expected, rtol=0, atol=0)


@settings(max_examples=20, deadline=None)
@given(IMAGES, st.integers(0, 2000), st.integers(0, 40))
def test_a_translation_moves_places_alone(labels, down, right):
    moved = np.pad(labels, ((down + 1, 1), (right + 1, 1)))
    before = measure_cells(MeasurementRequest(np.pad(labels, 1)))
    after = measure_cells(MeasurementRequest(moved))
    pd.testing.assert_frame_equal(
        after.drop(columns=PLACES), before.drop(columns=PLACES), rtol=1e-9, atol=1e-9
    )
    for column in PLACES[:-1]:
        step = right if "_x_" in column else down
        np.testing.assert_allclose(after[column], before[column] + step, rtol=0, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(IMAGES)
def test_a_quarter_turn_keeps_size_and_shape(labels):
    unchanged = [
        "area_px2",
        "area_convex_px2",
        "area_filled_px2",
        "perimeter_px",
        "perimeter_crofton_px",
        "euler_number",
        "feret_max_px",
        "feret_min_px",
        "major_axis_px",
        "eccentricity",
        "touching_fraction",
        "n_neighbours",
        "touches_border",
    ]
    before = measure_cells(MeasurementRequest(labels))[unchanged]
    after = measure_cells(MeasurementRequest(np.rot90(labels)))[unchanged]
    pd.testing.assert_frame_equal(after, before, rtol=1e-9, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(IMAGES)
def test_shape_of_a_cell_does_not_depend_on_the_others(labels):
    together = measure_cells(MeasurementRequest(labels)).set_index("label")
    others = ["n_neighbours", "nearest_neighbour_distance_px", "touching_fraction"]
    for cell in together.index:
        alone = measure_cells(MeasurementRequest((labels == cell).astype(np.uint8) * np.uint8(cell)))
        pd.testing.assert_series_equal(
            alone.set_index("label").drop(columns=others).loc[cell], together.drop(columns=others).loc[cell]
        )


@settings(max_examples=20, deadline=None)
@given(IMAGES)
def test_measures_stay_in_their_bounds(labels):
    cells = measure_cells(MeasurementRequest(labels))
    assert cells["area_px2"].sum() == np.count_nonzero(labels)
    assert (cells["area_px2"] <= cells["area_filled_px2"]).all()
    assert (cells["area_px2"] <= cells["area_convex_px2"]).all()
    assert (cells["feret_min_px"] <= cells["feret_max_px"] + 1e-12).all()
    assert (cells["minor_axis_px"] <= cells["major_axis_px"]).all()
    for share in ("eccentricity", "solidity", "extent", "touching_fraction"):
        assert cells[share].between(0, 1).all()
