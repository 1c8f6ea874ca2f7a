"""A second view of the image, linked to the first: the image alone, or with any of its results."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from dinocell_app.display.label_colours import LabelStyle
from dinocell_app.display.loading import LoadedLabels
from dinocell_app.project.records import ResultRecord
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.image_viewer import ImageViewer

NO_LABELS = -1
VERSION = -2
"""Stand in the list where results have their id."""


class SecondView(QObject):
    """The view and the choice of what it shows.

    Parameters
    ----------
    first : ImageViewer
        The view it follows.
    load : callable
        Shows the labels of a result, or none, in a view.
    """

    def __init__(
        self,
        session: Session,
        first: ImageViewer,
        load: Callable[[ImageViewer, ResultRecord | None], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session, self._first, self._load = session, first, load
        self._style = LabelStyle()
        self.viewer = ImageViewer()
        self.viewer.setAccessibleName("Second view")
        self.viewer.hide()
        self.viewer.set_label_style(LabelStyle("off"))
        self.choice = QComboBox()
        self.choice.setAccessibleName("Result in the second view")
        self.choice.setToolTip("What the second view shows over the image.")
        self.choice.hide()
        self._shown = False
        self._version: tuple[str, LoadedLabels] | None = None
        self.choice.currentIndexChanged.connect(self._show_chosen)

    def set_shown(self, shown: bool) -> None:
        """Show the view, or leave the whole place to the first."""
        self._shown = shown
        self.viewer.setVisible(shown)
        self.choice.setVisible(shown)
        # A hidden view has a size of its own and would pull the other one about.
        self.viewer.box.setXLink(self._first.box if shown else None)
        self.viewer.box.setYLink(self._first.box if shown else None)
        if shown:
            self.list_results()

    def set_style(self, style: LabelStyle) -> None:
        """Draw cells in another way."""
        self._style = style
        self.viewer.set_label_style(style if self._has_labels() else LabelStyle("off"))

    def list_results(self) -> None:
        """Offer the results of the image that is looked at, and show the chosen one."""
        project, image = self._session.project, self._session.current_image
        if project is None or image is None or not self._shown:
            return
        chosen = self.choice.currentData()
        with QSignalBlocker(self.choice):
            self.choice.clear()
            self.choice.addItem("Image only", NO_LABELS)
            for result in project.results.of_image(image.id):
                if result.status == "finished":
                    self.choice.addItem(f"{result.name}: {result.n_cells:,} cells", result.id)
            if self._version is not None:
                self.choice.addItem(self._version[0], VERSION)
            self.choice.setCurrentIndex(max(0, self.choice.findData(chosen)))
        self._show_chosen()

    def show_version(self, name: str, labels: LoadedLabels) -> None:
        """Show cells as they once were."""
        self._version = name, labels
        self.list_results()
        self.choice.setCurrentIndex(self.choice.findData(VERSION))
        self._show_chosen()

    def forget_version(self) -> None:
        """Offer results alone."""
        if self._version is not None:
            self._version = None
            self.list_results()

    def _show_chosen(self) -> None:
        project = self._session.project
        if project is None or not self._shown:
            return
        self.set_style(self._style)
        if self.choice.currentData() == VERSION and self._version is not None:
            self._load(self.viewer, None)
            self.viewer.set_labels(self._version[1])
            return
        chosen = project.results.get(self.choice.currentData()) if self._has_labels() else None
        self._load(self.viewer, chosen)

    def _has_labels(self) -> bool:
        return self.choice.currentData() not in (None, NO_LABELS)
