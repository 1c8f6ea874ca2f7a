import numpy as np
import pytest

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.tables import store_reading
from dinocell_app.tables.cell_store import CellColumn, CellSource, CellStore
from dinocell_app.tables.column_text import column_text, number_text
from dinocell_app.tables.result_sources import NEWEST, sources_of_set
from dinocell_app.tables.row_order import Arrangement, arranged_rows
from dinocell_app.tables.store_reading import StoreRequest, read_store
from tests.ui.results.results_stand_ins import PlainResult, made_store, write_cells


def test_reads_the_tables_of_all_images_into_one(project):
    read = read_store(StoreRequest(sources_of_set(project, NEWEST)))
    store = read.store
    assert read.problems == ()
    assert store.starts.tolist() == [0, 2, 5, 5]
    assert [store.columns["image"].text(row) for row in range(5)] == ["a.tif"] * 2 + ["b.tif"] * 3
    assert store.columns["folder"].text(4) == "drug"
    assert store.columns["tags"].text(4) == "day 1, repeat"
    assert store.columns["area_px2"].values.tolist() == [50, 30, 40, 20, 60]
    assert np.isnan(store.columns["circularity"].values[2])
    assert [store.columns["touches_border"].text(row) for row in (0, 1)] == ["yes", "no"]


def test_a_damaged_table_costs_only_its_own_cells(project):
    project.tables[12].write_bytes(b"\x00\x01")
    read = read_store(StoreRequest(sources_of_set(project, NEWEST)))
    assert read.store.n_rows == 2
    assert len(read.problems) == 1
    assert "b_cells.csv" in read.problems[0]


def test_stops_when_cancelled(project):
    assert read_store(StoreRequest(sources_of_set(project, NEWEST)), lambda: True) is None


def test_parquet_tables_read_like_csv(project):
    from pyarrow import csv, parquet

    table = csv.read_csv(project.tables[12])
    project.tables[12] = project.tables[12].with_suffix(".parquet")
    parquet.write_table(table, project.tables[12])
    store = read_store(StoreRequest(sources_of_set(project, NEWEST))).store
    assert store.columns["area_px2"].values.tolist() == [50, 30, 40, 20, 60]


def test_many_tables_are_kept_together_and_read_again_when_one_changes(project, monkeypatch):
    monkeypatch.setattr(store_reading, "FEWEST_FOR_CACHE", 2)
    cache = project.folder / "cache"
    request = StoreRequest(sources_of_set(project, NEWEST), cache)
    first = read_store(request).store
    assert len(list(cache.glob("*.parquet"))) == 1
    with monkeypatch.context() as patch:
        patch.setattr(store_reading, "_read_table", None)
        kept = read_store(request).store
    assert list(kept.columns) == list(first.columns)
    for name, column in first.columns.items():
        np.testing.assert_array_equal(kept.columns[name].values, column.values)
    write_cells(project.tables[13], [("c.tif", 1, False, 99, 0.5, 0, 0, 8, 8)])
    assert read_store(request).store.n_rows == 6
    (broken,) = sorted(cache.glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)[-1:]
    broken.write_bytes(b"no parquet")
    assert read_store(request).store.n_rows == 6


def test_large_sets_take_half_the_memory(project, monkeypatch):
    monkeypatch.setattr(store_reading, "LARGEST_IN_FULL", 0)
    store = read_store(StoreRequest(sources_of_set(project, NEWEST))).store
    assert store.columns["circularity"].values.dtype == np.float32


def test_the_newest_result_of_each_image_and_plane_counts(project):
    project.found += [
        PlainResult(21, 3, "series", PlaneAddress.of_suffix("_t0001")),
        PlainResult(22, 3, "series", PlaneAddress.of_suffix("_t0000")),
        PlainResult(23, 3, "series", PlaneAddress.of_suffix("_t0000")),
        PlainResult(24, 2, "series", status="failed"),
    ]
    series = sources_of_set(project, "series")
    assert [(source.result_id, source.plane.suffix) for source in series] == [
        (24, ""),
        (23, "_t0000"),
        (21, "_t0001"),
    ]
    newest = sources_of_set(project, NEWEST)
    assert [source.result_id for source in newest] == [11, 12, 23, 21]
    assert newest[2].title == "c.tif t0000"


