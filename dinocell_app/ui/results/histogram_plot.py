"""The histogram: drag over it and only those cells are shown everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from dinocell_app.tables.distributions import Histogram
from dinocell_app.ui.results.plot_look import PlotArea


class HistogramPlot(PlotArea):
    """Bars of all cells, of the shown cells, and a range to drag."""

    range_dragged = Signal(object)
    """Smallest and largest value asked for, or None when the range covers everything."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Histogram")
        self._all: Any = pg.BarGraphItem(x0=[], x1=[], height=[])
        self._shown: Any = pg.BarGraphItem(x0=[], x1=[], height=[])
        self._range: Any = pg.LinearRegionItem()
        self._range.setZValue(10)
        self._cell: Any = pg.InfiniteLine(angle=90, movable=False)
        self._cell.setZValue(11)
        self._edges = np.array([0.0, 1.0])
        for item in (self._all, self._shown, self._range, self._cell):
            self.addItem(item)
        self._cell.hide()
        self.setMouseEnabled(x=False, y=False)
        self._range.sigRegionChangeFinished.connect(self._on_dragged)

    def show_counts(
        self, everything: Histogram, shown: Histogram, limits: tuple[float, float] | None
    ) -> None:
        """Draw the bars.

        Parameters
        ----------
        everything : Histogram
            Of all cells.
        shown : Histogram
            Of the cells that pass the filters, with the same edges.
        limits : (float, float) or None
            The range in force.
        """
        self._edges = everything.edges
        low, high = everything.edges[:-1], everything.edges[1:]
        nothing = pg.mkPen(None)
        self._all.setOpts(x0=low, x1=high, height=everything.counts, brush=self.ink(50), pen=nothing)
        self._shown.setOpts(x0=low, x1=high, height=shown.counts, brush=self.accent(), pen=nothing)
        self._cell.setPen(pg.mkPen(self.ink(), width=2, dash=[4, 3]))
        self._range.setBrush(pg.mkBrush(self.accent(30)))
        self._range.setHoverBrush(pg.mkBrush(self.accent(60)))
        for line in self._range.lines:
            line.setPen(pg.mkPen(self.accent(), width=2))
            line.setHoverPen(pg.mkPen(self.ink(), width=3))
        self._range.setBounds((self._edges[0], self._edges[-1]))
        ends = (self._edges[0], self._edges[-1])
        blocked = self._range.blockSignals(True)
        self._range.setRegion(ends if limits is None else limits)
        self._range.blockSignals(blocked)
        top = max(1, int(everything.counts.max(initial=0)))
        self.setXRange(*ends, padding=0.02)
        self.setYRange(0, top, padding=0.05)

    def show_cell(self, value: float | None) -> None:
        """Mark the value of the chosen cell.

        Parameters
        ----------
        value : float or None
            None for no cell, or a cell without a value.
        """
        there = value is not None and np.isfinite(value)
        self._cell.setVisible(bool(there))
        if there:
            self._cell.setValue(value)

    def _on_dragged(self) -> None:
        low, high = (float(value) for value in self._range.getRegion())
        everything = low <= self._edges[0] and high >= self._edges[-1]
        self.range_dragged.emit(None if everything else (low, high))
