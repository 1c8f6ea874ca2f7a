"""Time and slice of the picture."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSlider, QWidget

from dinocell_app.ui.plain_text import plain_label


class PlaneSliders(QWidget):
    """A slider for each axis that has more than one plane."""

    plane_asked = Signal(int, int)
    """Time and slice, counted from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QGridLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        self._sliders, self._texts = [], []
        for row, (name, tooltip) in enumerate((("Time", "Time point."), ("Slice", "Slice of the stack."))):
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setAccessibleName(name)
            slider.setToolTip(tooltip)
            text = plain_label()
            text.setMinimumWidth(text.fontMetrics().horizontalAdvance("Slice 0000 of 0000"))
            slider.valueChanged.connect(self._on_moved)
            layout.addWidget(text, row, 0)
            layout.addWidget(slider, row, 1)
            self._sliders.append(slider)
            self._texts.append(text)
        self.time, self.slice = self._sliders

    def show_plane(self, t: int, z: int, n_times: int, n_slices: int) -> None:
        """Show where the picture is.

        Parameters
        ----------
        t, z : int
            Counted from 0.
        """
        for slider, at, count in ((self.time, t, n_times), (self.slice, z, n_slices)):
            with QSignalBlocker(slider):
                slider.setMaximum(max(0, count - 1))
                slider.setValue(at)
        self._say()
        for slider, text in zip(self._sliders, self._texts, strict=True):
            slider.setVisible(slider.maximum() > 0)
            text.setVisible(slider.maximum() > 0)
        self.setVisible(n_times > 1 or n_slices > 1)

    def _on_moved(self) -> None:
        self._say()
        self.plane_asked.emit(self.time.value(), self.slice.value())

    def _say(self) -> None:
        for name, slider, text in zip(("Time", "Slice"), self._sliders, self._texts, strict=True):
            text.setText(f"{name} {slider.value() + 1} of {slider.maximum() + 1}")
