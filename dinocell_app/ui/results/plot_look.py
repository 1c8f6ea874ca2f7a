"""How the plots look: colours of the window, sober axes, a button to save."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget

from dinocell_app.errors import UserFacingError
from dinocell_app.files import replacing

_WIDTH_OF_PICTURE = 1600


class PlotArea(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot in the colours of the window, dark or light.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getPlotItem().showGrid(x=False, y=True, alpha=0.15)
        self._follow_palette()

    def changeEvent(self, event: QEvent) -> None:
        """Take over the colours when the window turns dark or light."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_palette()

    def ink(self, alpha: int = 255) -> QColor:
        """Colour of text and lines.

        Parameters
        ----------
        alpha : int, optional
            From 0, unseen, to 255.

        Returns
        -------
        QColor
        """
        colour = self.palette().color(QPalette.ColorRole.Text)
        colour.setAlpha(alpha)
        return colour

    def accent(self, alpha: int = 255) -> QColor:
        """Colour of what the plot is about.

        Parameters
        ----------
        alpha : int, optional
            From 0, unseen, to 255.

        Returns
        -------
        QColor
        """
        colour = self.palette().color(QPalette.ColorRole.Highlight)
        colour.setAlpha(alpha)
        return colour

    def name_axes(self, bottom: str, left: str) -> None:
        """Write what the axes show.

        Parameters
        ----------
        bottom, left : str
            With the unit.
        """
        self.setLabel("bottom", bottom)
        self.setLabel("left", left)

    def _follow_palette(self) -> None:
        self.setBackground(self.palette().color(QPalette.ColorRole.Base))
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(self.ink(120))
            axis.setTextPen(self.ink())


def save_plot(plot: PlotArea, path: Path) -> None:
    """Save a plot as it is seen.

    Parameters
    ----------
    plot : PlotArea
    path : Path
        Ending in .png or .svg.

    Raises
    ------
    UserFacingError
        If the file cannot be written or its name ends otherwise.
    """
    from pyqtgraph.exporters import ImageExporter, SVGExporter

    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        raise UserFacingError(
            "plots are saved as PNG or SVG", path=path, remedy="End the name in .png or .svg"
        )
    item: Any = plot.getPlotItem()
    exporter = SVGExporter(item) if kind == ".svg" else ImageExporter(item)
    if kind == ".png":
        exporter.parameters()["width"] = _WIDTH_OF_PICTURE
        exporter.parameters()["background"] = plot.palette().color(QPalette.ColorRole.Base)
    try:
        with replacing(path) as beside:
            exporter.export(str(beside))
    except OSError as error:
        raise UserFacingError(
            f"the plot cannot be saved ({error.strerror or error})", path=path, remedy="Choose another folder"
        ) from error
