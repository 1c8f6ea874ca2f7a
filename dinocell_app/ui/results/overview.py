"""The tab that shows a whole experiment: each image a field, coloured by a value that stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QTableView, QVBoxLayout, QWidget

from dinocell_app.tables.column_text import column_text, number_text
from dinocell_app.tables.image_summary import source_problem
from dinocell_app.tables.overview_layout import OverviewLayout, overview_layout
from dinocell_app.tables.plate_wells import COLUMN, EXAMPLE, ROW, pattern_problem
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.results.image_values import ImageValues
from dinocell_app.ui.theme import text_on

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_FIELD = (76, 40)
_MOST_TOLD = 8
"""Images of a well that a tooltip lists."""


class OverviewModel(QAbstractTableModel):
    """Fields of the overview: value, colour and what image it is."""

    def __init__(self, values: ImageValues, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._values = values
        self._colours: Any = pg.colormap.get("viridis")
        self.name = "n_cells"
        self.pattern = ""
        self.layout: OverviewLayout = overview_layout(values.sources)
        self.limits: tuple[float, float] | None = None
        """Smallest and largest value; None when no image has one."""
        self._measure_limits()
        values.changed.connect(self._on_changed)

    def show_value(self, name: str) -> None:
        """Colour the images by another value.

        Parameters
        ----------
        name : str
            A column of the image table.
        """
        self.name = name
        self._measure_limits()
        if self.rowCount() and self.columnCount():
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def source(self, index: _Index) -> int | None:
        """Place of the first image in a field.

        Returns
        -------
        int or None
            None for an empty field.
        """
        places = self.layout.sources.get((index.row(), index.column()), ())
        return places[0] if places else None

    def set_pattern(self, pattern: str) -> None:
        """Read wells by another pattern; see `plate_wells.pattern_problem`."""
        self.pattern = pattern
        self._on_changed()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        """Count the folders, or rows of plates."""
        return 0 if parent.isValid() else len(self.layout.row_titles)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        """Count the fields of the longest row."""
        return 0 if parent.isValid() else len(self.layout.column_titles)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Let only fields with an image be chosen."""
        there = index.isValid() and self.source(index) is not None
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if there else Qt.ItemFlag.NoItemFlags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's values
        """Give what Qt asks about one field."""
        places = self.layout.sources.get((index.row(), index.column()), ()) if index.isValid() else ()
        if not places or self.name not in self._values.columns:
            return None
        value = self._value(places)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(places, value)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._about(places)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        colour = self._colour(value)
        if role == Qt.ItemDataRole.BackgroundRole:
            return colour
        if role == Qt.ItemDataRole.ForegroundRole and colour is not None:
            return text_on(colour)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's values
        """Name the row or column."""
        horizontal = orientation == Qt.Orientation.Horizontal
        titles = self.layout.column_titles if horizontal else self.layout.row_titles
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) and 0 <= section < len(titles):
            return titles[section]
        return None

    def _measure_limits(self) -> None:
        fields = [self._value(places) for places in self.layout.sources.values()]
        known = [value for value in fields if value is not None]
        self.limits = (min(known), max(known)) if known else None

    def _value(self, places: Sequence[int]) -> float | None:
        """Mean of the images of a field; None where no image has a value."""
        column = self._values.columns.get(self.name)
        if column is None or not column.is_number:
            return None
        done = [float(column.values[p]) for p in places if not self._values.sources[p].reason]
        known = [value for value in done if np.isfinite(value)]
        return sum(known) / len(known) if known else None

    def _text(self, places: Sequence[int], value: float | None) -> str:
        if len(places) == 1:
            failed = bool(self._values.sources[places[0]].reason)
            return "failed" if failed else self._values.columns[self.name].text(places[0]) or "–"
        return "–" if value is None else number_text(value)

    def _about(self, places: Sequence[int]) -> str:
        lines = [] if len(places) == 1 else [f"Mean of {len(places)} images"]
        for place in places[:_MOST_TOLD]:
            source = self._values.sources[place]
            text = self._values.columns[self.name].text(place)
            about = f"{column_text(self.name).label}: {text or 'no value'}"
            lines += filter(None, (source.title, source.folder, about, source_problem(source)))
        return "\n".join(lines if len(places) <= _MOST_TOLD else [*lines, "…"])

    def _colour(self, value: float | None) -> QColor | None:
        limits = self.limits
        if limits is None or value is None:
            return None
        low, high = limits
        share = (value - low) / (high - low) if high > low else 0.5
        colour: QColor = self._colours.map(share, mode=pg.ColorMap.QCOLOR)
        return colour

    def _on_changed(self) -> None:
        self.beginResetModel()
        self.layout = overview_layout(self._values.sources, self.pattern)
        self._measure_limits()
        self.endResetModel()


