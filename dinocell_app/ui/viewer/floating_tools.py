"""A panel that floats over the image, at its upper right corner."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

_MARGIN = 8
_WIDEST = 520


class FloatingTools(QFrame):
    """Holds parts that are shown and hidden one by one; without any of them it is hidden itself.

    Parameters
    ----------
    parent : QWidget
        Holds the tools; a splitter would make a pane of them.
    below : QWidget
        What they float over, within the same parent.
    parts : QWidget
        From top to bottom.
    """

    def __init__(self, parent: QWidget, below: QWidget, *parts: QWidget) -> None:
        super().__init__(parent)
        self._below = below
        self._parts = parts
        self.setAutoFillBackground(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        for part in parts:
            part.hide()
            layout.addWidget(part)
            part.installEventFilter(self)
        below.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the parts and what is below."""
        kinds = (QEvent.Type.ShowToParent, QEvent.Type.HideToParent, QEvent.Type.LayoutRequest)
        if watched is self._below and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        elif watched is not self._below and event.type() in kinds:
            self.setVisible(any(not part.isHidden() for part in self._parts))
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        if self.isHidden():
            return
        room = self._below.geometry()
        width = min(_WIDEST, room.width() - 2 * _MARGIN)
        self.setFixedWidth(max(width, 1))
        layout = self._layout
        height = layout.heightForWidth(width) if layout.hasHeightForWidth() else self.sizeHint().height()
        self.setGeometry(room.right() - width - _MARGIN, room.top() + _MARGIN, width, height)
        self.raise_()
