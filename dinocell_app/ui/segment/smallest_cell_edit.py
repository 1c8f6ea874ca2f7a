"""The area below which cells are left out: by itself, in px or in µm²."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QWidget

from dinocell_app.segmentation_plan.cell_size import Unit, parse_smallest_cell, smallest_cell_text

AUTOMATIC = "Automatic"


class SmallestCellEdit(QWidget):
    """Choice of the smallest cell; one step below 0 is the default."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exact: str | None = None
        self._pixel_size_um: float | None = None
        self._unit_before: Unit = "px"
        self.number = QDoubleSpinBox()
        self.number.setRange(-1, 1e9)
        self.number.setDecimals(0)
        self.number.setSingleStep(5)
        self.number.setSpecialValueText(AUTOMATIC)
        self.number.setKeyboardTracking(False)
        self.number.setAccessibleName("Smallest cell")
        self.number.setToolTip(
            "Cells with a smaller area are left out. Lower it to keep more small cells, raise it to drop "
            "fragments. Automatic leaves out what is below a tenth of the typical cell."
        )
        self.unit = QComboBox()
        self.unit.setAccessibleName("Unit of the smallest cell")
        self.unit.setToolTip("Whether the area is in µm² or in pixels of the image.")
        self.unit.addItem("px", "px")
        self.unit.addItem("µm²", "um")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.number, 1)
        layout.addWidget(self.unit)
        self.number.valueChanged.connect(self._on_number_changed)
        self.unit.currentIndexChanged.connect(self._on_unit_changed)
        self._refresh()

    def text(self) -> str:
        """Give the smallest cell as jobs write it.

        Returns
        -------
        str
            Empty for the default.
        """
        if self._exact is not None:
            return self._exact
        return smallest_cell_text(self.number.value(), self._unit())

    def set_text(self, text: str) -> None:
        """Show a smallest cell without reporting a change."""
        value, unit = parse_smallest_cell(text)
        with QSignalBlocker(self.number), QSignalBlocker(self.unit):
            self.unit.setCurrentIndex(self.unit.findData(unit))
            self.number.setDecimals(0 if unit == "px" else 1)
            self.number.setValue(value)
        self._exact = text
        self._unit_before = unit
        self._refresh()

    def set_pixel_size(self, pixel_size_um: float | None) -> None:
        """Tell how large a pixel of the current image is."""
        self._pixel_size_um = pixel_size_um
        self._refresh()

    def _unit(self) -> Unit:
        return "um" if self.unit.currentData() == "um" else "px"

    def _refresh(self) -> None:
        given = self.number.value() >= 0
        self.unit.setEnabled(given and (self._pixel_size_um is not None or self._unit() == "um"))

    def _on_number_changed(self, value: float) -> None:
        if -1 < value < 0:
            self.number.setValue(0)
            return
        self._exact = None
        self._refresh()
        self.changed.emit()

    def _on_unit_changed(self) -> None:
        unit = self._unit()
        value = self.number.value()
        if self._pixel_size_um is not None and value > 0 and unit != self._unit_before:
            square = self._pixel_size_um**2
            value = value * square if unit == "um" else value / square
        self.set_text(smallest_cell_text(round(value, 0 if unit == "px" else 1), unit))
        self._exact = None
        self.changed.emit()