def test_finds_cells_by_image_and_label():
    store = made_store(1000, 10)
    row = store.row_of(3, 5)
    assert store.source_of_row[row] == 3
    assert store.label(row) == 5
    assert store.row_of(3, 10_000) is None
    assert store.source_of(4) == 3
    assert store.source_of(4, 104) == 3
    assert store.source_of(99) is None


def test_columns_must_be_of_one_length():
    source = CellSource(1, 1, "a.tif")
    with pytest.raises(ValueError, match="column label has 2 values for 3 cells"):
        CellStore((source,), np.array([0, 3]), {"label": CellColumn(np.array([1, 2]))})


def test_sorting_is_stable_and_leaves_missing_values_last():
    source = CellSource(1, 1, "a.tif")
    values = np.array([2.0, np.nan, 1.0, 2.0, 3.0])
    columns = {
        "label": CellColumn(np.arange(1, 6)),
        "x": CellColumn(values),
        "yes": CellColumn(np.array([False, True, False, True, False])),
        "word": CellColumn(np.array([0, 1, 2, 0, 1], np.int32), ("b", "C", "a")),
    }
    store = CellStore((source,), np.array([0, 5]), columns)

    def rows(name, ascending):
        return arranged_rows(store, Arrangement(sort_by=name, ascending=ascending)).tolist()

    assert rows("x", True) == [2, 0, 3, 4, 1]
    assert rows("x", False) == [4, 0, 3, 2, 1]
    assert rows("yes", False) == [1, 3, 0, 2, 4]
    assert rows("word", True) == [2, 0, 3, 1, 4]
    assert rows("word", False) == [1, 4, 0, 3, 2]
    assert rows("label", False) == [4, 3, 2, 1, 0]
    assert rows("not there", True) == [0, 1, 2, 3, 4]


def test_ranges_and_filter_hold_together():
    store = made_store(500, 5)
    shown = arranged_rows(store, Arrangement("circularity > 0.5", {"area_px2": (100, 300)}))
    areas, circularity = store.columns["area_px2"].values, store.columns["circularity"].values
    assert shown.tolist() == np.flatnonzero((circularity > 0.5) & (areas >= 100) & (areas <= 300)).tolist()
    assert len(shown)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("area_um2", "Area (µm²)"),
        ("perimeter_px", "Perimeter (px)"),
        ("orientation_deg", "Orientation (°)"),
        ("intensity_mean_DAPI", "Intensity mean, DAPI (grey value)"),
        ("mass_displacement_um_alpha_tubulin", "Mass displacement, alpha tubulin (µm)"),
        ("intensity_mean_background_corrected_GFP", "Intensity mean background corrected, GFP (grey value)"),
        ("area_px2_mean", "Area, mean (px²)"),
        ("intensity_mean_DAPI_median", "Intensity mean, DAPI, median (grey value)"),
        ("n_cells", "Cells"),
        ("density_per_mm2", "Density (1/mm²)"),
        ("my_own_column", "My own column"),
    ],
)
def test_columns_are_named_with_their_units(name, label):
    assert column_text(name).label == label


def test_tooltips_say_what_a_column_means_and_where_the_formula_comes_from():
    tooltip = column_text("circularity").tooltip
    assert "1 for a circle" in tooltip
    assert "4 pi area / perimeter^2" in tooltip
    assert column_text("folder").description


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (18682.0, "18682"),
        (0.82638, "0.8264"),
        (113.953, "114.0"),
        (0.0, "0"),
        (float("nan"), ""),
        (1.2345e-5, "1.234e-05"),
        (-2.5, "-2.500"),
        (float("inf"), "∞"),
        (9.9999e9, "1.000e+10"),
    ],
)
def test_numbers_read_well(value, text):
    assert number_text(value) == text
