"""Pointing at cells in the viewer: left like this, right not this; boxes around what was not segmented."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QObject, Qt, Signal

from dinocell_app.reference_types import CROP_PX
from dinocell_app.ui.viewer.image_viewer import ImageViewer
from dinocell_app.ui.viewer.picture_view import Region

MARGIN = 0.3
"""Share of the cell's longer side that is shown around it."""


class Pointing(QObject):
    """Says which cells a person points at while it is on.

    Parameters
    ----------
    viewer : ImageViewer
    parent : QObject
    """

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


def with_ellipse(
    labels: NDArray[np.integer], origin: tuple[int, int], region: Region
) -> tuple[NDArray[np.int32], int]:
    """Put the ellipse that fills a box among labels, where no cell is.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    origin : tuple of int
        Row and column where the labels begin.
    region : tuple of int
        The box in the image.

    Returns
    -------
    ndarray of shape (M, N), int32
    int
        The new label. It has no pixel where the box lies outside or on other cells.
    """
    made = labels.astype(np.int32)
    row, column, height, width = region
    rows = (np.arange(labels.shape[0]) + origin[0] + 0.5 - row - height / 2) / (height / 2)
    columns = (np.arange(labels.shape[1]) + origin[1] + 0.5 - column - width / 2) / (width / 2)
    inside = (rows[:, None] ** 2 + columns[None, :] ** 2 <= 1) & (made == 0)
    label = int(made.max(initial=0)) + 1
    made[inside] = label
    return made, label


def crop_of(planes: list[NDArray[np.generic]], box: tuple[slice, slice]) -> NDArray[np.uint8]:
    """Cut a cell out of a picture as a small grey one.

    Parameters
    ----------
    planes : list of ndarray of shape (M, N)
        Channels, of which the mean is shown.
    box : tuple of slice
        Rows and columns of the cell.

    Returns
    -------
    ndarray of shape (m, n), uint8
        At most `reference_types.CROP_PX` each way.
    """
    rows, columns = box
    margin = max(4, round(MARGIN * max(rows.stop - rows.start, columns.stop - columns.start)))
    part = (
        slice(max(0, rows.start - margin), rows.stop + margin),
        slice(max(0, columns.start - margin), columns.stop + margin),
    )
    grey = np.nan_to_num(np.mean([np.asarray(plane[part], np.float32) for plane in planes], axis=0))
    step = -(-max(grey.shape) // CROP_PX)
    grey = grey[::step, ::step]
    low, high = np.percentile(grey, [0.5, 99.5])
    crop: NDArray[np.uint8] = np.clip((grey - low) * (255 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)
    return crop
