"""Between the viewer, the engine and the references: describes the shown cells and keeps their scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dinocell_app.base.errors import UserFacingError
from dinocell_app.display.loading import LoadedLabels
from dinocell_app.display.scored_cells import ScoredCells
from dinocell_app.jobs.preview_messages import PreviewRequest
from dinocell_app.project.references import CellType, ReferenceSet, kept_references
from dinocell_app.references.likeness import domain_likeness
from dinocell_app.ui.processes.engine import BUSY, STARTING, CellDescriptions
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.image_viewer import ImageViewer

WAITING = "The preview process is busy; the cells are compared after it."
LOOKING = "Looking at the cells …"
PROGRESS = "Looking at the cells: {done} of {total} tiles …"
CLOSER = "Looking closer: these scores will still move a little …"
NO_CELLS = "Segment the image, or preview it, to have cells to point at."


class Comparison(QObject):
    """Cells that are shown, compared with references while someone wants to know."""

    changed = Signal()
    """Scores, descriptions or what is going on."""
    drawn_described = Signal(object)
    """CellDescriptions of a cell that was drawn."""
    drawn_given_up = Signal()
    """A cell that was drawn is not described."""

    def __init__(self, session: Session, viewer: ImageViewer, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._viewer = session, viewer
        self._wanted = False
        self._references = ReferenceSet()
        self._labels: LoadedLabels | None = None
        self._cells_number = self._asked = self._drawn = self._scoring = 0
        self._waiting = False
        self._scored_types: tuple[CellType, ...] = ()
        self.descriptions: CellDescriptions | None = None
        self.scored: ScoredCells | None = None
        self.message = ""
        self.likeness: float | None = None
        engine = session.engine
        engine.cells_described.connect(self._on_described)
        engine.cells_scored.connect(self._on_scored)
        engine.cells_scored_roughly.connect(self._on_scored_roughly)
        engine.progressed.connect(self._on_progressed)
        engine.failed.connect(self._on_failed)
        engine.cancelled.connect(self._on_cancelled)
        engine.state_changed.connect(self._on_state)
        viewer.cells_changed.connect(self._on_cells_changed)

    @property
    def busy(self) -> bool:
        """Whether something was asked for that is not there yet."""
        return bool(self._asked or self._drawn or self._waiting)

    def set_wanted(self, wanted: bool) -> None:
        """Compare the cells that are shown from now on, or leave them as they are."""
        self._wanted = wanted
        if wanted and self.descriptions is None and not self.busy:
            self._ask()

    def set_references(self, references: ReferenceSet) -> None:
        """Compare with other references."""
        self._references = references
        self._score()

    def row_of(self, label: int) -> NDArray[np.float32] | None:
        """Give what a cell is known by.

        Returns
        -------
        ndarray of shape (D,), float32, or None
            None while it is not known.
        """
        cells = self.descriptions
        if cells is None or label not in cells.ids:
            return None
        row: NDArray[np.float32] = cells.vectors[cells.ids.index(label)]
        return row

    def describe_drawn(self, labels: NDArray[np.integer], label: int) -> None:
        """Describe a cell that was drawn.

        Parameters
        ----------
        labels : ndarray of shape (M, N), int
            The cells that are shown, with the drawn one among them.
        """
        request = self._request()
        if request is not None:
            self._drawn = self._session.engine.describe_cells(request, labels, (label,))
            self._say(LOOKING)
        else:
            self.drawn_given_up.emit()

    def _on_cells_changed(self) -> None:
        labels, _, _ = self._viewer.shown_labels()
        if labels is self._labels:
            return
        self._labels = labels
        self.descriptions = self.scored = self.likeness = None
        self._cells_number = self._asked = self._scoring = 0
        self._waiting = False
        self._say("")
        if self._wanted:
            self._ask()

    def _request(self) -> PreviewRequest | None:
        session = self._session
        project, image = session.project, session.current_image
        if project is None or image is None or self._viewer.image is None:
            return None
        labels, row, column = self._viewer.shown_labels()
        height, width = labels.shape if labels is not None else self._viewer.image.shape
        settings = project.presets.current()
        return PreviewRequest(
            path=project.images.path(image.id),
            t=session.t,
            z=session.z,
            channel=settings.channel,
            region=(row, column, height, width),
            settings=settings,
            pixel_size_um=image.pixel_size_um,
            axes=image.axes,
        )

    def _ask(self) -> None:
        request, labels = self._request(), self._labels
        if request is None or labels is None:
            self._say(NO_CELLS)
            return
        self._waiting = self._session.engine.state in (BUSY, STARTING)
        if self._waiting:
            self._say(WAITING)
            return
        self._asked = self._session.engine.describe_cells(request, labels.levels[0])
        self._say(LOOKING)

    def _score(self) -> None:
        try:
            kept = kept_references(self._references)
        except UserFacingError as error:
            self.scored = None
            self._say(str(error))
            return
        if kept is None or self.descriptions is None:
            self.scored = self.likeness = None
            self.changed.emit()
            return
        cells = self.descriptions
        known = [e.description for each in kept.read() for e in (*each.positives, *each.negatives)]
        comparable = kept.model_sha256 == cells.model_sha256
        self.likeness = domain_likeness(cells.vectors, np.stack(known)) if comparable else None
        self._scoring = self._session.engine.score_cells(self._cells_number, kept)
        names = {each.name for each in kept.types}
        self._scored_types = tuple(each for each in self._references.types if each.name in names)

    def _on_described(self, request: int, cells: CellDescriptions) -> None:
        if request == self._drawn:
            self._drawn = 0
            self._say("")
            self.drawn_described.emit(cells)
        elif request == self._asked:
            self._cells_number, self._asked = request, 0
            self.descriptions = cells
            self._say("")
            self._score()

    def _on_scored(self, request: int, scores: NDArray[np.float64]) -> None:
        if request == self._scoring and self.descriptions is not None:
            self._scoring = 0
            self.scored = ScoredCells(self.descriptions.ids, scores, self._scored_types)
            self._say("")

    def _on_scored_roughly(self, request: int, scores: NDArray[np.float64]) -> None:
        if request == self._scoring and self.descriptions is not None:
            self.scored = ScoredCells(self.descriptions.ids, scores, self._scored_types)
            self._say(CLOSER)

    def _on_progressed(self, request: int, done: int, total: int) -> None:
        if request and request in (self._asked, self._drawn):
            self._say(PROGRESS.format(done=done, total=total))

    def _on_failed(self, request: int, sentence: str) -> None:
        if request and request in (self._asked, self._drawn, self._scoring):
            self._forget(request)
            self._say(sentence)

    def _on_cancelled(self, request: int) -> None:
        if request and request in (self._asked, self._drawn):
            again = request == self._asked
            self._forget(request)
            self._say("")
            if again and self._wanted:
                self._ask()

    def _forget(self, request: int) -> None:
        if request == self._drawn:
            self.drawn_given_up.emit()
        self._asked = 0 if request == self._asked else self._asked
        self._drawn = 0 if request == self._drawn else self._drawn
        self._scoring = 0 if request == self._scoring else self._scoring

    def _on_state(self, state: str) -> None:
        if self._waiting and state not in (BUSY, STARTING):
            self._ask()

    def _say(self, message: str) -> None:
        self.message = message
        self.changed.emit()
