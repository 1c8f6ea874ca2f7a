import numpy as np
import pytest
from PySide6.QtCore import QPointF

from dinocell_app.base.errors import UserFacingError
from dinocell_app.tables.cell_groups import FOLDER, IMAGE, TAG, TOGETHER, group_cells
from dinocell_app.tables.cell_store import CellColumn, CellSource, CellStore
from dinocell_app.tables.distributions import (
    box_texts,
    box_values,
    evenly_chosen,
    histogram,
    kernel_density,
    point_density,
)
from dinocell_app.tables.plot_values import BOX, HISTOGRAM, SCATTER, VIOLIN, PlotRequest, plot_values
from dinocell_app.tables.row_order import Arrangement
from dinocell_app.ui.results.plot_look import save_plot
from dinocell_app.ui.results.plots_tab import PlotsTab
from dinocell_app.ui.results.shown_cells import ShownCells
from tests.ui.results.results_stand_ins import made_store

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def cells(qapp):
    cells = ShownCells()
    cells.set_store(made_store(400, 8))
    return cells


@pytest.fixture
def tab(cells, qtbot):
    tab = PlotsTab(cells)
    qtbot.addWidget(tab)
    tab.resize(700, 420)
    tab.show()
    qtbot.waitExposed(tab)
    return tab


def shown_kind(tab, kind):
    tab.kind.setCurrentIndex(tab.kind.findData(kind))


def test_every_cell_is_in_one_bar():
    values = np.array([1.0, 2.0, 2.5, np.nan, 10.0, np.inf])
    counted = histogram(values)
    assert counted.counts.sum() == 4
    assert counted.n_missing == 2
    assert histogram(np.array([3, 3, 5])).edges.tolist() == [2.5, 3.5, 4.5, 5.5]
    assert histogram(np.array([2.0, 2.0])).counts.tolist() == [2]
    assert histogram(np.array([np.nan])).counts.sum() == 0


def test_a_box_shows_quartiles_and_tells_values_outside_the_whiskers():
    box = box_values("group", np.array([1, 2, 3, 4, 5, 100]), violin=False)
    assert box.quartiles == (2.25, 3.5, 4.75)
    assert box.whiskers == (1, 5)
    assert box.outside.tolist() == [100]
    assert len(box.heights) == 0
    assert box_values("group", np.array([np.nan]), violin=True) is None
    assert box_texts([box]) == ["group\nn = 6"]


def test_a_violin_is_widest_where_cells_are_most():
    values = np.sort(np.random.default_rng(1).normal(10, 1, 20_000))
    heights, widths = kernel_density(values)
    assert abs(heights[np.argmax(widths)] - 10) < 0.3
    assert widths.max() == 1
    assert len(kernel_density(np.ones(50))[0]) == 0
    assert len(kernel_density(np.array([1.0, 2.0]))[0]) == 0


def test_an_even_choice_keeps_both_ends():
    values = np.arange(1000.0)
    chosen = evenly_chosen(values, 11)
    assert chosen[[0, -1]].tolist() == [0, 999]
    assert len(chosen) == 11
    assert evenly_chosen(values, 1000) is values


def test_every_point_is_in_the_density():
    numbers = np.random.default_rng(2)
    density = point_density(numbers.random(9000), np.full(9000, 4.0))
    assert density.counts.sum() == 9000
    assert density.y == (3.5, 4.5)


def test_groups_by_folder_tag_and_image():
    sources = (
        CellSource(1, 1, "a.tif", "x", ("red", "big")),
        CellSource(2, 2, "b.tif", "y", ("red",)),
        CellSource(3, 3, "c.tif", "x"),
    )
    store = CellStore(sources, np.array([0, 2, 3, 5]), {"label": CellColumn(np.arange(1, 6))})
    rows = np.array([4, 2, 0, 1], np.int32)

    def groups(by):
        return {group.name: group.rows.tolist() for group in group_cells(store, rows, by)}

    assert groups(FOLDER) == {"x": [4, 0, 1], "y": [2]}
    assert groups(TAG) == {"red": [2, 0, 1], "big": [0, 1], "(no tag)": [4]}
    assert groups(IMAGE) == {"a.tif": [0, 1], "b.tif": [2], "c.tif": [4]}
    assert groups(TOGETHER) == {"All cells": [4, 2, 0, 1]}


