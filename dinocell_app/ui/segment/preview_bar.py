"""The preview: which part of the image, the button, how far it is and what was found."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from dinocell_app.segmentation_plan.preview_state import PreviewState
from dinocell_app.ui.plain_text import plain_label

VISIBLE, REGION, WHOLE = "visible", "region", "whole"

_AREAS = (
    (VISIBLE, "What is visible"),
    (REGION, "A region I draw"),
    (WHOLE, "The whole image"),
)


class PreviewBar(QWidget):
    """Draws the state of the preview."""

    preview_asked = Signal()
    cancel_asked = Signal()
    area_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.area = QComboBox()
        self.area.setAccessibleName("Part of the image to preview")
        self.area.setToolTip("A small part is segmented faster than a whole image.")
        for value, text in _AREAS:
            self.area.addItem(text, value)
        self.preview = QPushButton("Preview")
        self.preview.setToolTip("Show the cells these settings find, without writing anything.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop the preview.")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the preview")
        self.result = plain_label()
        self.result.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.area, 1)
        row.addWidget(self.preview)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        layout.addWidget(self.result)
        self.preview.clicked.connect(self.preview_asked)
        self.cancel.clicked.connect(self.cancel_asked)
        self.area.activated.connect(lambda: self.area_changed.emit(self.chosen_area()))
        self.show_state(PreviewState(), possible=False)

    def chosen_area(self) -> str:
        """Give the part that is to be previewed.

        Returns
        -------
        str
            `VISIBLE`, `REGION` or `WHOLE`.
        """
        return str(self.area.currentData())

    def show_state(self, state: PreviewState, *, possible: bool) -> None:
        """Draw a state.

        Parameters
        ----------
        possible : bool
            Whether there is an image to preview.
        """
        self.preview.setVisible(not state.busy)
        self.preview.setEnabled(possible)
        self.cancel.setVisible(state.busy)
        self.progress.setVisible(state.busy)
        self.progress.setRange(0, state.total)
        self.progress.setValue(state.done)
        self.result.setText(state.sentence if possible or state.busy else "Choose an image to preview.")
