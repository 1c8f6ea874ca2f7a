"""A threshold: a slider to feel, a number to know, and the way back to the default."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget


@dataclass(frozen=True)
class Threshold:
    """What a threshold is and in which direction it works.

    Parameters
    ----------
    low, high : float
        The range of the slider; higher numbers can be typed up to `highest`.
    lower_end, upper_end : str
        What happens towards either end.
    """

    name: str
    low: float
    high: float
    highest: float
    step: float
    lower_end: str
    upper_end: str
    tooltip: str


CELL_PROBABILITY = Threshold(
    "Cell probability",
    0.0,
    1.0,
    1.0,
    0.01,
    "more cells, larger",
    "fewer, smaller",
    "Pixels above this probability belong to cells. Lower it to find more and larger cells, "
    "raise it to keep only clear ones.",
)

FLOW_THRESHOLD = Threshold(
    "Flow check",
    0.0,
    2.0,
    100.0,
    0.05,
    "0: off, low: strict",
    "more cells",
    "Drops cells whose shape disagrees with the flows the network predicted. Raise it to keep more cells, "
    "lower it to drop more of them; 0 switches the check off and keeps all.",
)


class ThresholdEdit(QWidget):
    """Slider and number for one threshold."""

    value_changed = Signal(float)

    def __init__(self, threshold: Threshold, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._threshold = threshold
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round((threshold.high - threshold.low) / threshold.step))
        self.slider.setMinimumWidth(60)
        self.slider.setAccessibleName(f"{threshold.name}, slider")
        self.slider.setToolTip(threshold.tooltip)
        self.number = QDoubleSpinBox()
        self.number.setRange(threshold.low, threshold.highest)
        self.number.setSingleStep(threshold.step)
        self.number.setDecimals(2)
        self.number.setAccessibleName(threshold.name)
        self.number.setToolTip(threshold.tooltip)
        self.number.setKeyboardTracking(False)
        self.number.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._lay_out()
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.number.valueChanged.connect(self._on_number_changed)

    def value(self) -> float:
        """Give the threshold."""
        return self._exact if self._exact is not None else self.number.value()

    def set_value(self, value: float) -> None:
        """Show a threshold without reporting a change.

        Parameters
        ----------
        value : float
            Kept as it is, although fewer decimals are shown.
        """
        with QSignalBlocker(self.number), QSignalBlocker(self.slider):
            self.number.setValue(value)
            self.slider.setValue(round((value - self._threshold.low) / self._threshold.step))
        self._exact = value

    _exact: float | None = None

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        ends = QHBoxLayout()
        for text, alignment in (
            (f"← {self._threshold.lower_end}", Qt.AlignmentFlag.AlignLeft),
            (f"{self._threshold.upper_end} →", Qt.AlignmentFlag.AlignRight),
        ):
            label = QLabel(text)
            label.setAlignment(alignment)
            ends.addWidget(label, 1)
        ends.addSpacing(self.number.sizeHint().width() + row.spacing())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addLayout(ends)

    def _on_slider_moved(self, position: int) -> None:
        value = self._threshold.low + position * self._threshold.step
        with QSignalBlocker(self.number):
            self.number.setValue(value)
        self._report()

    def _on_number_changed(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round((value - self._threshold.low) / self._threshold.step))
        self._report()

    def _report(self) -> None:
        self._exact = None
        self.value_changed.emit(self.number.value())