class Overview(QWidget):
    """Choose a value and see it over all images."""

    source_chosen = Signal(int)
    """Place of the image among the sources of the store."""

    def __init__(self, values: ImageValues, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = values
        self.model = OverviewModel(values, self)
        self.value = QComboBox()
        self.value.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.value.setMinimumContentsLength(28)
        self.value.setAccessibleName("Value that colours the images")
        self.value.setToolTip("Which value of the image table the fields show")
        self.legend = plain_label()
        self.pattern = QLineEdit(placeholderText="A01 … P24, found by itself", clearButtonEnabled=True)
        self.pattern.setAccessibleName("How wells are named")
        self.pattern.setToolTip(
            f"Where the well stands in folder and file name, such as {EXAMPLE}.\n"
            f"{ROW} is a letter from A to P, {COLUMN} a number from 1 to 24, * anything.\n"
            "Empty for usual names such as A01. If not all images are named for wells, they stand by folder."
        )
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName("Overview of images by folder")
        self.view.setTabKeyNavigation(False)
        self.view.horizontalHeader().setDefaultSectionSize(_FIELD[0])
        self.view.verticalHeader().setDefaultSectionSize(_FIELD[1])
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        title = plain_label("Colour by")
        title.setBuddy(self.value)
        line = QHBoxLayout()
        line.addWidget(title)
        line.addWidget(self.value)
        line.addWidget(self.legend, 1)
        wells = plain_label("Wells")
        wells.setBuddy(self.pattern)
        line.addWidget(wells)
        line.addWidget(self.pattern, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.view, 1)
        self.value.currentIndexChanged.connect(self._on_value)
        self.pattern.textChanged.connect(self._on_pattern)
        self.view.selectionModel().currentChanged.connect(self._on_field)
        values.changed.connect(self._on_changed)
        self._on_changed()

    def _on_pattern(self, pattern: str) -> None:
        problem = pattern_problem(pattern)
        if problem:
            self.legend.setText(problem)
            return
        self.model.set_pattern(pattern)
        self._on_value(self.value.currentIndex())
        if pattern and not self.model.layout.is_plate:
            self.legend.setText("Not all images are named like this; they stand by folder.")

    def _on_changed(self) -> None:
        names = self._values.number_names()
        wanted = self.model.name if self.model.name in names else "n_cells"
        self.value.blockSignals(True)
        self.value.clear()
        for name in names:
            self.value.addItem(column_text(name).label, name)
        self.value.setCurrentIndex(self.value.findData(wanted))
        self.value.blockSignals(False)
        self._on_value(self.value.currentIndex())

    def _on_value(self, _place: int) -> None:
        self.model.show_value(str(self.value.currentData() or "n_cells"))
        limits = self.model.limits
        self.legend.setText(
            "" if limits is None else f"dark {number_text(limits[0])} to bright {number_text(limits[1])}"
        )

    def _on_field(self, current: QModelIndex, _previous: QModelIndex) -> None:
        place = self.model.source(current) if current.isValid() else None
        if place is not None:
            self.source_chosen.emit(place)
