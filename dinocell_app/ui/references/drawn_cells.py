"""Reference cells where nothing was segmented: boxes, outlines and masks, described one after the other."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPolygonF
from PySide6.QtWidgets import QFileDialog, QWidget

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.references.crops import box_of, ellipse_in, with_cell
from dinocell_app.ui.processes.engine import CellDescriptions
from dinocell_app.ui.references.comparison import Comparison
from dinocell_app.ui.references.outline_drawing import OutlineDrawing, filled
from dinocell_app.ui.viewer.image_viewer import ImageViewer
from dinocell_app.ui.viewer.picture_view import Region
from dinocell_app.ui.workers import start

MOST_OF_A_MASK = 20
"""Cells of one mask that become references."""

NO_ROOM = "There is no room for a cell: draw it where nothing was segmented."


@dataclass(frozen=True, eq=False)
class DrawnCell:
    """A cell that was drawn, with what it is known by.

    Parameters
    ----------
    cells : CellDescriptions
        Of this cell alone.
    place : tuple of int
        Row and column of one of its pixels in the picture.
    box : tuple of slice
        Rows and columns in the picture.
    """

    cells: CellDescriptions
    place: tuple[int, int]
    box: tuple[slice, slice]
    positive: bool


class DrawnCells(QObject):
    """Lets a person draw cells, and has them described.

    Parameters
    ----------
    window : QWidget
        Over which files are asked for.
    """

    described = Signal(object)
    """DrawnCell."""
    said = Signal(str)
    """Why a drawing is no cell, or how to draw."""
    failed = Signal(object)
    """Exception."""

    def __init__(self, viewer: ImageViewer, comparison: Comparison, window: QWidget) -> None:
        super().__init__(window)
        self._viewer, self._comparison, self._window = viewer, comparison, window
        self._positive = True
        self._left: deque[tuple[NDArray[np.bool_], bool]] = deque()
        self._asked: tuple[NDArray[np.bool_], bool, tuple[int, int]] | None = None
        self.outline = OutlineDrawing(viewer, self)
        self.outline.drawn.connect(self._on_outline)
        comparison.drawn_described.connect(self._on_described)
        comparison.drawn_given_up.connect(self.forget)

    def begin_outline(self, positive: bool) -> None:
        """Let a person draw an outline.

        Parameters
        ----------
        positive : bool
            Whether the cell is like what is looked for.
        """
        self._positive = positive
        self.said.emit(
            "Draw around the cell with the button held, or click corner by corner and double-click at the "
            "last one. Escape gives up."
        )
        self.outline.begin()

    def take_box(self, region: Region, positive: bool) -> None:
        """Take the ellipse in a box for a cell."""
        frame = self._frame()
        if frame is not None:
            shape, origin = frame
            self._ask([ellipse_in(shape, origin, region)], positive)

    def choose_mask(self, positive: bool) -> None:
        """Ask for a mask of the picture, and take its cells."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Mask of the image", "", "Masks and labels (*.tif *.tiff *.png);;All files (*)"
        )
        if name:
            self.take_mask(Path(name), positive)

    def take_mask(self, path: Path, positive: bool) -> None:
        """Take the cells of a mask.

        Parameters
        ----------
        path : Path
            An image as large as the picture. 0 is background; each other value is a cell.
        """
        if self._viewer.image is None:
            return
        shape, shown = self._viewer.image.shape, self._viewer.image
        start(
            lambda: _masks(path, shape),
            lambda masks: self._on_masks(masks, positive) if self._viewer.image is shown else None,
            self.failed.emit,
            owner=self,
        )

    def forget(self) -> None:
        """Give up what was drawn and is not described yet."""
        self._left.clear()
        self._asked = None

    def _frame(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Shape and origin of the labels that are shown, or of the whole picture."""
        if self._viewer.image is None:
            return None
        labels, top, left = self._viewer.shown_labels()
        shape = labels.shape if labels is not None else self._viewer.image.shape
        return (shape[0], shape[1]), (top, left)

    def _on_outline(self, outline: QPolygonF | None) -> None:
        frame = self._frame()
        if outline is None or frame is None:
            self.said.emit("")
            return
        self._ask([filled(outline, *frame)], self._positive)

    def _on_masks(self, masks: list[NDArray[np.bool_]], positive: bool) -> None:
        frame = self._frame()
        if frame is not None:
            (height, width), (top, left) = frame
            part = slice(top, top + height), slice(left, left + width)
            self._ask([mask[part] for mask in masks], positive, over_others=True)

    def _ask(self, masks: list[NDArray[np.bool_]], positive: bool, *, over_others: bool = False) -> None:
        labels, _, _ = self._viewer.shown_labels()
        plane = labels.levels[0] if labels is not None and not over_others else None
        free = [mask if plane is None else mask & (plane == 0) for mask in masks]
        some = [mask for mask in free if mask.any()]
        self.said.emit("" if some else NO_ROOM)
        self._left.extend((mask, positive) for mask in some)
        self._next()

    def _next(self) -> None:
        frame = self._frame()
        if self._asked is not None or not self._left or frame is None:
            return
        mask, positive = self._left.popleft()
        labels, _, _ = self._viewer.shown_labels()
        plane = labels.levels[0] if labels is not None else np.zeros(mask.shape, np.int32)
        if plane.shape != mask.shape:
            self.forget()
            return
        made, label, _ = with_cell(np.where(mask, 0, plane), mask)
        self._asked = mask, positive, frame[1]
        self._comparison.describe_drawn(made, label)

    def _on_described(self, cells: CellDescriptions) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            mask, positive, (top, left) = asked
            rows, columns = box_of(mask)
            inside = np.argwhere(mask)
            middle = inside[len(inside) // 2]
            box = (
                slice(rows.start + top, rows.stop + top),
                slice(columns.start + left, columns.stop + left),
            )
            place = (int(middle[0]) + top, int(middle[1]) + left)
            self.described.emit(DrawnCell(cells, place, box, positive))
        self._next()


def _masks(path: Path, shape: tuple[int, int]) -> list[NDArray[np.bool_]]:
    from dinocell_app.export.label_files import read_labels

    labels = read_labels(path)
    if labels.shape != tuple(shape):
        raise InvalidParameterError(
            f"The mask has {labels.shape[1]} x {labels.shape[0]} pixels, the image {shape[1]} x {shape[0]}",
            path=path,
            remedy="Choose a mask that was made from this image",
        )
    ids = np.unique(labels[labels > 0])
    if not 0 < len(ids) <= MOST_OF_A_MASK:
        what = "There is no cell in the mask" if not len(ids) else f"The mask has {len(ids):,} cells"
        raise InvalidParameterError(
            what, path=path, remedy=f"Choose one with 1 to {MOST_OF_A_MASK} cells, each of another value"
        )
    return [np.asarray(labels == number) for number in ids]
