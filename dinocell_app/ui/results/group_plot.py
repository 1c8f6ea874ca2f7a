"""Groups of cells side by side: boxes after Tukey, with the density as violins when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from dinocell_app.tables.distributions import BoxValues, box_texts
from dinocell_app.ui.results.plot_look import PlotArea

_HALF_BOX = 0.3
_HALF_BOX_IN_VIOLIN = 0.08
_HALF_VIOLIN = 0.4


class GroupPlot(PlotArea):
    """One box or violin a group."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Box or violin plot of groups")
        self._drawn: list[Any] = []

    def show_groups(self, boxes: Sequence[BoxValues]) -> None:
        """Draw the groups from left to right.

        Parameters
        ----------
        boxes : sequence of BoxValues
            With densities they are violins.
        """
        for item in self._drawn:
            self.removeItem(item)
        self._drawn = []
        for place, box in enumerate(boxes):
            if len(box.heights):
                self._draw_violin(place, box)
            self._draw_box(place, box, _HALF_BOX_IN_VIOLIN if len(box.heights) else _HALF_BOX)
        self.getAxis("bottom").setTicks([list(enumerate(box_texts(boxes)))])
        self.getAxis("bottom").setHeight(54)
        self.setXRange(-0.6, max(0.6, len(boxes) - 0.4), padding=0)
        self.getViewBox().enableAutoRange(axis="y")

    def _draw_violin(self, place: int, box: BoxValues) -> None:
        sides = box.widths * _HALF_VIOLIN
        x = np.concatenate((place - sides, (place + sides)[::-1], [place - sides[0]]))
        y = np.concatenate((box.heights, box.heights[::-1], [box.heights[0]]))
        outline: Any = pg.PlotCurveItem(x, y, pen=pg.mkPen(self.accent(), width=1.2))
        right: Any = pg.PlotCurveItem(place + sides, box.heights, pen=None)
        left: Any = pg.PlotCurveItem(place - sides, box.heights, pen=None)
        self._add(outline)
        self._add(pg.FillBetweenItem(left, right, brush=pg.mkBrush(self.accent(70))))

    def _draw_box(self, place: int, box: BoxValues, half: float) -> None:
        low, middle, high = box.quartiles
        bottom, top = box.whiskers
        line = pg.mkPen(self.ink(), width=1.3)
        fill = pg.mkBrush(self.accent(90 if half == _HALF_BOX else 160))
        self._add(pg.BarGraphItem(x=[place], width=2 * half, y0=[low], y1=[high], brush=fill, pen=line))
        ends = half / 2
        x = [place, place, place, place, place - ends, place + ends, place - ends, place + ends]
        y = [bottom, low, high, top, bottom, bottom, top, top]
        self._add(pg.PlotCurveItem(np.array(x, float), np.array(y), connect="pairs", pen=line))
        across = np.array([place - half, place + half])
        self._add(pg.PlotCurveItem(across, np.array([middle, middle]), pen=pg.mkPen(self.ink(), width=3)))
        if len(box.outside):
            x_outside = np.full(len(box.outside), float(place))
            self._add(
                pg.ScatterPlotItem(
                    x_outside, box.outside, size=4, pen=pg.mkPen(self.ink(140)), brush=pg.mkBrush(None)
                )
            )

    def _add(self, item: Any) -> None:  # noqa: ANN401 - pyqtgraph has no types
        self.addItem(item)
        self._drawn.append(item)
