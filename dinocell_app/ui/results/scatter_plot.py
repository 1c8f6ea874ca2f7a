"""Two measurements against each other: points, or a density where points would hide each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QWidget

from dinocell_app.tables.distributions import Density
from dinocell_app.ui.results.plot_look import PlotArea

_REACH_PX = 24


class ScatterPlot(PlotArea):
    """Points to click; the chosen cell has a ring."""

    row_chosen = Signal(int)
    """Row of the store whose point was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Scatter plot")
        self._points: Any = pg.ScatterPlotItem(size=6, pxMode=True)
        self._density: Any = pg.ImageItem()
        self._density.setColorMap(pg.colormap.get("viridis"))
        self._ring: Any = pg.ScatterPlotItem(size=16, pxMode=True, symbol="o")
        for item in (self._density, self._points, self._ring):
            self.addItem(item)
        self._x = self._y = np.zeros(0)
        self._rows = np.zeros(0, np.int32)
        self.scene().sigMouseClicked.connect(self._on_clicked)

    def show_points(
        self, rows: NDArray[np.int32], x: NDArray[np.float64], y: NDArray[np.float64], density: Density | None
    ) -> None:
        """Draw the cells.

        Parameters
        ----------
        rows : ndarray of shape (n,), int
            Rows of the store.
        x, y : ndarray of shape (n,), float
            Their values, none missing.
        density : Density or None
            What to draw in place of so many points.
        """
        self._rows, self._x, self._y = rows, x, y
        self._density.setVisible(density is not None)
        if density is not None:
            self._points.setData([], [])
            shown = np.log1p(density.counts.astype(np.float64))
            shown[density.counts == 0] = np.nan  # the background of the plot shows where no cell is
            self._density.setImage(shown, levels=(0.0, float(np.nanmax(shown))))
            (low_x, high_x), (low_y, high_y) = density.x, density.y
            self._density.setRect(QRectF(low_x, low_y, high_x - low_x, high_y - low_y))
        else:
            self._points.setData(x, y, brush=pg.mkBrush(self.accent(150)), pen=pg.mkPen(None))
        self.getViewBox().autoRange(padding=0.04)

    def show_cell(self, row: int | None) -> None:
        """Put the ring around a cell.

        Parameters
        ----------
        row : int or None
            Row of the store.
        """
        place = np.flatnonzero(self._rows == row) if row is not None else self._rows[:0]
        if not len(place):
            self._ring.setData([], [])
            return
        first = int(place[0])
        self._ring.setData(
            [self._x[first]], [self._y[first]], pen=pg.mkPen(self.ink(), width=2.5), brush=pg.mkBrush(None)
        )

    def nearest_row(self, position: QPointF) -> int | None:
        """Find the cell whose point is nearest to a place of the plot.

        Parameters
        ----------
        position : QPointF
            In the scene of the plot.

        Returns
        -------
        int or None
            None when none is near.
        """
        if not len(self._rows):
            return None
        view = self.getViewBox()
        wide, high = view.viewPixelSize()
        there = view.mapSceneToView(position)
        distance = np.hypot((self._x - there.x()) / wide, (self._y - there.y()) / high)
        nearest = int(np.argmin(distance))
        return int(self._rows[nearest]) if distance[nearest] <= _REACH_PX else None

    def _on_clicked(self, event: Any) -> None:  # noqa: ANN401 - pyqtgraph has no types
        if event.button() != Qt.MouseButton.LeftButton:
            return
        row = self.nearest_row(event.scenePos())
        if row is not None:
            self.row_chosen.emit(row)
