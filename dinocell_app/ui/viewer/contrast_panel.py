"""Colour and contrast of each channel, with its histogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.display.channels import ChannelStatistics, displayed_range
from dinocell_app.project.records import ChannelDisplay

ARROWS_PX = 30
"""Of a number field."""

TOO_ALIKE = 50
"""Difference in lightness, of 255, below which a histogram is not seen on its ground."""


class ContrastPanel(QWidget):
    """Shows one channel at a time and changes how it is drawn."""

    changed = Signal(object)
    """Tuple of ChannelDisplay, one for each channel."""
    wanted_everywhere = Signal(object)
    """Tuple of ChannelDisplay that all images with as many channels shall have."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._displays: list[ChannelDisplay] = []
        self._statistics: Sequence[ChannelStatistics] = ()
        self.channel = QComboBox()
        self.channel.setAccessibleName("Channel")
        self.channel.setToolTip("Channel whose contrast is shown.")
        # The name of a filter set must not make the window wider.
        self.channel.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.channel.setMinimumContentsLength(8)
        self.visible_box = QCheckBox("Shown")
        self.visible_box.setToolTip("Whether the channel is part of the picture.")
        self.colour = QPushButton("Colour")
        self.colour.setToolTip("Colour of the channel.")
        self.auto = QPushButton("Auto")
        self.auto.setToolTip("Choose the contrast by the image again.")
        self.whole = QPushButton("Whole range")
        self.whole.setToolTip("From the darkest to the brightest value of the image.")
        self.everywhere = QPushButton("All images…")
        self.everywhere.setToolTip("Show every image of the project with these colours and this contrast.")
        self.low, self.high = self._make_number("Black at"), self._make_number("Full at")
        self.plot = pg.PlotWidget()
        self.plot.setAccessibleName("Histogram of the channel")
        self.plot.setMinimumHeight(70)
        self.plot.setMaximumHeight(110)
        self.plot.hideAxis("left")
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.curve = self.plot.plot([0, 1], [0], stepMode="center", fillLevel=0, brush=(128, 128, 128, 120))
        self.range = pg.LinearRegionItem()
        self.plot.addItem(self.range)
        row = QHBoxLayout()
        row.addWidget(self.channel, 1)
        for widget in (self.visible_box, self.colour):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.low, 1)
        row.addWidget(self.high, 1)
        ways = QHBoxLayout()
        for widget in (self.auto, self.whole, self.everywhere):
            ways.addWidget(widget)
        ways.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.plot)
        layout.addLayout(ways)
        self.channel.currentIndexChanged.connect(self._show_channel)
        self.visible_box.toggled.connect(lambda on: self._change(visible=on))
        self.colour.clicked.connect(self._ask_colour)
        self.auto.clicked.connect(self._on_auto)
        self.whole.clicked.connect(self._on_whole)
        self.everywhere.clicked.connect(lambda: self.wanted_everywhere.emit(tuple(self._displays)))
        self.low.valueChanged.connect(self._on_numbers)
        self.high.valueChanged.connect(self._on_numbers)
        self.range.sigRegionChanged.connect(self._on_range)
        self._use_palette()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the histogram in the colours of the window."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._use_palette()

    def _use_palette(self) -> None:
        palette = self.palette()
        self.plot.setBackground(palette.color(QPalette.ColorRole.Base))
        text = palette.color(QPalette.ColorRole.Text)
        axis = self.plot.getAxis("bottom")
        axis.setPen(text)
        axis.setTextPen(text)
        self._colour_histogram()

    def _colour_histogram(self) -> None:
        at = self._current()
        text = self.palette().color(QPalette.ColorRole.Text)
        colour = QColor(self._displays[at].colour) if at is not None else text
        behind = self.palette().color(QPalette.ColorRole.Base)
        if abs(colour.lightness() - behind.lightness()) < TOO_ALIKE:
            colour = text
        self.curve.setPen(colour)
        self.curve.setBrush(colour)

    def show_image(
        self,
        names: Sequence[str],
        displays: Sequence[ChannelDisplay],
        statistics: Sequence[ChannelStatistics],
    ) -> None:
        """Show the channels of a picture."""
        at = self.channel.currentIndex()
        self._displays, self._statistics = list(displays), statistics
        with QSignalBlocker(self.channel):
            self.channel.clear()
            for number in range(len(displays)):
                name = names[number] if number < len(names) else f"Channel {number + 1}"
                self.channel.addItem(name or f"Channel {number + 1}")
            if displays:
                self.channel.setCurrentIndex(at if 0 <= at < len(displays) else 0)
        several = len(displays) > 1
        self.channel.setVisible(several)
        self.visible_box.setVisible(several)
        self.setEnabled(bool(displays))
        self.curve.setVisible(bool(displays))
        self.range.setVisible(bool(displays))
        self._show_channel()

    def _make_number(self, prefix: str) -> QDoubleSpinBox:
        number = QDoubleSpinBox(minimum=-1e12, maximum=1e12, decimals=3)
        number.setPrefix(f"{prefix} ")
        number.setAccessibleName(prefix)
        told = "up to here are black" if prefix == "Black at" else "from here on have full colour"
        number.setToolTip(f"Values {told}.")
        number.setKeyboardTracking(False)
        # Its widest value has 13 digits; what is seen has hardly more than 6.
        number.setMinimumWidth(number.fontMetrics().horizontalAdvance(f"{prefix} 00000") + ARROWS_PX)
        number.setMaximumWidth(number.fontMetrics().horizontalAdvance(f"{prefix} 0000000.0000") + ARROWS_PX)
        number.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        number.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        return number

    def _current(self) -> int | None:
        at = self.channel.currentIndex()
        return at if 0 <= at < len(self._displays) else None

    def _show_channel(self) -> None:
        at = self._current()
        if at is None:
            return
        display, statistics = self._displays[at], self._statistics[at]
        histogram = statistics.histogram
        self.curve.setData(histogram.edges, np.log1p(histogram.counts.astype(float)))
        self._colour_histogram()
        self.plot.setXRange(float(histogram.edges[0]), float(histogram.edges[-1]), padding=0.02)
        self.colour.setIcon(
            _swatch(QColor(display.colour), self.palette().color(QPalette.ColorRole.ButtonText))
        )
        whole = statistics.maximum - statistics.minimum > 20
        for number in (self.low, self.high):
            number.setDecimals(0 if whole else 4)
        with QSignalBlocker(self.visible_box):
            self.visible_box.setChecked(display.visible)
        self._show_range(*displayed_range(display, statistics))

    def _show_range(self, low: float, high: float) -> None:
        with QSignalBlocker(self.low), QSignalBlocker(self.high), QSignalBlocker(self.range):
            self.low.setValue(low)
            self.high.setValue(high)
            self.range.setRegion((low, high))

    def _change(self, **fields: object) -> None:
        at = self._current()
        if at is None:
            return
        self._displays[at] = replace(self._displays[at], **fields)  # type: ignore[arg-type] # fields by name
        self.changed.emit(tuple(self._displays))

    def _on_numbers(self) -> None:
        low, high = self.low.value(), self.high.value()
        if high > low:
            self._show_range(low, high)
            self._change(low=low, high=high)

    def _on_range(self) -> None:
        low, high = self.range.getRegion()
        if high > low:
            self._show_range(low, high)
            self._change(low=float(low), high=float(high))

    def _on_auto(self) -> None:
        self._change(low=None, high=None)
        self._show_channel()

    def _on_whole(self) -> None:
        at = self._current()
        if at is not None:
            statistics = self._statistics[at]
            low, high = statistics.minimum, statistics.maximum
            self._change(low=low, high=high if high > low else low + 1)
            self._show_channel()

    def _ask_colour(self) -> None:
        at = self._current()
        if at is None:
            return
        chosen = QColorDialog.getColor(QColor(self._displays[at].colour), self, "Colour of the channel")
        if chosen.isValid():
            self._change(colour=chosen.name(QColor.NameFormat.HexRgb))
            self._show_channel()


def _swatch(colour: QColor, frame: QColor) -> QIcon:
    """Draw a small framed field of a colour."""
    pixmap = QPixmap(14, 14)
    pixmap.fill(frame)
    painter = QPainter(pixmap)
    painter.fillRect(1, 1, 12, 12, colour)
    painter.end()
    return QIcon(pixmap)
