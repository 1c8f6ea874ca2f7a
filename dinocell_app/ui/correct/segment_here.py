"""Let the model look again: for all cells in a drawn box, or for the one cell under a click."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.cell_changes import insert
from dinocell_app.jobs.preview_messages import PreviewRequest, PreviewResult
from dinocell_app.ui.correct.corrections import Corrections
from dinocell_app.ui.processes.engine import BUSY, STARTING
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.picture_view import Region

LOOKING = "The model looks for cells in the box …"
LOOKING_AT = "The model looks for the cell that you clicked …"
WAIT = "The preview process is busy. Try again when it has finished."
NOTHING = "The model finds no further cell here."
NOTHING_AT = "The model finds no cell there. Draw around it instead."
TAKEN = "There is a cell already. Delete it first, or draw a box."

_SMALLEST_BOX = 96
_CELLS_ACROSS = 5
"""Around a click, as many typical cells are looked at: the model sees a cell by what is around it."""


@dataclass(frozen=True)
class _Asked:
    request: int
    region: Region
    at: tuple[int, int] | None


class SegmentHere(QObject):
    """Asks the warm process for cells of a part of the image, and puts them where there are none yet."""

    said = Signal(str)
    """What is going on, or came out."""
    ended = Signal()

    def __init__(self, session: Session, corrections: Corrections) -> None:
        super().__init__(corrections)
        self._session, self._corrections = session, corrections
        self._asked: _Asked | None = None
        session.engine.previewed.connect(self._on_found)
        session.engine.failed.connect(self._on_failed)

    def look_in(self, region: Region) -> None:
        """Add all cells of a box.

        Parameters
        ----------
        region : tuple of int
            First row and column, height and width.
        """
        self._ask(region, None)

    def look_at(self, place: tuple[int, int]) -> None:
        """Add the cell at a pixel.

        Parameters
        ----------
        place : (int, int)
            Row and column.
        """
        history = self._corrections.history
        if history is None:
            return
        if history.canvas.labels[place]:
            self.said.emit(TAKEN)
            return
        self._ask(box_around(history.canvas, place), place)

    def _ask(self, region: Region, at: tuple[int, int] | None) -> None:
        session, engine = self._session, self._session.engine
        project, image = session.project, session.current_image
        if project is None or image is None:
            return
        if engine.state in (BUSY, STARTING):
            self.said.emit(WAIT)
            return
        settings = project.presets.current()
        request = PreviewRequest(
            path=project.images.path(image.id),
            t=session.t,
            z=session.z,
            channel=settings.channel,
            region=region,
            settings=settings,
            pixel_size_um=image.pixel_size_um,
            axes=image.axes,
        )
        self._asked = _Asked(engine.preview(request), region, at)
        self.said.emit(LOOKING if at is None else LOOKING_AT)

    def _on_found(self, request: int, result: PreviewResult) -> None:
        asked, history = self._asked, self._corrections.history
        if asked is None or asked.request != request:
            return
        self._asked = None
        self.ended.emit()
        if history is None:
            return
        found: NDArray[np.integer] = result.labels
        top, left = asked.region[:2]
        if asked.at is not None:
            found = only_at(found, (asked.at[0] - top, asked.at[1] - left))
        n_before = len(history.canvas.cells)
        new = history.next_label
        if self._corrections.apply("segment here", insert(history.canvas, found, top, left, new)):
            n_new = len(history.canvas.cells) - n_before
            self.said.emit(f"{n_new} new {'cell' if n_new == 1 else 'cells'}.")
            if asked.at is not None:
                self._session.select_cell(new)
        else:
            self.said.emit(NOTHING if asked.at is None else NOTHING_AT)

    def _on_failed(self, request: int, sentence: str) -> None:
        if self._asked is not None and self._asked.request == request:
            self._asked = None
            self.ended.emit()
            self.said.emit(sentence)


def box_around(canvas: LabelCanvas, place: tuple[int, int]) -> Region:
    """Choose the part of an image in which the model looks for the cell at a pixel.

    Parameters
    ----------
    canvas : LabelCanvas
        Its cells say how large one is.
    place : (int, int)
        Row and column.

    Returns
    -------
    tuple of int
        First row and column, height and width, inside the image.
    """
    boxes = [box for cell in canvas.cells if (box := canvas.box_of(cell)) is not None]
    typical = float(np.median([max(box.height, box.width) for box in boxes])) if boxes else 0.0
    side = max(_SMALLEST_BOX, round(_CELLS_ACROSS * typical))
    starts = [
        max(0, min(at - side // 2, length - side)) for at, length in zip(place, canvas.shape, strict=True)
    ]
    height, width = (min(side, length - start) for start, length in zip(starts, canvas.shape, strict=True))
    return (starts[0], starts[1], height, width)


def only_at(found: NDArray[np.integer], place: tuple[int, int]) -> NDArray[np.integer]:
    """Keep the cell at a pixel.

    Parameters
    ----------
    found : ndarray of shape (M, N), int
    place : (int, int)
        Row and column.

    Returns
    -------
    ndarray of shape (M, N), int
        Without any cell where there is none.
    """
    label = found[place]
    return np.where(found == label, found, 0) if label else np.zeros_like(found)