def test_the_range_on_a_column_leaves_its_own_bars(cells):
    arrangement = Arrangement("circularity > 0.5", {"area_px2": (100, 300)})
    request = PlotRequest(cells.store, cells.rows, arrangement, HISTOGRAM, ("area_px2", ""), FOLDER)
    everything, passing = plot_values(request).histograms
    assert everything.counts.sum() == 400
    assert passing.counts.sum() == (cells.store.columns["circularity"].values > 0.5).sum()


def test_many_points_are_drawn_as_a_density():
    store = made_store(6000, 4)
    names = ("area_px2", "circularity")
    rows = np.arange(6000, dtype=np.int32)
    many = plot_values(PlotRequest(store, rows, Arrangement(), SCATTER, names, FOLDER))
    assert many.density.counts.sum() == 6000
    few = plot_values(PlotRequest(store, rows[:5000], Arrangement(), SCATTER, names, FOLDER))
    assert few.density is None
    none = plot_values(PlotRequest(store, rows[:0], Arrangement(), SCATTER, names, FOLDER))
    assert none.problem == "No cell passes the filter."


def test_dragging_on_the_histogram_filters_everywhere(tab, cells):
    tab.x_column.setCurrentIndex(tab.x_column.findData("area_px2"))
    tab.histogram._range.setRegion((100.0, 300.0))
    areas = cells.store.columns["area_px2"].values
    assert cells.rows.tolist() == np.flatnonzero((areas >= 100) & (areas <= 300)).tolist()
    edges = tab.histogram._edges
    tab.histogram._range.setRegion((edges[0], edges[-1]))
    assert len(cells.rows) == 400
    assert cells.arrangement.ranges == {}


def test_a_click_on_a_point_chooses_its_cell(tab, cells, qtbot):
    shown_kind(tab, SCATTER)
    tab.grab()
    x, y = tab.scatter._x[17], tab.scatter._y[17]
    where = tab.scatter.getViewBox().mapViewToScene(QPointF(x, y))
    assert tab.scatter.nearest_row(where) == 17


def test_the_chosen_cell_has_a_ring(tab, cells):
    shown_kind(tab, SCATTER)
    cells.choose(17)
    ring = tab.scatter._ring.getData()
    assert [axis.tolist() for axis in ring] == [[tab.scatter._x[17]], [tab.scatter._y[17]]]
    cells.choose(None)
    assert len(tab.scatter._ring.getData()[0]) == 0


@pytest.mark.parametrize("kind", [BOX, VIOLIN])
@pytest.mark.parametrize("by", [FOLDER, TAG, IMAGE, TOGETHER])
def test_groups_are_drawn(tab, kind, by):
    shown_kind(tab, kind)
    tab.group.setCurrentIndex(tab.group.findData(by))
    ticks = tab.groups.getAxis("bottom")._tickLevels[0]
    assert len(ticks) == {FOLDER: 4, TAG: 2, IMAGE: 8, TOGETHER: 1}[by]
    assert not tab.grab().isNull()


@pytest.mark.parametrize("kind", [HISTOGRAM, SCATTER, BOX, VIOLIN])
def test_plots_are_saved_as_png_and_svg(tab, kind, tmp_path):
    shown_kind(tab, kind)
    for name, start in (("plot.png", b"\x89PNG"), ("plot.svg", b"<?xml")):
        tab.save_to(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    assert sorted(path.name for path in tmp_path.glob("plot*")) == ["plot.png", "plot.svg"]


def test_a_plot_that_cannot_be_saved_is_told(tab, tmp_path, qtbot):
    with pytest.raises(UserFacingError, match=r"End the name in \.png or \.svg"):
        save_plot(tab.plot, tmp_path / "plot.pdf")
    (tmp_path / "file").write_text("no folder")
    with qtbot.waitSignal(tab.refused):
        tab.save_to(tmp_path / "file" / "plot.png")


def test_axes_carry_units_and_empty_columns_say_so(tab, cells):
    assert tab.histogram.getAxis("bottom").labelText == "Area (px²)"
    source = CellSource(1, 1, "a.tif")
    columns = {"label": CellColumn(np.array([1])), "circularity": CellColumn(np.array([np.nan]))}
    cells.set_store(CellStore((source,), np.array([0, 1]), columns))
    for kind in (HISTOGRAM, SCATTER, BOX):
        shown_kind(tab, kind)
        assert "No cell has a value" in tab.content.sentence
    cells.set_store(CellStore.empty())
    assert tab.content.sentence == "There are no cells to plot."
