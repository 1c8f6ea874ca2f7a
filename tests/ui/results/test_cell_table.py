from typing import ClassVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from dinocell_app.tables.cell_store import CellColumn, CellStore
from dinocell_app.ui.results.cell_table import CellTable
from dinocell_app.ui.results.cell_table_model import CellTableModel, first_columns
from dinocell_app.ui.results.column_chooser import ColumnChooser
from dinocell_app.ui.results.filter_bar import FilterBar
from dinocell_app.ui.results.shown_cells import ShownCells
from tests.ui.results.results_stand_ins import made_store

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def cells(qapp):
    cells = ShownCells()
    cells.set_store(made_store(300, 6))
    return cells


def test_the_model_keeps_the_rules_of_qt(cells, qtmodeltester):
    model = CellTableModel(cells)
    qtmodeltester.check(model)
    cells.set_expression("area_px2 > 1000")
    qtmodeltester.check(model)


def test_sorts_filters_and_shows_chosen_columns(cells):
    model = CellTableModel(cells)
    model.set_names(["label", "area_px2", "not there"])
    assert model.names == ["label", "area_px2"]
    model.sort(1, Qt.SortOrder.DescendingOrder)
    areas = [model.index(row, 1).data(Qt.ItemDataRole.UserRole) for row in range(model.rowCount())]
    assert areas == sorted(areas, reverse=True)
    cells.set_expression("area_px2 < 500")
    assert 0 < model.rowCount() < 300
    cells.clear_filters()
    model.sort(-1)
    assert [model.store_row(row) for row in range(300)] == list(range(300))
    assert "Pixels of the cell" in model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)


class CountedColumn(CellColumn):
    asked: ClassVar[set[int]] = set()

    def value(self, row):
        self.asked.add(row)
        return super().value(row)


def test_a_million_rows_only_those_on_the_screen_are_looked_at(qtbot):
    made = made_store(1_000_000)
    CountedColumn.asked.clear()
    columns = {
        name: CountedColumn(column.values, column.words)
        for name, column in made.columns.items()
        if name not in ("image", "folder", "plane", "tags")
    }
    cells = ShownCells()
    cells.set_store(CellStore(made.sources, made.starts, columns))
    table = CellTable(cells)
    qtbot.addWidget(table)
    table.resize(700, 400)
    table.show()
    qtbot.waitExposed(table)
    assert table.model.rowCount() == 1_000_000
    table.view.scrollToBottom()
    table.grab()
    assert 999_999 in CountedColumn.asked
    assert len(CountedColumn.asked) < 200


def test_the_current_row_is_the_chosen_cell(cells, qtbot):
    table = CellTable(cells)
    qtbot.addWidget(table)
    with qtbot.waitSignal(table.row_chosen) as chosen:
        table.view.setCurrentIndex(table.model.index(4, 0))
    assert chosen.args == [4]
    cells.choose(17)
    assert table.view.currentIndex().row() == 17
    table.view.sortByColumn(table.model.names.index("area_px2"), Qt.SortOrder.AscendingOrder)
    assert table.model.store_row(table.view.currentIndex().row()) == 17
    cells.choose(None)
    assert not table.view.currentIndex().isValid()


def test_sorting_tells_nobody_that_a_row_was_chosen(cells, qtbot):
    table = CellTable(cells)
    qtbot.addWidget(table)
    table.view.setCurrentIndex(table.model.index(4, 0))
    with qtbot.assertNotEmitted(table.row_chosen):
        table.view.sortByColumn(3, Qt.SortOrder.DescendingOrder)
        cells.set_expression("area_px2 > 1990")


def test_rows_are_copied_for_a_spreadsheet(cells, qtbot):
    table = CellTable(cells)
    qtbot.addWidget(table)
    table.model.set_names(["image", "label"])
    table.view.selectRow(1)
    table.copy_rows()
    assert QGuiApplication.clipboard().text() == "image\tlabel\nimage 0000.tif\t2\n"


def test_columns_are_chosen_in_a_dialog(cells, qtbot):
    chooser = ColumnChooser(["image", "label", "area_px2", "circularity"], ["label", "image"])
    qtbot.addWidget(chooser)
    assert chooser.chosen() == ["label", "image"]
    chooser.search.setText("area")
    chooser.all.click()
    assert chooser.chosen() == ["label", "image", "area_px2"]
    chooser.search.setText("")
    chooser.none.click()
    assert chooser.chosen() == []


def test_columns_that_are_dragged_are_the_order_of_the_table(cells, qtbot):
    table = CellTable(cells)
    qtbot.addWidget(table)
    table.show()
    table.model.set_names(["image", "label", "area_px2", "circularity"])
    cells.sort_by("area_px2", ascending=False)
    header = table.view.horizontalHeader()
    header.moveSection(2, 0)
    qtbot.waitUntil(lambda: table.model.names == ["area_px2", "image", "label", "circularity"])
    assert [header.visualIndex(place) for place in range(4)] == [0, 1, 2, 3]
    assert header.sortIndicatorSection() == 0
    header.moveSection(3, 1)
    qtbot.waitUntil(lambda: table.model.names == ["area_px2", "circularity", "image", "label"])
    areas = [table.model.index(row, 0).data(Qt.ItemDataRole.UserRole) for row in range(10)]
    assert areas == sorted(areas, reverse=True)


def test_the_first_columns_prefer_micrometres():
    names = [
        "image",
        "label",
        "area_px2",
        "area_um2",
        "circularity",
        "intensity_mean_red",
        "intensity_max_red",
    ]
    assert first_columns(names) == ["image", "label", "area_um2", "circularity", "intensity_mean_red"]


def test_the_filter_bar_counts_and_explains(cells, qtbot):
    bar = FilterBar(cells)
    qtbot.addWidget(bar)
    bar.show()
    assert bar.count.text() == "300 cells"
    bar.edit.setText("area_px2 < 500")
    bar.edit.editingFinished.emit()
    assert bar.count.text().endswith("of 300 cells")
    n_shown = len(cells.rows)
    bar.edit.setText("aera_px2 < 500")
    bar.edit.editingFinished.emit()
    assert bar.message.isVisible()
    assert "area_px2" in bar.message.text()
    assert len(cells.rows) == n_shown
    cells.set_range("circularity", (0.2, 0.8))
    bar.clear.click()
    assert bar.count.text() == "300 cells"
    assert not bar.message.isVisible()
    cells.set_range("circularity", (0.25, 0.8))
    assert "0.2500 to 0.8000" in bar.message.text()


def test_the_filter_survives_new_results_where_it_can(cells, qtbot):
    cells.set_expression("circularity > 0.5")
    cells.set_store(made_store(100, 2))
    assert 0 < len(cells.rows) < 100
    made = made_store(10, 1)
    with qtbot.waitSignal(cells.filter_refused):
        cells.set_store(CellStore(made.sources, made.starts, {"label": made.columns["label"]}))
    assert len(cells.rows) == 10
