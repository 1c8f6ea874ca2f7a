"""The middle of the window: the image, the results, or both."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabBar, QToolButton, QVBoxLayout, QWidget

View = Literal["image", "results", "both"]
VIEWS: dict[View, str] = {"image": "Image", "results": "Results", "both": "Both"}
_IMAGE_SHARE = 0.6


class WorkArea(QWidget):
    """Shows the viewer, the results, or one above the other.

    Parameters
    ----------
    viewer, results : QWidget
        Either keeps its state while the other is looked at.
    """

    view_changed = Signal(str)
    """Key of `VIEWS`."""
    maximise_asked = Signal()
    """All docks shall go, or come back."""

    def __init__(self, viewer: QWidget, results: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._results = viewer, results
        self.tabs = QTabBar()
        self.tabs.setDocumentMode(True)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName("Image, results or both")
        for text in VIEWS.values():
            self.tabs.addTab(text)
        self.tabs.setTabToolTip(0, "The image takes all the room.")
        self.tabs.setTabToolTip(1, "Tables, plots, gallery and overview take all the room.")
        self.tabs.setTabToolTip(2, "The image above, the results below.")
        self.maximise = QToolButton()
        self.maximise.setText("Maximize")
        self.maximise.setCheckable(True)
        self.maximise.setToolTip("Hide the panels around the image or the results, or show them again.")
        self.maximise.clicked.connect(self.maximise_asked)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(viewer)
        self._splitter.addWidget(results)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 2, 0)
        line.addWidget(self.tabs)
        line.addStretch(1)
        line.addWidget(self.maximise)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self._splitter, 1)
        results.hide()
        self.tabs.currentChanged.connect(self._show)

    @property
    def view(self) -> View:
        """What is looked at."""
        return tuple(VIEWS)[self.tabs.currentIndex()]

    def show_view(self, view: View) -> None:
        """Look at the image, the results or both."""
        self.tabs.setCurrentIndex(tuple(VIEWS).index(view))

    def show_image(self) -> None:
        """Bring the image into sight, beside the results where those are not alone."""
        if self.view == "results":
            self.show_view("image")

    def places(self) -> str:
        """Write down what is looked at, and how the room is shared."""
        return f"{self.view} {' '.join(map(str, self._splitter.sizes()))}"

    def put_back(self, places: str) -> None:
        """Look at what was written down; damaged words count as none."""
        view, *sizes = places.split() or ["image"]
        if view in VIEWS:
            self.show_view(view)
        if view == "both" and len(sizes) == 2 and all(size.isdecimal() and int(size) for size in sizes):
            self._splitter.setSizes([int(size) for size in sizes])

    def _show(self) -> None:
        both_before = not self._viewer.isHidden() and not self._results.isHidden()
        self._viewer.setVisible(self.view != "results")
        self._results.setVisible(self.view != "image")
        if self.view == "both" and not both_before:
            height = self._splitter.height()
            above = round(_IMAGE_SHARE * height)
            self._splitter.setSizes([above, height - above])
        self.view_changed.emit(self.view)
