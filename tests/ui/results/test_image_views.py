import numpy as np
import pytest
from PySide6.QtCore import Qt

from dinocell_app.tables.cell_store import CellColumn, CellSource, CellStore
from dinocell_app.tables.image_summary import image_columns
from dinocell_app.tables.overview_layout import overview_layout
from dinocell_app.tables.plate_wells import EXAMPLE, pattern_problem, well_of
from dinocell_app.ui.results.image_table import ImageTable, ImageTableModel
from dinocell_app.ui.results.image_values import ImageValues
from dinocell_app.ui.results.overview import Overview, OverviewModel
from dinocell_app.ui.results.shown_cells import ShownCells
from tests.ui.results.results_stand_ins import made_store

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def store():
    sources = (
        CellSource(1, 1, "a.tif", "control", table=__file__, shape=(10, 20), pixel_size_um=0.5),
        CellSource(2, 2, "b.tif", "drug", table=__file__, shape=(10, 10)),
        CellSource(3, 3, "c.tif", "drug", reason="no such channel"),
    )
    columns = {
        "label": CellColumn(np.array([1, 2, 3, 1])),
        "touches_border": CellColumn(np.array([True, False, False, False])),
        "area_px2": CellColumn(np.array([50, 10, 30, 7])),
        "circularity": CellColumn(np.array([0.1, 0.5, np.nan, 0.7])),
    }
    return CellStore(sources, np.array([0, 3, 4, 4]), columns)


@pytest.fixture
def values(qapp, store):
    cells = ShownCells()
    values = ImageValues(cells, cells)
    cells.set_store(store)
    yield values
    values.shut_down()


def texts(columns, name):
    return [columns[name].text(place) for place in range(3)]


def test_images_are_summarised_without_cells_at_the_border(store):
    columns = image_columns(store, np.arange(4, dtype=np.int32))
    assert texts(columns, "n_cells") == ["3", "1", "0"]
    assert texts(columns, "n_cells_touching_border") == ["1", "0", "0"]
    assert texts(columns, "area_px2_mean") == ["20.00", "7.000", ""]
    assert texts(columns, "circularity_median") == ["0.5000", "0.7000", ""]
    assert texts(columns, "confluency") == ["0.4500", "0.07000", ""]
    assert texts(columns, "density_per_mm2") == ["60000", "", ""]
    assert texts(columns, "reason") == ["", "", "no such channel"]


def test_the_filter_changes_means_but_not_counts(store):
    columns = image_columns(store, np.array([2, 3], np.int32))
    assert texts(columns, "n_cells") == ["3", "1", "0"]
    assert texts(columns, "n_cells_shown") == ["1", "1", "0"]
    assert texts(columns, "area_px2_mean") == ["30.00", "7.000", ""]


def test_the_image_models_keep_the_rules_of_qt(values, qtmodeltester):
    qtmodeltester.check(ImageTableModel(values))
    qtmodeltester.check(OverviewModel(values))


def test_images_sort_by_any_column(values, qtbot):
    table = ImageTable(values)
    qtbot.addWidget(table)
    place = table.model.names.index("area_px2_mean")
    table.view.sortByColumn(place, Qt.SortOrder.AscendingOrder)
    assert [table.model.source(row) for row in range(3)] == [1, 0, 2]
    with qtbot.waitSignal(table.source_chosen) as chosen:
        table.view.setCurrentIndex(table.model.index(0, 0))
    assert chosen.args == [1]


