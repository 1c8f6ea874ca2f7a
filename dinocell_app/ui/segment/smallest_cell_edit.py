"""The area below which cells are left out: by itself, in px or in µm²."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QWidget

from dinocell_app.base.lengths import Area, AreaUnit
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import declared
from dinocell_app.segmentation_plan.cell_size import area_in

AUTOMATIC = "Automatic"


class SmallestCellEdit(QWidget):
    """Choice of the smallest cell; one step below 0 is the default."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exact: Area | None = None
        self._pixel_size_um: float | None = None
        self._unit_before: AreaUnit = "px"
        self.number = QDoubleSpinBox()
        self.number.setRange(-1, 1e9)
        self.number.setDecimals(0)
        self.number.setSingleStep(5)
        self.number.setSpecialValueText(AUTOMATIC)
        self.number.setKeyboardTracking(False)
        words = declared(SegmentSettings)["min_size"].setting
        self.number.setAccessibleName(words.label)
        self.number.setToolTip(f"{words.help} {AUTOMATIC}: {words.automatic}.")
        self.unit = QComboBox()
        self.unit.setAccessibleName("Unit of the minimum cell size")
        self.unit.setToolTip("Whether the area is in µm² or in pixels of the image.")
        self.unit.addItem("px", "px")
        self.unit.addItem("µm²", "um2")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.number, 1)
        layout.addWidget(self.unit)
        self.number.valueChanged.connect(self._on_number_changed)
        self.unit.currentIndexChanged.connect(self._on_unit_changed)
        self._refresh()

    def area(self) -> Area | None:
        """Give the smallest cell; None for the default."""
        if self.number.value() < 0:
            return None
        return self._exact or Area(value=self.number.value(), unit=self._unit())

    def set_area(self, area: Area | None) -> None:
        """Show a smallest cell without reporting a change.

        Parameters
        ----------
        area : Area or None
            Kept as it is, although fewer decimals are shown.
        """
        unit = area.unit if area is not None else "px"
        with QSignalBlocker(self.number), QSignalBlocker(self.unit):
            self.unit.setCurrentIndex(self.unit.findData(unit))
            self.number.setDecimals(0 if unit == "px" else 2)
            self.number.setValue(area.value if area is not None else -1)
        self._exact = area
        self._unit_before = unit
        self._refresh()

    def set_pixel_size(self, pixel_size_um: float | None) -> None:
        """Tell how large a pixel of the current image is."""
        self._pixel_size_um = pixel_size_um
        self._refresh()

    def _unit(self) -> AreaUnit:
        return "um2" if self.unit.currentData() == "um2" else "px"

    def _refresh(self) -> None:
        given = self.number.value() >= 0
        self.unit.setEnabled(given and (self._pixel_size_um is not None or self._unit() == "um2"))

    def _on_number_changed(self, value: float) -> None:
        if -1 < value < 0:
            self.number.setValue(0)
            return
        self._exact = None
        self._refresh()
        self.changed.emit()

    def _on_unit_changed(self) -> None:
        before = self._exact or Area(value=max(0.0, self.number.value()), unit=self._unit_before)
        self.set_area(area_in(before, self._unit(), self._pixel_size_um))
        self.changed.emit()
