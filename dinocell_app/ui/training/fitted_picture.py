"""A picture from a file that fits its place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImageReader, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

MOST_PX = 1400
"""Larger pictures are read smaller, which is quicker and shows as much."""


class FittedPicture(QLabel):
    """Shows a picture as large as there is room, and words where there is none.

    Parameters
    ----------
    words : str
        Shown without a picture.
    """

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(words)
        self._words = words
        self._picture = QPixmap()
        self._file: Path | None = None
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def show_file(self, file: Path | None) -> None:
        """Show a picture file.

        Parameters
        ----------
        file : Path or None
            None, or one that cannot be read, shows the words.
        """
        self._file = file
        self._picture = QPixmap()
        if file is not None:
            reader = QImageReader(str(file))
            size = reader.size()
            if max(size.width(), size.height()) > MOST_PX:
                reader.setScaledSize(size.scaled(MOST_PX, MOST_PX, Qt.AspectRatioMode.KeepAspectRatio))
            self._picture = QPixmap.fromImage(reader.read())
        self._fit()

    def has_picture(self) -> bool:
        """Tell whether a picture is shown."""
        return not self._picture.isNull()

    def sizeHint(self) -> QSize:
        """Ask for a modest place."""
        return QSize(320, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the picture into the new place."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._picture.isNull():
            self.setText(self._words)
            return
        self.setPixmap(
            self._picture.scaled(
                self.contentsRect().size(),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