def test_the_overview_writes_the_value_and_marks_failures(values, qtbot):
    overview = Overview(values)
    qtbot.addWidget(overview)
    model = overview.model
    assert (model.rowCount(), model.columnCount()) == (2, 2)
    assert model.headerData(1, Qt.Orientation.Vertical) == "drug"
    assert model.index(0, 0).data() == "3"
    assert model.index(1, 1).data() == "failed"
    assert "no such channel" in model.index(1, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, 1).data() is None
    dark, bright = (model.index(row, 0).data(Qt.ItemDataRole.BackgroundRole) for row in (1, 0))
    assert bright.lightness() > dark.lightness()
    overview.value.setCurrentIndex(overview.value.findData("area_px2_mean"))
    assert model.index(1, 0).data() == "7.000"
    assert overview.legend.text() == "dark 7.000 to bright 20.00"
    with qtbot.waitSignal(overview.source_chosen) as chosen:
        overview.view.setCurrentIndex(model.index(1, 0))
    assert chosen.args == [1]


def test_images_named_for_wells_stand_as_on_the_plate():
    names = ["p_A01.tif", "p_B03.tif", "p_C12.tif"]
    layout = overview_layout([CellSource(i, i, name) for i, name in enumerate(names)])
    assert layout.row_titles == ("A", "B", "C")
    assert len(layout.column_titles) == 12
    assert layout.sources == {(0, 0): (0,), (1, 2): (1,), (2, 11): (2,)}


def test_two_plates_stand_below_each_other_and_fields_of_a_well_together():
    plates = [CellSource(i, i, "A1.tif", folder) for i, folder in enumerate("pq")]
    assert overview_layout(plates).row_titles == ("p · A", "q · A")
    fields = [
        CellSource(1, 1, "A1_s1.tif", "p"),
        CellSource(2, 2, "A1_s2.tif", "p"),
        CellSource(3, 3, "A2.tif", "p"),
    ]
    assert overview_layout(fields).sources == {(0, 0): (0, 1), (0, 1): (2,)}
    named = [*fields, CellSource(4, 4, "control.tif", "p")]
    assert overview_layout(named).row_titles == ("p",)
    assert overview_layout([]).sources == {}


@pytest.mark.parametrize(
    ("name", "well"),
    [
        ("x_B04_s1", (1, 3)),
        ("Well C12", (2, 11)),
        ("a9", (0, 8)),
        ("DAPI4", None),
        ("A01_B02", None),
        ("A25", None),
    ],
)
def test_wells_are_read_from_names(name, well):
    found = well_of(name)
    assert (found[1:] if found is not None else None) == well


@pytest.mark.parametrize(
    ("path", "pattern", "well"),
    [
        ("plate7/B04/field1.tif", "", ("plate7", 1, 3)),
        ("plate7/B04/C05.tif", "", ("plate7/B04", 2, 4)),
        ("run/r3/c-b4-f1.tif", "c-{row}{column}-*", ("run/r3", 1, 3)),
        ("run/B/04/f1.tif", "/{row}/{column}/", ("run", 1, 3)),
        ("x_b12.tif", "x_{row}{column}", ("", 1, 11)),
        ("x_b42.tif", "x_{row}{column}", None),
        ("other.tif", "x_{row}{column}", None),
    ],
)
def test_wells_are_read_by_a_pattern_and_from_folders(path, pattern, well):
    assert well_of(path, pattern) == well


@pytest.mark.parametrize("pattern", ["{row}", "{column}*", "{row}{row}{column}", "A01"])
def test_a_pattern_without_a_well_is_explained(pattern):
    assert EXAMPLE in pattern_problem(pattern)
    assert not pattern_problem("")
    assert not pattern_problem("*{row}-{column}*")


def test_a_person_says_how_wells_are_named(qtbot, values):
    overview = Overview(values)
    qtbot.addWidget(overview)
    qtbot.keyClicks(overview.pattern, "{row}")
    assert "{column}" in overview.legend.text()
    overview.pattern.setText("nothing{row}{column}")
    assert "by folder" in overview.legend.text()


def test_a_large_experiment_is_laid_out(qtbot):
    cells = ShownCells()
    values = ImageValues(cells, cells)
    cells.set_store(made_store(3000, 1000))
    overview = Overview(values)
    qtbot.addWidget(overview)
    assert (overview.model.rowCount(), overview.model.columnCount()) == (4, 250)
