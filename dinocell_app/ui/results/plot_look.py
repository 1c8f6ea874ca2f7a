"""How the plots look: colours of the window, sober axes, a button to save."""

from __future__ import annotations

from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.files import replacing

_WIDTH_OF_PICTURE = 1600


class PlotArea(pg.PlotWidget):
    """A plot in the colours of the window, dark or light."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._made = False
        super().__init__(parent)
        self._made = True
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getPlotItem().showGrid(x=False, y=True, alpha=0.15)
        self._follow_palette()

    def changeEvent(self, event: QEvent) -> None:
        """Take over the colours when the window turns dark or light."""
        super().changeEvent(event)
        if self._made and event.type() == QEvent.Type.PaletteChange:
            self._follow_palette()

    def ink(self, alpha: int = 255) -> QColor:
        """Colour of text and lines.

        Parameters
        ----------
        alpha : int, optional
            From 0, unseen, to 255.
        """
        colour: QColor = self.palette().color(QPalette.ColorRole.Text)
        colour.setAlpha(alpha)
        return colour

    def accent(self, alpha: int = 255) -> QColor:
        """Colour of what the plot is about.

        Parameters
        ----------
        alpha : int, optional
            From 0, unseen, to 255.
        """
        colour: QColor = self.palette().color(QPalette.ColorRole.Highlight)
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
        self.getAxis("bottom").showLabel(bool(bottom))

    def _follow_palette(self) -> None:
        self.setBackground(self.palette().color(QPalette.ColorRole.Base))
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(self.ink(120))
            axis.setTextPen(self.ink())
            axis.enableAutoSIPrefix(False)  # units stand in the label already


def save_plot(plot: PlotArea, path: Path) -> None:
    """Save a plot as it is seen.

    Parameters
    ----------
    path : Path
        Ending in .png or .svg.

    Raises
    ------
    UserFacingError
        If the file cannot be written or its name ends otherwise.
    """
    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        remedy = "End the name in .png or .svg"
        raise UserFacingError("plots are saved as PNG or SVG", path=path, remedy=remedy)
    try:
        with replacing(path) as beside:
            if kind == ".svg":
                _draw_svg(plot, beside)
            else:
                _draw_png(plot, beside)
    except OSError as error:
        raise UserFacingError(
            f"the plot cannot be saved ({error.strerror or error})", path=path, remedy="Choose another folder"
        ) from error


def _draw_svg(plot: PlotArea, path: Path) -> None:
    """Draw with Qt's own generator: pyqtgraph's exporter cannot read what newer ones write."""
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(plot.size())
    generator.setViewBox(plot.rect())
    generator.setTitle(plot.accessibleName())
    _render(plot, generator)


def _draw_png(plot: PlotArea, path: Path) -> None:
    scale = max(1.0, _WIDTH_OF_PICTURE / plot.width())
    image = QImage((plot.size().toSizeF() * scale).toSize(), QImage.Format.Format_RGB32)
    image.fill(plot.palette().color(QPalette.ColorRole.Base))
    _render(plot, image)
    if not image.save(str(path)):
        raise OSError("the picture was not written")


def _render(plot: PlotArea, device: QImage | QSvgGenerator) -> None:
    painter = QPainter(device)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    plot.render(painter)
    painter.end()
