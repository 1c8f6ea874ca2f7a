"""The table itself: columns, types, units, ids, and inputs that are refused."""

import numpy as np
import pandas as pd
import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.channel_names import ascii_channel_name
from dinocell_app.measurement.columns import table_columns
from dinocell_app.measurement.dictionary import data_dictionary
from dinocell_app.measurement.table import MeasurementRequest, columns_of, measure_cells
from dinocell_app.measurement.texture import TextureParameters


def two_cells(dtype=np.uint16):
    labels = np.zeros((12, 14), dtype)
    labels[1:5, 1:5], labels[6:11, 6:13] = 7, 200
    return labels


def request(labels, **changes):
    grey = np.arange(labels.size, dtype=np.uint16).reshape(labels.shape)
    return MeasurementRequest(
        labels, {"DAPI": grey, "α tubulin": grey * 2}, image="plate/a.tif", pixel_size_um=0.25, **changes
    )


@pytest.mark.parametrize("texture", [None, TextureParameters()])
def test_columns_and_types_are_those_declared(texture):
    asked = request(two_cells(), texture=texture)
    table = measure_cells(asked)
    declared = columns_of(asked)
    assert list(table.columns) == [column.name for column in declared]
    assert [str(dtype) for dtype in table.dtypes] == [column.dtype for column in declared]
    assert list(table.columns[:2]) == ["image", "label"]
    assert (table["image"] == "plate/a.tif").all()
    assert len(set(table.columns)) == len(table.columns)
    assert all(name.isascii() for name in table.columns)


def test_an_image_without_cells_gives_the_same_columns_with_no_rows():
    with_cells = measure_cells(request(two_cells(), texture=TextureParameters()))
    without = measure_cells(request(np.zeros((12, 14), np.uint16), texture=TextureParameters()))
    assert len(without) == 0
    pd.testing.assert_series_equal(without.dtypes, with_cells.dtypes)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64, np.int32, np.int64, ">u2"])
def test_labels_of_any_integer_type_give_the_same_table(dtype):
    expected = measure_cells(request(two_cells()))
    pd.testing.assert_frame_equal(measure_cells(request(two_cells(dtype))), expected)


def test_ids_are_kept_with_gaps_and_beyond_16_bits():
    labels = two_cells(np.uint32)
    labels[labels == 200] = 4_294_967_295
    assert measure_cells(request(labels))["label"].tolist() == [7, 4_294_967_295]
    assert measure_cells(request(two_cells()))["label"].tolist() == [7, 200]


def test_the_arrays_of_the_caller_are_not_changed():
    asked = request(two_cells(), texture=TextureParameters())
    copies = [array.copy() for array in (asked.labels, *asked.channels.values())]
    for array in (asked.labels, *asked.channels.values()):
        array.flags.writeable = False
    measure_cells(asked)
    for array, copy in zip((asked.labels, *asked.channels.values()), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_views_of_larger_arrays_are_measured_as_they_look():
    large = np.zeros((24, 28), np.uint16)
    large[::2, ::2] = two_cells()
    pd.testing.assert_frame_equal(
        measure_cells(MeasurementRequest(large[::2, ::2], {"c": large[::2, ::2]})),
        measure_cells(MeasurementRequest(two_cells(), {"c": two_cells()})),
    )


def test_micrometres_are_pixels_times_their_size():
    table = measure_cells(request(two_cells()))
    lengths = [name for name in table if "_px" in name and "_px2" not in name]
    areas = [name for name in table if "_px2" in name]
    assert lengths
    assert areas
    for name in lengths:
        np.testing.assert_allclose(table[name.replace("_px", "_um")], table[name] * 0.25)
    for name in areas:
        np.testing.assert_allclose(table[name.replace("_px2", "_um2")], table[name] * 0.0625)


def test_no_column_says_um_when_the_pixel_size_is_unknown():
    table = measure_cells(MeasurementRequest(two_cells(), {"c": two_cells()}))
    assert not [name for name in table if "_um" in name]


def test_channel_columns_end_with_the_ascii_name_of_the_channel():
    table = measure_cells(request(two_cells()))
    np.testing.assert_array_equal(
        table["intensity_integrated_alpha_tubulin"], 2 * table["intensity_integrated_DAPI"]
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DAPI", "DAPI"),
        ("µ-Crystallin", "u-Crystallin"),
        ("β cat./nin", "beta_cat._nin"),
        ("细胞", "channel"),
    ],
)
def test_channel_names_become_ascii(name, expected):
    assert ascii_channel_name(name) == expected


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((3, 4, 5), int),
        np.zeros((3, 4)),
        np.zeros((3, 4), bool),
        np.full((3, 4), -1),
        np.zeros((0, 4), int),
        np.full((3, 4), 2**63, np.uint64),
    ],
)
def test_labels_that_are_none_are_refused(labels):
    with pytest.raises(InvalidParameterError):
        measure_cells(MeasurementRequest(labels))


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_pixel_sizes_that_are_none_are_refused(size):
    with pytest.raises(InvalidParameterError, match="pixel size"):
        measure_cells(MeasurementRequest(two_cells(), pixel_size_um=size))


def test_channels_with_the_same_name_in_ascii_are_refused():
    with pytest.raises(InvalidParameterError, match="would both be called"):
        measure_cells(MeasurementRequest(two_cells(), {"é": two_cells(), "e": two_cells()}))


def test_the_dictionary_describes_every_column():
    columns = table_columns(["DAPI"], pixel_size_known=True, texture=True)
    rows = data_dictionary(("cells", columns))
    assert [row["name"] for row in rows] == [column.name for column in columns]
    for row in rows:
        assert row["description"].endswith(".")
        assert row["source"]
        assert row["description"].isascii()
        for unit in ("px2", "um2", "px", "um"):
            if f"_{unit}_" in f"{row['name']}_":
                assert row["unit"] == unit
