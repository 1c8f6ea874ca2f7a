"""What the colours of features mean, how much they cover, and whether they are drawn anew."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QWidget

from dinocell_app.ui.plain_text import plain_label

MEANING = (
    "Parts of one colour look alike to the model. "
    "Colours of another image, or drawn anew, mean something else."
)
"""Shown as long as the features are."""


class FeatureBar(QWidget):
    """A line below the picture while features are shown."""

    opacity_changed = Signal(float)
    """0 to 1."""
    again_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = plain_label()
        self.text.setWordWrap(True)
        self.text.setAccessibleName("What the colours of features mean")
        title = plain_label("&Opacity")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(5, 100)
        self.slider.setValue(60)
        self.slider.setFixedWidth(110)
        self.slider.setAccessibleName("Opacity of features")
        self.slider.setToolTip("How much the colours of features cover the image.")
        title.setBuddy(self.slider)
        self.again = QPushButton("Draw again")
        self.again.setToolTip("Draws the features of the part of the image that is seen now.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 4, 0)
        layout.addWidget(self.text, 1)
        layout.addWidget(title)
        layout.addWidget(self.slider)
        layout.addWidget(self.again)
        self.slider.valueChanged.connect(lambda: self.opacity_changed.emit(self.opacity()))
        self.again.clicked.connect(self.again_asked)

    def opacity(self) -> float:
        """Give the chosen opacity.

        Returns
        -------
        float
            0 to 1.
        """
        return self.slider.value() / 100

    def say(self, text: str, *, busy: bool) -> None:
        """Say what is shown or being done.

        Parameters
        ----------
        busy : bool
            Whether features are on their way: they cannot be asked for again.
        """
        self.text.setText(text)
        self.again.setEnabled(not busy)
