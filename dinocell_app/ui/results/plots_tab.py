"""The tab with plots: histogram, scatter plot, boxes and violins of what the table shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import UserFacingError
from dinocell_app.tables.cell_groups import FOLDER, IMAGE, TAG, TOGETHER
from dinocell_app.tables.plot_values import (
    BOX,
    HISTOGRAM,
    SCATTER,
    VIOLIN,
    PlotRequest,
    PlotValues,
    plot_values,
)
from dinocell_app.tables.remembered_view import PlotChoice
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.results.empty_state import WithEmptyState
from dinocell_app.ui.results.group_plot import GroupPlot
from dinocell_app.ui.results.histogram_plot import HistogramPlot
from dinocell_app.ui.results.plot_look import PlotArea, save_plot
from dinocell_app.ui.results.scatter_plot import ScatterPlot
from dinocell_app.ui.results.shown_cells import ShownCells
from dinocell_app.ui.workers import Task, start

_KINDS = (("Histogram", HISTOGRAM), ("Scatter plot", SCATTER), ("Box plot", BOX), ("Violin plot", VIOLIN))
_GROUPS = (("Folder", FOLDER), ("Tag", TAG), ("Image", IMAGE), ("All cells", TOGETHER))


class PlotsTab(QWidget):
    """Choose a plot and its columns; points, ranges and rows are linked."""

    row_chosen = Signal(int)
    """Row of the store whose point was clicked."""
    refused = Signal(object)
    """A plot could not be saved: the error."""
    choice_changed = Signal()
    """Another plot, column or group was chosen."""

    def __init__(self, cells: ShownCells, parent: QWidget | None = None) -> None:
        self._made = False
        super().__init__(parent)
        self._cells = cells
        self._task: Task | None = None
        self._out_of_date = True
        self._wanted = {"x": "", "y": ""}
        self.kind = _choice("Plot", "Which plot to draw", _KINDS)
        self.x_column = _choice("Column", "The measurement along the bottom, or that groups are compared in")
        self.y_column = _choice("Against", "The measurement along the side")
        self.group = _choice("Group by", "What makes cells a group", _GROUPS)
        self.save = QPushButton("Save plot…")
        self.save.setToolTip("Save the plot as PNG or SVG")
        self.note = plain_label()
        self.note.setWordWrap(True)
        self.histogram = HistogramPlot()
        self.scatter = ScatterPlot()
        self.groups = GroupPlot()
        self.stack = QStackedWidget()
        self.plots: dict[str, PlotArea] = {
            HISTOGRAM: self.histogram,
            SCATTER: self.scatter,
            BOX: self.groups,
            VIOLIN: self.groups,
        }
        for plot in (self.histogram, self.scatter, self.groups):
            self.stack.addWidget(plot)
        self.content = WithEmptyState(self.stack)
        self._lay_out()
        self._connect()
        self._made = True
        self._on_store_changed()

    @property
    def plot(self) -> PlotArea:
        """The plot that is shown."""
        return self.plots[str(self.kind.currentData())]

    def choice(self) -> PlotChoice:
        """Say which plot is chosen."""
        return PlotChoice(
            kind=str(self.kind.currentData()), group=str(self.group.currentData()), **self._wanted
        )

    def set_choice(self, choice: PlotChoice) -> None:
        """Choose a plot; columns that these cells do not have are taken once there are cells with them."""
        self._wanted = {"x": choice.x, "y": choice.y}
        for box, value in ((self.kind, choice.kind), (self.group, choice.group)):
            box.blockSignals(True)
            box.setCurrentIndex(max(0, box.findData(value)))
            box.blockSignals(False)
        self._on_store_changed()

    def draw(self) -> None:
        """Draw the plot again, its values worked out on a worker thread."""
        self._out_of_date = not self.isVisible()
        if self._out_of_date:
            return
        self.shut_down()
        kind, x, y = (str(choice.currentData() or "") for choice in (self.kind, self.x_column, self.y_column))
        for label, choice, wanted in (
            (self._labels[1], self.y_column, kind == SCATTER),
            (self._labels[2], self.group, kind in (BOX, VIOLIN)),
        ):
            label.setVisible(wanted)
            choice.setVisible(wanted)
        self.stack.setCurrentWidget(self.plot)
        self.save.setEnabled(bool(x) and self._cells.store.n_rows > 0)
        if not x or not self._cells.store.n_rows:
            self.content.say("There are no cells to plot.")
            return
        request = PlotRequest(
            self._cells.store,
            self._cells.rows,
            self._cells.arrangement,
            kind,
            (x, y),
            self.group.currentData(),
        )
        self._task = start(lambda: plot_values(request), self._show, self._on_failed, owner=self)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what changed while the tab was hidden."""
        super().showEvent(event)
        if self._out_of_date:
            self.draw()

    def changeEvent(self, event: QEvent) -> None:
        """Draw in the new colours when the window turns dark or light."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._made:
            self.draw()

    def shut_down(self) -> None:
        """Let go of work that is under way."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def save_to(self, path: Path) -> None:
        """Save the plot that is shown; a failure is told by `refused`.

        Parameters
        ----------
        path : Path
            Ending in .png or .svg.
        """
        try:
            save_plot(self.plot, path)
        except UserFacingError as error:
            self.refused.emit(error)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self.kind)
        self._labels = []
        for title, choice in (("of", self.x_column), ("against", self.y_column), ("by", self.group)):
            label = plain_label(title)
            label.setBuddy(choice)
            self._labels.append(label)
            line.addWidget(label)
            line.addWidget(choice)
        line.addStretch(1)
        line.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.content, 1)
        column.addWidget(self.note)

    def _connect(self) -> None:
        for choice in (self.kind, self.x_column, self.y_column, self.group):
            choice.currentIndexChanged.connect(self._on_choice)
        self.save.clicked.connect(self._on_save)
        self.histogram.range_dragged.connect(self._on_range)
        self.scatter.row_chosen.connect(self.row_chosen)
        self._cells.store_changed.connect(self._on_store_changed)
        self._cells.rows_changed.connect(self.draw)
        self._cells.cell_changed.connect(self._show_cell)

    def _show(self, values: PlotValues) -> None:
        self._task = None
        self.content.say(values.problem)
        self.note.setText(values.note)
        about = [self._cells.store.about(name).label if name else "" for name in values.names]
        if values.histograms is not None:
            limits = self._cells.arrangement.ranges.get(values.names[0])
            self.histogram.show_counts(*values.histograms, limits)
            self.histogram.name_axes(about[0], "Cells")
        elif values.points is not None:
            self.scatter.show_points(*values.points, values.density)
            self.scatter.name_axes(*about)
        elif values.boxes is not None:
            self.groups.show_groups(values.boxes)
            self.groups.name_axes("", about[0])
        self._show_cell()

    def _show_cell(self) -> None:
        row, x = self._cells.cell, self.x_column.currentData()
        self.scatter.show_cell(row)
        if row is None or x not in self._cells.store.columns:
            self.histogram.show_cell(None)
        else:
            self.histogram.show_cell(float(self._cells.store.columns[x].value(row)))

    def _on_store_changed(self) -> None:
        names = self._cells.store.number_names()
        for choice, before, first in (
            (self.x_column, self._wanted["x"], ("area_um2", "area_px2")),
            (self.y_column, self._wanted["y"], ("circularity", "solidity")),
        ):
            choice.blockSignals(True)
            choice.clear()
            for place, name in enumerate(names):
                text = self._cells.store.about(name)
                choice.addItem(text.label, name)
                choice.setItemData(place, text.tooltip, Qt.ItemDataRole.ToolTipRole)
            wanted = next((name for name in (before, *first) if name in names), None)
            choice.setCurrentIndex(choice.findData(wanted) if wanted else min(0, choice.count() - 1))
            choice.blockSignals(False)
        self.draw()

    def _on_choice(self, _place: int) -> None:
        self._wanted = {
            "x": str(self.x_column.currentData() or ""),
            "y": str(self.y_column.currentData() or ""),
        }
        self.draw()
        self.choice_changed.emit()

    def _on_range(self, limits: tuple[float, float] | None) -> None:
        self._cells.set_range(str(self.x_column.currentData()), limits)

    def _on_save(self) -> None:
        suggestion = f"{self.kind.currentText().lower()} {self.x_column.currentData()}.png".replace(" ", "_")
        name, _ = QFileDialog.getSaveFileName(
            self, "Save plot", suggestion, "PNG picture (*.png);;SVG (*.svg)"
        )
        if name:
            self.save_to(Path(name))

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self.refused.emit(error)


def _choice(name: str, tooltip: str, entries: tuple[tuple[str, str], ...] = ()) -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName(name)
    choice.setToolTip(tooltip)
    choice.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    choice.setMinimumContentsLength(11)
    choice.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
    for text, value in entries:
        choice.addItem(text, value)
    return choice
