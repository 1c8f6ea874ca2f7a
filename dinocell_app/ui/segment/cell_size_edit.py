"""The typical cell diameter: measured in each image, typed, or drawn as a line over a cell."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.segmentation_plan.cell_size import FIRST_GUESS_PX, CellSize, Unit, describe_size, drawn_size

DRAW = "Draw a line"
DRAWING = "Drag over a cell…"


class CellSizeEdit(QWidget):
    """Choice between measuring and a diameter."""

    changed = Signal()
    drawing_asked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixel_size_um: float | None = None
        self._exact: CellSize | None = None
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
        self.number.setAccessibleName("Cell diameter")
        self.number.setToolTip("How long a typical cell is across.")
        self.unit = QComboBox()
        self.unit.setAccessibleName("Unit of the cell diameter")
        self.unit.setToolTip("Whether the diameter is in µm or in pixels of the image.")
        self.unit.addItem("px", "px")
        self.unit.addItem("µm", "um")
        self.draw = QPushButton(DRAW)
        self.draw.setCheckable(True)
        self.draw.setToolTip("Drag a line over a typical cell in the image; its length becomes the diameter.")
        self.remark = QLabel()
        self.remark.setWordWrap(True)
        self._lay_out()
        self.measured.toggled.connect(self._on_way_changed)
        self.number.valueChanged.connect(self._on_number_changed)
        self.unit.currentIndexChanged.connect(self._on_unit_changed)
        self.draw.toggled.connect(self._on_draw_toggled)
        self._unit_before: Unit = "px"
        self._refresh()

    def cell_size(self) -> CellSize:
        """Give what is chosen."""
        if self.measured.isChecked():
            return CellSize(None, self._unit())
        if self._exact is not None:
            return self._exact
        return CellSize(self.number.value(), self._unit())

    def set_cell_size(self, size: CellSize) -> None:
        """Show a size without reporting a change.

        Parameters
        ----------
        size : CellSize
            Kept as it is, although fewer decimals are shown.
        """
        self._exact = size if size.value is not None else None
        with QSignalBlocker(self.measured), QSignalBlocker(self.number), QSignalBlocker(self.unit):
            self.measured.setChecked(size.value is None)
            self.given.setChecked(size.value is not None)
            if size.value is not None:
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
        unit: Unit = "um" if self._pixel_size_um is not None else "px"
        self.set_cell_size(drawn_size(length_px, unit, self._pixel_size_um))
        self.changed.emit()

    def stop_drawing(self) -> None:
        """Leave the line tool, as when another tool was taken."""
        self.draw.setChecked(False)

    def _unit(self) -> Unit:
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
        before = self._exact or CellSize(self.number.value(), self._unit_before)
        size = before.in_unit(self._unit(), self._pixel_size_um)
        self.set_cell_size(size)
        self.changed.emit()

    def _on_draw_toggled(self, drawing: bool) -> None:
        self.draw.setText(DRAWING if drawing else DRAW)
        self.drawing_asked.emit(drawing)
