"""A threshold: a slider to feel, a number to know, and the way back to the default."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import declared
from dinocell_app.ui.plain_text import plain_label

_TYPED_UP_TO = 100.0
"""Where a setting has no highest value."""


class ThresholdEdit(QWidget):
    """Slider and number for one threshold.

    Parameters
    ----------
    name : str
        Of the setting.
    ends : tuple of str
        What happens towards the lower and the upper end.
    high : float
        Upper end of the slider; higher numbers can be typed.
    """

    value_changed = Signal(float)

    def __init__(
        self,
        name: str,
        ends: tuple[str, str],
        high: float = 1.0,
        step: float = 0.01,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        field = declared(SegmentSettings)[name]
        lowest, highest = field.limits
        self._low, self._step, self._ends = lowest or 0.0, step, ends
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round((high - self._low) / step))
        self.slider.setMinimumWidth(60)
        self.slider.setAccessibleName(f"{field.setting.label}, slider")
        self.slider.setToolTip(field.setting.help)
        self.number = QDoubleSpinBox()
        self.number.setRange(self._low, _TYPED_UP_TO if highest is None else highest)
        self.number.setSingleStep(step)
        self.number.setDecimals(2)
        self.number.setAccessibleName(field.setting.label)
        self.number.setToolTip(field.setting.help)
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
            self.slider.setValue(round((value - self._low) / self._step))
        self._exact = value

    _exact: float | None = None

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        ends = QHBoxLayout()
        for text, alignment in (
            (f"← {self._ends[0]}", Qt.AlignmentFlag.AlignLeft),
            (f"{self._ends[1]} →", Qt.AlignmentFlag.AlignRight),
        ):
            label = plain_label(text)
            label.setAlignment(alignment)
            ends.addWidget(label, 1)
        ends.addSpacing(self.number.sizeHint().width() + row.spacing())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addLayout(ends)

    def _on_slider_moved(self, position: int) -> None:
        value = self._low + position * self._step
        with QSignalBlocker(self.number):
            self.number.setValue(value)
        self._report()

    def _on_number_changed(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round((value - self._low) / self._step))
        self._report()

    def _report(self) -> None:
        self._exact = None
        self.value_changed.emit(self.number.value())
