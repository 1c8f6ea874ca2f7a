"""The typical cell diameter: measured in each image, typed, or drawn as a line over a cell."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.lengths import Length, LengthUnit
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import declared
from dinocell_app.segmentation_plan.cell_size import FIRST_GUESS_PX, describe_size, drawn_size, length_in
from dinocell_app.ui.plain_text import plain_label

DRAW = "Draw a line"
DRAWING = "Drag over a cell…"


class CellSizeEdit(QWidget):
    """Choice between measuring and a diameter."""

    changed = Signal()
    drawing_asked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixel_size_um: float | None = None
        self._exact: Length | None = None
        self.measured = QRadioButton("Measure in each image")
        self.measured.setToolTip("The typical cell of each image is measured before it is segmented.")
        self.given = QRadioButton("Diameter")
        self.given.setToolTip("Use one typical cell diameter for all images.")
        self.measured.setChecked(True)
        self.number = QDoubleSpinBox()
        self.number.setRange(0.1, 100_000)
        self.number.setDecimals(1)
        self.number.setValue(FIRST_GUESS_PX)
        self.number.setKeyboardTracking(False)
        words = declared(SegmentSettings)["diameter"].setting
        self.number.setAccessibleName(words.label)
        self.number.setToolTip(words.help)
        self.unit = QComboBox()
        self.unit.setAccessibleName("Unit of the cell diameter")
        self.unit.setToolTip("Whether the diameter is in µm or in pixels of the image.")
        self.unit.addItem("px", "px")
        self.unit.addItem("µm", "um")
        self.draw = QPushButton(DRAW)
        self.draw.setCheckable(True)
        self.draw.setToolTip("Drag a line over a typical cell in the image; its length becomes the diameter.")
        self.remark = plain_label()
        self.remark.setWordWrap(True)
        self._lay_out()
        self.measured.toggled.connect(self._on_way_changed)
        self.number.valueChanged.connect(self._on_number_changed)
        self.unit.currentIndexChanged.connect(self._on_unit_changed)
        self.draw.toggled.connect(self._on_draw_toggled)
        self._unit_before: LengthUnit = "px"
        self._refresh()

    def cell_size(self) -> Length | None:
        """Give the diameter; None to measure it in each image."""
        if self.measured.isChecked():
            return None
        return self._exact or Length(value=self.number.value(), unit=self._unit())

    def set_cell_size(self, size: Length | None) -> None:
        """Show a size without reporting a change.

        Parameters
        ----------
        size : Length or None
            Kept as it is, although fewer decimals are shown.
        """
        self._exact = size
        with QSignalBlocker(self.measured), QSignalBlocker(self.number), QSignalBlocker(self.unit):
            self.measured.setChecked(size is None)
            self.given.setChecked(size is not None)
            if size is not None:
                self.number.setValue(size.value)
                self.unit.setCurrentIndex(self.unit.findData(size.unit))
        self._unit_before = self._unit()
        self._refresh()

    def set_pixel_size(self, pixel_size_um: float | None) -> None:
        """Tell how large a pixel of the current image is."""
        self._pixel_size_um = pixel_size_um
        self._refresh()

    def take_drawn(self, length_px: float) -> None:
        """Use the line that was drawn."""
        self.stop_drawing()
        self.set_cell_size(drawn_size(length_px, self._pixel_size_um))
        self.changed.emit()

    def stop_drawing(self) -> None:
        """Leave the line tool, as when another tool was taken."""
        self.draw.setChecked(False)

    def _unit(self) -> LengthUnit:
        return "um" if self.unit.currentData() == "um" else "px"

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.given)
        row.addWidget(self.number, 1)
        row.addWidget(self.unit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.measured)
        layout.addLayout(row)
        layout.addWidget(self.draw)
        layout.addWidget(self.remark)

    def _refresh(self) -> None:
        given = self.given.isChecked()
        self.number.setEnabled(given)
        self.unit.setEnabled(given and (self._pixel_size_um is not None or self._unit() == "um"))
        self.remark.setText(describe_size(self.cell_size(), self._pixel_size_um))

    def _on_way_changed(self) -> None:
        self._refresh()
        self.changed.emit()

    def _on_number_changed(self) -> None:
        self._exact = None
        self._refresh()
        self.changed.emit()

    def _on_unit_changed(self) -> None:
        before = self._exact or Length(value=self.number.value(), unit=self._unit_before)
        self.set_cell_size(length_in(before, self._unit(), self._pixel_size_um))
        self.changed.emit()

    def _on_draw_toggled(self, drawing: bool) -> None:
        self.draw.setText(DRAWING if drawing else DRAW)
        self.drawing_asked.emit(drawing)
