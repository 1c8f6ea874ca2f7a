"""The minimum confidence of a cell: automatic, following the cell probability threshold, or a number."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from dinocell_app.ui.segment.threshold_edit import ThresholdEdit

AUTOMATIC = "Automatic"


class ConfidenceEdit(QWidget):
    """Choice between the default and a number."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cell_probability = 0.0
        self.automatic = QCheckBox(AUTOMATIC)
        self.automatic.setToolTip(
            "The number is half-way from the cell probability threshold to 1. Untick to choose it yourself."
        )
        self.automatic.setChecked(True)
        self.threshold = ThresholdEdit("min_confidence", ("keep doubtful cells", "only sure ones"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.automatic)
        layout.addWidget(self.threshold)
        self.automatic.toggled.connect(self._on_toggled)
        self.threshold.value_changed.connect(self.changed)
        self._refresh()

    def value(self) -> float | None:
        """Give the minimum confidence.

        Returns
        -------
        float or None
            None for the default.
        """
        return None if self.automatic.isChecked() else self.threshold.value()

    def set_value(self, value: float | None) -> None:
        """Show a minimum confidence without reporting a change."""
        with QSignalBlocker(self.automatic):
            self.automatic.setChecked(value is None)
        if value is not None:
            self.threshold.set_value(value)
        self._refresh()

    def follow(self, cell_probability: float) -> None:
        """Show what the default comes to."""
        self._cell_probability = cell_probability
        self._refresh()

    def _refresh(self) -> None:
        automatic = self.automatic.isChecked()
        self.threshold.setEnabled(not automatic)
        if automatic:
            self.threshold.set_value((1 + self._cell_probability) / 2)

    def _on_toggled(self) -> None:
        self._refresh()
        self.changed.emit()
