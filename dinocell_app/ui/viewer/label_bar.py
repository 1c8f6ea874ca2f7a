"""How labels are drawn, and which result is shown beside the picture."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QWidget

from dinocell_app.display.label_colours import LabelMode, LabelStyle
from dinocell_app.ui.plain_text import plain_label

MODES: dict[LabelMode, str] = {
    "outline": "Outlines",
    "fill": "Masks",
    "both": "Masks and outlines",
    "off": "Image only",
}


class LabelBar(QWidget):
    """Style of the labels."""

    changed = Signal(object)
    """LabelStyle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode = QComboBox()
        self.mode.setAccessibleName("How cells are shown")
        self.mode.setToolTip("How cells are shown over the image.")
        for value, text in MODES.items():
            self.mode.addItem(text, value)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(5, 100)
        self.opacity.setValue(35)
        self.opacity.setAccessibleName("Opacity of masks")
        self.opacity.setToolTip("How much masks cover the image.")
        self.opacity.setMaximumWidth(110)
        self._outline = LabelStyle().outline_width, ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.addWidget(plain_label("Cells"))
        layout.addWidget(self.mode)
        layout.addWidget(self.opacity)
        layout.addStretch(1)
        self.mode.currentIndexChanged.connect(self._tell)
        self.opacity.valueChanged.connect(self._tell)
        self._enable()

    def label_style(self) -> LabelStyle:
        """Give what is chosen."""
        width, colour = self._outline
        return LabelStyle(self.mode.currentData(), self.opacity.value() / 100, width, colour)

    def set_outline(self, width: int, colour: str) -> None:
        """Draw outlines as the settings say.

        Parameters
        ----------
        width : int
            In pixels.
        colour : str
            As "#rrggbb"; empty for a colour of each cell's own.
        """
        if (width, colour) != self._outline:
            self._outline = width, colour
            self._tell()

    def toggle(self, part: str) -> None:
        """Show or hide masks or outlines.

        Parameters
        ----------
        part : {"fill", "outline"}
        """
        mode = self.mode.currentData()
        shown = {"both": {"fill", "outline"}, "off": set()}.get(mode, {mode})
        shown = shown ^ {part}
        after = "both" if len(shown) == 2 else next(iter(shown), "off")
        self.mode.setCurrentIndex(self.mode.findData(after))

    def _tell(self) -> None:
        self._enable()
        self.changed.emit(self.label_style())

    def _enable(self) -> None:
        self.opacity.setEnabled(self.mode.currentData() in ("fill", "both"))
