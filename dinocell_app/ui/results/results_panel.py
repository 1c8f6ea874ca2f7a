"""The results: a result set to choose, and tabs that look at its cells from different sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from dinocell_app.tables.remembered_view import RememberedView
from dinocell_app.tables.result_sources import NEWEST
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.results.cell_table import CellTable
from dinocell_app.ui.results.crop_loading import CropLoading
from dinocell_app.ui.results.empty_state import WithEmptyState
from dinocell_app.ui.results.filter_bar import FilterBar
from dinocell_app.ui.results.gallery import Gallery
from dinocell_app.ui.results.image_table import ImageTable
from dinocell_app.ui.results.image_values import ImageValues
from dinocell_app.ui.results.linking import CellLink
from dinocell_app.ui.results.overview import Overview
from dinocell_app.ui.results.plots_tab import PlotsTab
from dinocell_app.ui.results.shown_cells import ShownCells
from dinocell_app.ui.results.store_loading import StoreLoading
from dinocell_app.ui.results.view_memory import ViewMemory

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

_MOST_NAMED = 3


class ResultsPanel(QWidget):
    """Cells, images, plots, gallery and overview of a result set."""

    image_wanted = Signal()
    """A cell or image was double-clicked: the image shall be seen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.memory = ViewMemory(session, self)
        self.cells = ShownCells(self)
        self.link = CellLink(session, self.cells, self)
        self.loading = StoreLoading(session, self.cells, self)
        self.set_choice = QComboBox()
        self.set_choice.setAccessibleName("Result set")
        self.set_choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.set_choice.setToolTip("Which results to look at: those of one run, or the newest of each image")
        self.state = plain_label()
        self.filter = FilterBar(self.cells)
        self.table = CellTable(self.cells)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.image_values = ImageValues(self.cells, self)
        self.images = ImageTable(self.image_values)
        self.plots = PlotsTab(self.cells)
        self.crops = CropLoading(session, self.cells, self)
        self.gallery = Gallery(self.cells, self.crops)
        self.overview = Overview(self.image_values)
        self.tabs.addTab(self.table, "Cells")
        self.tabs.addTab(self.images, "Images")
        self.tabs.addTab(self.plots, "Plots")
        self.tabs.addTab(self.gallery, "Gallery")
        self.tabs.addTab(self.overview, "Overview")
        self.content = WithEmptyState(self.tabs)
        self._lay_out()
        self._connect()
        self.memory.read()
        self.loading.set_name = self.loading.first_set
        self.loading.load()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of work that is under way."""
        self.shut_down()
        super().closeEvent(event)

    def shut_down(self) -> None:
        """Let go of work that is under way; nothing is read afterwards."""
        self.memory.write()
        self.loading.shut_down()
        self.plots.shut_down()
        self.image_values.shut_down()
        self.crops.shut_down()
        self.cells.shut_down()

    def _lay_out(self) -> None:
        title = plain_label("Re&sults")
        title.setBuddy(self.set_choice)
        line = QHBoxLayout()
        line.addWidget(title)
        line.addWidget(self.set_choice)
        line.addWidget(self.state)
        line.addWidget(self.filter, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 2, 6, 4)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.content, 1)

    def _connect(self) -> None:
        self.set_choice.activated.connect(self._on_set_chosen)
        self.loading.sets_changed.connect(self._show_sets)
        self.loading.loading_changed.connect(self._show_state)
        self.loading.problems_found.connect(self._on_problems)
        self.cells.store_changed.connect(self._show_state)
        self.cells.store_changed.connect(self._show_types)
        self.table.row_chosen.connect(self.link.choose)
        self.gallery.row_chosen.connect(self.link.choose)
        self.plots.row_chosen.connect(self.link.choose)
        for tab in (self.images, self.overview):
            tab.source_chosen.connect(self.link.show_image)
        self.image_values.failed.connect(self._session.report)
        self.plots.refused.connect(self._session.report)
        for view in (self.table.view, self.images.view, self.gallery.view, self.overview.view):
            view.doubleClicked.connect(self.image_wanted)
        self.memory.opened.connect(self._show_remembered)
        self.cells.rows_changed.connect(self._remember)
        self.table.model.modelReset.connect(self._remember)
        self.plots.choice_changed.connect(self._remember)
        self.tabs.currentChanged.connect(self._remember)

    def _show_types(self) -> None:
        project = self._session.project
        types = project.references.all().types if project is not None else ()
        self.gallery.model.set_type_colours({each.name: each.colour for each in types})

    def _show_remembered(self) -> None:
        """Choose what was chosen when the project was last closed."""
        view = self.memory.view
        self.loading.first_set = view.set_name
        self.cells.start_with(view.arrangement())
        self.filter.show_expression()
        self.table.model.set_names(view.columns)
        self.plots.set_choice(view.plot)
        self.tabs.setCurrentIndex(view.tab)
        # Cells of the project before may have reported the choices one by one.
        self.memory.note(view)

    def _remember(self) -> None:
        """Take note of what is chosen; without cells that would be nothing."""
        if self.cells.store.n_rows:
            kept = self.cells.arrangement
            self.memory.note(
                RememberedView(
                    set_name=self.loading.set_name,
                    tab=self.tabs.currentIndex(),
                    expression=kept.expression,
                    ranges=kept.ranges,
                    sort_by=kept.sort_by,
                    ascending=kept.ascending,
                    columns=self.table.model.chosen,
                    plot=self.plots.choice(),
                )
            )

    def _show_sets(self) -> None:
        self.set_choice.clear()
        self.set_choice.addItem("Newest of each image", NEWEST)
        for name in self.loading.set_names:
            self.set_choice.addItem(name, name)
        self.set_choice.setCurrentIndex(max(0, self.set_choice.findData(self.loading.set_name)))

    def _on_set_chosen(self, place: int) -> None:
        self.loading.choose_set(str(self.set_choice.itemData(place)))

    def _on_problems(self, problems: list[str]) -> None:
        if problems:
            more = f"\nand {len(problems) - _MOST_NAMED} more" if len(problems) > _MOST_NAMED else ""
            tables = "1 table" if len(problems) == 1 else f"{len(problems)} tables"
            self.state.setText(f"⚠ {tables} could not be read")
            self.state.setToolTip("\n".join(problems[:_MOST_NAMED]) + more)

    def _show_state(self) -> None:
        store = self.cells.store
        self.state.setToolTip("")
        self.state.setText("Reading tables…" if self.loading.is_loading else "")
        self.set_choice.setEnabled(bool(self.loading.set_names))
        if self._session.project is None:
            self.content.say("Open or create a project to see results here.")
        elif not store.sources and self.loading.is_loading:
            self.content.say("Reading the tables of cells…")
        elif not store.sources:
            self.content.say(
                "No results yet.\nChoose settings in the Segment dock and run them on your images; the cells "
                "of each image appear here as soon as it is done."
            )
        elif all(source.table is None and not source.reason for source in store.sources):
            self.content.say(
                "These results have no tables of cells.\n"
                "Choose the format CSV or Parquet and run the images again to measure their cells."
            )
        else:
            self.content.say("")
