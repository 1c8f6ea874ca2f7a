import pytest
from PySide6.QtWidgets import QScrollArea

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.ui.results.results_panel import ResultsPanel
from tests.ui.results.results_stand_ins import PlainProject, PlainResult, PlainSession, write_cells

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def panel(session, qtbot):
    panel = ResultsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 500)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def test_shows_the_cells_of_the_project(panel):
    assert panel.content.sentence == ""
    assert panel.table.model.rowCount() == 5


def test_a_row_shows_its_image_and_marks_its_cell(panel, session):
    panel.table.view.setCurrentIndex(panel.table.model.index(4, 0))
    assert session.current_image.name == "b.tif"
    assert session.selected_cell == 5
    assert session.current_result.id == 12
    assert panel.cells.cell == 4


def test_a_cell_clicked_in_the_image_is_found_in_the_table(panel, session):
    session.set_current_image(2)
    session.select_cell(2)
    assert panel.table.view.currentIndex().row() == 3
    session.select_cell(0)
    assert panel.cells.cell is None
    session.select_cell(77)
    assert panel.cells.cell is None


def test_a_row_of_a_series_shows_its_plane(panel, session, project):
    project.found.append(PlainResult(31, 3, "series", PlaneAddress.of_suffix("_t0002_z001")))
    project.tables[31] = write_cells(project.folder / "s.csv", [("c.tif", 4, False, 9, 0.5, 0, 0, 3, 3)])
    panel.loading.load()
    panel.set_choice.setCurrentIndex(panel.set_choice.findText("series"))
    panel.set_choice.activated.emit(panel.set_choice.currentIndex())
    assert panel.table.model.rowCount() == 1
    panel.table.view.setCurrentIndex(panel.table.model.index(0, 0))
    assert (session.t, session.z, session.selected_cell) == (2, 1, 4)


def test_new_results_appear_by_themselves(panel, session, project, qtbot):
    project.found.append(PlainResult(14, 3))
    project.tables[14] = write_cells(project.folder / "n.csv", [("c.tif", 1, False, 9, 0.5, 0, 0, 3, 3)])
    session.results_changed.emit([3])
    qtbot.waitUntil(lambda: panel.table.model.rowCount() == 6)


def test_says_what_to_do_while_there_is_nothing(tmp_path, qtbot):
    session = PlainSession(None)
    panel = ResultsPanel(session)
    qtbot.addWidget(panel)
    assert "Open or create a project" in panel.content.sentence
    session.project = PlainProject(tmp_path / "new.dinocell")
    session.project_opened.emit()
    assert "No results yet" in panel.content.sentence
    session.project = None
    session.project_closed.emit()
    assert "Open or create a project" in panel.content.sentence


def test_results_without_tables_are_no_empty_table(panel, project):
    project.tables.clear()
    panel.loading.load()
    assert "CSV or Parquet" in panel.content.sentence


def test_tables_that_cannot_be_read_are_named(panel, project):
    project.tables[12].unlink()
    panel.loading.load()
    assert panel.state.text() == "⚠ 1 table could not be read"
    assert "b_cells.csv" in panel.state.toolTip()
    assert panel.table.model.rowCount() == 2


def test_plots_fit_a_low_dock(session, qtbot):
    area = QScrollArea()
    area.setWidgetResizable(True)
    panel = ResultsPanel(session)
    area.setWidget(panel)
    qtbot.addWidget(area)
    area.resize(900, 260)
    area.show()
    panel.tabs.setCurrentWidget(panel.plots)
    qtbot.waitExposed(area)
    qtbot.waitUntil(lambda: panel.height() <= area.viewport().height())
    assert not area.verticalScrollBar().isVisible()
    panel.shut_down()
