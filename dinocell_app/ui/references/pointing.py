"""Pointing at cells in the viewer: left like this, right not this; boxes around what was not segmented."""

from __future__ import annotations

import numpy as np
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QObject, Qt, Signal

from dinocell_app.ui.viewer.image_viewer import ImageViewer
from dinocell_app.ui.viewer.picture_view import Region


class Pointing(QObject):
    """Says which cells a person points at while it is on."""

    pointed = Signal(int, bool)
    """Label, and whether it is like what is looked for."""
    boxed = Signal(object, bool)
    """Region, and whether its cell is like what is looked for."""

    def __init__(self, viewer: ImageViewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.on = False
        self._box_is_positive: bool | None = None
        viewer.view.scene().sigMouseClicked.connect(self._on_click)
        viewer.region_drawn.connect(self._on_region)

    def draw_box(self, positive: bool) -> None:
        """Let a person draw a box around a cell.

        Parameters
        ----------
        positive : bool
            Whether the cell is like what is looked for.
        """
        self._box_is_positive = positive
        self._viewer.set_tool("region")

    def _on_click(self, event: MouseClickEvent) -> None:
        buttons = {Qt.MouseButton.LeftButton: True, Qt.MouseButton.RightButton: False}
        if (
            not self.on
            or event.double()
            or event.button() not in buttons
            or self._box_is_positive is not None
        ):
            return
        place = self._viewer.box.mapSceneToView(event.scenePos())
        label = self._viewer.label_at(int(np.floor(place.y())), int(np.floor(place.x())))
        if label:
            self.pointed.emit(label, buttons[event.button()])

    def _on_region(self, region: Region | None) -> None:
        positive, self._box_is_positive = self._box_is_positive, None
        if positive is not None:
            self._viewer.set_tool("navigate")
            if region is not None:
                self.boxed.emit(region, positive)
