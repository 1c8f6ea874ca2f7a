import pytest

from dinocell_app.tables.plot_values import BOX
from dinocell_app.tables.remembered_view import FILE_NAME, RememberedView, remember_view, remembered_view
from dinocell_app.tables.result_sources import NEWEST
from dinocell_app.ui.results.results_panel import ResultsPanel
from tests.ui.results.results_stand_ins import PlainProject, PlainSession

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def opened(qtbot):
    """Open the results of a session in a panel of their own."""

    def open_panel(session):
        panel = ResultsPanel(session)
        qtbot.addWidget(panel)
        panel.resize(900, 500)
        panel.show()
        qtbot.waitExposed(panel)
        return panel

    return open_panel


def choose_much(panel):
    """Choose something other than the first in every tab."""
    panel.set_choice.setCurrentIndex(panel.set_choice.findText("first"))
    panel.set_choice.activated.emit(panel.set_choice.currentIndex())
    panel.filter.edit.setText("area_px2 > 25")
    panel.filter.edit.editingFinished.emit()
    panel.cells.set_range("circularity", (0.1, float("inf")))
    panel.table._show_columns(["label", "circularity"])
    panel.gallery.order.setCurrentIndex(panel.gallery.order.findData("area_px2"))
    panel.gallery.descending.setCurrentIndex(1)
    panel.gallery.order.activated.emit(panel.gallery.order.currentIndex())
    panel.plots.kind.setCurrentIndex(panel.plots.kind.findData(BOX))
    panel.plots.x_column.setCurrentIndex(panel.plots.x_column.findData("circularity"))
    panel.plots.y_column.setCurrentIndex(panel.plots.y_column.findData("area_px2"))
    panel.plots.group.setCurrentIndex(2)
    panel.tabs.setCurrentWidget(panel.gallery)


def test_a_reopened_project_shows_its_results_as_they_were(session, project, opened):
    panel = opened(session)
    choose_much(panel)
    shown = panel.cells.rows.tolist()
    plot = panel.plots.choice()
    panel.close()
    again = opened(PlainSession(project))
    assert shown == [4, 0, 1]
    assert again.cells.rows.tolist() == shown
    assert again.set_choice.currentText() == "first"
    assert again.filter.edit.text() == "area_px2 > 25"
    assert again.cells.arrangement.ranges == {"circularity": (0.1, float("inf"))}
    assert again.table.model.names == ["label", "circularity"]
    assert again.gallery.order.currentData() == "area_px2"
    assert again.gallery.descending.currentText() == "Largest first"
    assert again.plots.choice() == plot
    assert again.plots.x_column.currentData() == "circularity"
    assert again.plots.y_column.currentData() == "area_px2"
    assert again.plots.kind.currentData() == BOX
    assert again.tabs.currentWidget() is again.gallery


def test_each_project_has_a_view_of_its_own(session, project, opened, tmp_path):
    panel = opened(session)
    choose_much(panel)
    session.project = None
    session.project_closed.emit()
    assert panel.filter.edit.text() == ""
    other = PlainProject(tmp_path / "other.dinocell", project.pictures, project.found, project.tables)
    other.folder.mkdir()
    session.project = other
    session.project_opened.emit()
    assert len(panel.cells.rows) == 5
    assert panel.loading.set_name == NEWEST
    assert "area_px2" in panel.table.model.names
    session.project = project
    session.project_opened.emit()
    assert panel.cells.rows.tolist() == [4, 0, 1]
    assert panel.table.model.names == ["label", "circularity"]


def test_choices_are_written_while_the_window_is_open(session, project, opened, qtbot):
    panel = opened(session)
    panel.cells.set_expression("area_px2 > 25")
    qtbot.waitUntil((project.folder / FILE_NAME).exists)
    assert remembered_view(project.folder).expression == "area_px2 > 25"


def test_a_project_that_cannot_be_written_to_is_left_alone(session, project, opened):
    project.read_only_reason = "It is open in another window."
    panel = opened(session)
    choose_much(panel)
    panel.close()
    assert not (project.folder / FILE_NAME).exists()


@pytest.mark.parametrize("content", ["", "no json", '{"tab": "many"}', '{"schema_version": 99}'])
def test_a_damaged_view_is_like_none(tmp_path, content):
    (tmp_path / FILE_NAME).write_text(content)
    assert remembered_view(tmp_path) == RememberedView()


def test_a_project_that_is_gone_is_not_made_again(tmp_path):
    remember_view(tmp_path / "gone.dinocell", RememberedView(tab=2))
    assert not (tmp_path / "gone.dinocell").exists()
