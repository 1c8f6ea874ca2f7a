"""The threshold of the score, under a histogram of the scores of all cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.references.score_peaks import parting_score
from dinocell_app.ui.plain_text import plain_label

N_BINS = 40
STEPS = 100


class ScoreHistogram(QWidget):
    """How many cells have which score; those below the threshold are grey."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.counts = np.zeros(N_BINS, np.int64)
        self.least = 0.0
        self.setAccessibleName("Histogram of the scores")
        self.setToolTip("How many cells have which score, from 0 at the left to 1 at the right.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Leave room for two peaks to be seen."""
        return QSize(200, 64)

    def set_scores(self, scores: NDArray[np.float64]) -> None:
        """Show other scores.

        Parameters
        ----------
        scores : ndarray of shape (K,), float64
        """
        self.counts = np.histogram(scores, N_BINS, (0, 1))[0]
        self.update()

    def set_least(self, least: float) -> None:
        """Mark another threshold."""
        self.least = least
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bars and the threshold; heights are square roots, so that rare scores show."""
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        width, height = self.width() / N_BINS, self.height() - 3
        tallest = max(1.0, float(np.sqrt(self.counts.max())))
        for index, count in enumerate(self.counts):
            above = (index + 0.5) / N_BINS >= self.least
            role = QPalette.ColorRole.Highlight if above else QPalette.ColorRole.PlaceholderText
            bar = height * float(np.sqrt(count)) / tallest
            place = QRectF(index * width, self.height() - bar, max(1.0, width - 1), bar)
            painter.fillRect(place, palette.color(role))
        painter.setPen(QColor(palette.color(QPalette.ColorRole.Text)))
        line = min(self.width() - 1, round(self.least * self.width()))
        painter.drawLine(line, 0, line, self.height())


class ScoreBar(QWidget):
    """Slider and number of the threshold, with what it means for the cells."""

    changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.histogram = ScoreHistogram()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setAccessibleName("Minimum score")
        self.number = QDoubleSpinBox()
        self.number.setRange(0, 1)
        self.number.setSingleStep(0.05)
        self.number.setDecimals(2)
        self.number.setAccessibleName("Minimum score")
        for control in (self.slider, self.number):
            control.setToolTip("Cells that score less are drawn faintly, and are not taken to be of a type.")
        self.part = QPushButton("Between the peaks")
        self.part.setToolTip("Set the minimum score between the two peaks of the scores of this image.")
        self.part.setEnabled(False)
        self._parting: float | None = None
        self.count = plain_label()
        self.count.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.histogram)
        layout.addLayout(row)
        told = QHBoxLayout()
        told.addWidget(self.count, 1)
        told.addWidget(self.part)
        layout.addLayout(told)
        self.slider.valueChanged.connect(lambda value: self.number.setValue(value / STEPS))
        self.number.valueChanged.connect(self._on_number)
        self.part.clicked.connect(self._on_part)

    def least(self) -> float:
        """Give the threshold."""
        return self.number.value()

    def set_least(self, least: float) -> None:
        """Show a threshold without telling anybody."""
        self.number.blockSignals(True)
        self.number.setValue(least)
        self.number.blockSignals(False)
        self._follow(least)

    def show_scores(self, scores: NDArray[np.float64]) -> None:
        """Show the scores of other cells, and whether they form two peaks.

        Parameters
        ----------
        scores : ndarray of shape (K,), float64
        """
        self.histogram.set_scores(scores)
        self._parting = parting_score(scores)
        self.part.setEnabled(self._parting is not None)

    def _on_part(self) -> None:
        if self._parting is not None:
            # To the two digits that are shown; rounded up, no cell of the lower hump comes in.
            self.number.setValue(np.ceil(self._parting * STEPS) / STEPS)

    def _on_number(self, value: float) -> None:
        self._follow(value)
        self.changed.emit(value)

    def _follow(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * STEPS))
        self.slider.blockSignals(False)
        self.histogram.set_least(value)


def counted(best: NDArray[np.float64], least: float) -> str:
    """Say how many cells are like the references.

    Parameters
    ----------
    best : ndarray of shape (K,), float64
    """
    n_like = int((best >= least).sum())
    return f"{n_like:,} of {len(best):,} cells score at least {least:.2f}."
