"""The Reference cells dock, wired to session, viewer and engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from dinocell_app.base.errors import UserFacingError
from dinocell_app.display.scored_cells import ScoredPainter
from dinocell_app.project.reference_edits import ReferenceEdits
from dinocell_app.project.references import CellPlace, CellType, ReferenceCell
from dinocell_app.references.crops import crop_of
from dinocell_app.references.likeness import looks_unlike
from dinocell_app.references.types import ReferenceExample
from dinocell_app.ui.processes.engine import CellDescriptions
from dinocell_app.ui.references.comparison import Comparison
from dinocell_app.ui.references.drawn_cells import DrawnCell, DrawnCells
from dinocell_app.ui.references.pointing import Pointing
from dinocell_app.ui.references.reference_form import EMPTY, HINT, UNLIKE, ReferenceForm
from dinocell_app.ui.references.score_bar import counted
from dinocell_app.ui.references.type_requests import asked_change
from dinocell_app.ui.references.uncertain_walk import UncertainWalk
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.image_viewer import ImageViewer


class ReferencePanel(QWidget):
    """Types of cells, their references and the scores of the cells that are shown."""

    references_changed = Signal()

    def __init__(self, session: Session, viewer: ImageViewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._viewer = session, viewer
        self.edits: ReferenceEdits | None = None
        self._type_id = 0
        self._seen = False
        self.form = ReferenceForm()
        self.comparison = Comparison(session, viewer, self)
        self.pointing = Pointing(viewer, self)
        self.drawing = DrawnCells(viewer, self.comparison, self)
        self.walk = UncertainWalk(self.form, viewer)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.form)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self._connect()
        self._on_project()

    def least_score(self) -> float:
        """Give the score below which a cell is of no type."""
        return self.form.score.least()

    def has_references(self) -> bool:
        """Tell whether there is a cell to compare others with."""
        return self.edits is not None and any(cell.positive for cell in self.edits.now.cells)

    def showEvent(self, event: QShowEvent) -> None:
        """Compare cells."""
        super().showEvent(event)
        self.set_seen(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Draw cells as usual."""
        super().hideEvent(event)
        self.set_seen(False)

    def set_seen(self, seen: bool) -> None:
        """Compare cells and draw their types only while the dock is in front.

        Parameters
        ----------
        seen : bool
            False, too, for a dock behind the tab of another, which Qt calls visible.
        """
        if seen == self._seen:
            return
        self._seen = seen
        if seen:
            self._on_references()
            return
        self.form.point.setChecked(False)
        self.form.ask.setChecked(False)
        self.drawing.outline.give_up()
        self.comparison.set_wanted(False)
        self._viewer.set_cell_painting(None)

    def add(self, label: int, positive: bool) -> None:
        """Make a shown cell a reference of the chosen type."""
        cells, row = self.comparison.descriptions, self.comparison.row_of(label)
        labels, top, left = self._viewer.shown_labels()
        box = labels.box(label) if labels is not None else None
        if cells is None or row is None or labels is None or box is None:
            self.comparison.set_wanted(True)
            return
        rows, columns = box
        inside = np.argwhere(labels.levels[0][box] == label)
        middle = inside[len(inside) // 2] + (rows.start + top, columns.start + left)
        place = (int(middle[0]), int(middle[1]))
        shown = (
            slice(rows.start + top, rows.stop + top),
            slice(columns.start + left, columns.stop + left),
        )
        self._write(cells, row, place, shown, positive)

    def _write(
        self,
        cells: CellDescriptions,
        row: NDArray[np.float32],
        place: tuple[int, int],
        box: tuple[slice, slice],
        positive: bool,
    ) -> None:
        image, picture, edits = self._session.current_image, self._viewer.image, self.edits
        if image is None or picture is None or edits is None:
            return
        try:
            if not edits.now.types:
                self._type_id = edits.add_type().id
            crop = crop_of([levels[0] for levels in picture.channels], box)
            source = f"{image.name}@{place[1]},{place[0]}"
            where = CellPlace(image.id, self._session.t, self._session.z, *place)
            example = ReferenceExample(row, source, crop)
            edits.add(
                ReferenceCell(0, self._type_id, positive, example, cells.model_id, cells.model_sha256, where)
            )
        except UserFacingError as error:
            self._session.report(error)
        self._on_references()

    def _connect(self) -> None:
        form, session = self.form, self._session
        session.project_opened.connect(self._on_project)
        session.project_closed.connect(self._on_project)
        session.current_image_changed.connect(self._on_image)
        form.types.chosen.connect(self._choose)
        form.types.asked.connect(self._on_type_asked)
        form.point.toggled.connect(self._on_pointing)
        form.like.clicked.connect(lambda: self._add_selected(True))
        form.unlike.clicked.connect(lambda: self._add_selected(False))
        form.box_like.triggered.connect(lambda: self.pointing.draw_box(True))
        form.box_unlike.triggered.connect(lambda: self.pointing.draw_box(False))
        form.outline_like.triggered.connect(lambda: self.drawing.begin_outline(True))
        form.outline_unlike.triggered.connect(lambda: self.drawing.begin_outline(False))
        form.mask_like.triggered.connect(lambda: self.drawing.choose_mask(True))
        form.mask_unlike.triggered.connect(lambda: self.drawing.choose_mask(False))
        form.undo.clicked.connect(lambda: self._change(lambda edits: edits.undo()))
        form.remove.clicked.connect(
            lambda: self._change(lambda e: e.remove(form.positives.chosen() + form.negatives.chosen()))
        )
        for some in (form.positives, form.negatives):
            some.removal_asked.connect(lambda ids: self._change(lambda edits: edits.remove(ids)))
            some.renamed.connect(lambda cell, name: self._change(lambda edits: edits.rename(cell, name)))
        form.score.changed.connect(self._on_least)
        self.walk.started.connect(self._ask_next)
        self.walk.skipped.connect(self._ask_next)
        self.walk.answered.connect(self.add)
        self.pointing.pointed.connect(self.add)
        self.pointing.boxed.connect(self.drawing.take_box)
        self.drawing.described.connect(self._on_drawn)
        self.drawing.said.connect(self._say)
        self.drawing.failed.connect(session.report)
        self.comparison.changed.connect(self._show)

    def _on_image(self) -> None:
        self.walk.forget()
        self.drawing.outline.give_up()
        self.drawing.forget()

    def _change(self, change: Callable[[ReferenceEdits], object]) -> None:
        if self.edits is not None:
            try:
                change(self.edits)
            except UserFacingError as error:
                self._session.report(error)
            self._on_references()

    def _on_project(self) -> None:
        project = self._session.project
        self.edits = ReferenceEdits(project) if project is not None else None
        self._type_id = 0
        self.form.point.setChecked(False)
        self.form.ask.setChecked(False)
        self.setEnabled(project is not None and project.read_only_reason is None)
        if project is not None:
            self.form.score.set_least(project.references.least_score())
        self._on_references()

    def _on_references(self) -> None:
        """Show types and cells as they are now, and compare with them."""
        edits, form = self.edits, self.form
        types = edits.now.types if edits is not None else ()
        if self._type_id not in [each.id for each in types]:
            self._type_id = types[0].id if types else 0
        form.types.show_types(types, self._type_id)
        for some, positive in ((form.positives, True), (form.negatives, False)):
            some.show_cells(edits.cells_of(self._type_id, positive=positive) if edits is not None else [])
        form.undo.setEnabled(edits is not None and edits.can_undo)
        if edits is not None:
            has_cells = bool(edits.now.cells)
            self.comparison.set_wanted(self._seen and (has_cells or form.point.isChecked()))
            self.comparison.set_references(edits.now)
        self._show()
        self.references_changed.emit()

    def _show(self) -> None:
        """Draw scores, and say what is going on."""
        form, scored, least = self.form, self.comparison.scored, self.least_score()
        form.message.setText(self.comparison.message)
        form.message.setVisible(bool(self.comparison.message))
        if not self.drawing.outline.active:
            self._say("")
        unlike = looks_unlike(self.comparison.likeness)
        form.warning.setText(UNLIKE if unlike else "")
        form.warning.setVisible(unlike)
        form.ask.setEnabled(scored is not None)
        best = scored.best if scored is not None else np.zeros(0)
        form.score.show_scores(best)
        form.score.setEnabled(scored is not None)
        form.score.count.setText("" if scored is None else counted(best, least))
        self._paint()
        self._ask_next()

    def _paint(self) -> None:
        scored, least = self.comparison.scored, self.least_score()
        if scored is None or not self._seen:
            self._viewer.set_cell_painting(None)
            return
        self._viewer.set_cell_painting(
            lambda labels, style: ScoredPainter(labels, style, scored.inks(len(labels.areas) - 1, least))
        )

    def _on_least(self, least: float) -> None:
        project = self._session.project
        if project is not None and project.read_only_reason is None:
            project.references.set_least_score(least)
        self._show()

    def _choose(self, type_id: int) -> None:
        self._type_id = type_id
        self._on_references()

    def _on_pointing(self, on: bool) -> None:
        self.pointing.on = on
        if on:
            self.comparison.set_wanted(True)
        self._show()

    def _add_selected(self, positive: bool) -> None:
        if self._viewer.selected:
            self.add(self._viewer.selected, positive)
        else:
            self._say("Click a cell in the image first.")

    def _on_drawn(self, drawn: DrawnCell) -> None:
        self._write(drawn.cells, drawn.cells.vectors[0], drawn.place, drawn.box, drawn.positive)

    def _say(self, sentence: str) -> None:
        self.form.hint.setText(sentence or (HINT if self.form.point.isChecked() else EMPTY))

    def _ask_next(self) -> None:
        scored, edits, image = self.comparison.scored, self.edits, self._session.current_image
        if scored is None or edits is None or image is None:
            return
        places = [cell.place for cell in edits.now.cells if cell.place is not None]
        known = {
            self._viewer.label_at(place.row, place.column) for place in places if place.image_id == image.id
        }
        chosen = self._chosen_type()
        self.walk.ask(scored, self.least_score(), known, chosen.name if chosen is not None else "")

    def _chosen_type(self) -> CellType | None:
        types = self.edits.now.types if self.edits is not None else ()
        return next((each for each in types if each.id == self._type_id), None)

    def _on_type_asked(self, what: str) -> None:
        change = asked_change(what, self._chosen_type(), self) if self.edits is not None else None
        if change is not None:
            self._change(lambda edits: self._take_type(change(edits)))

    def _take_type(self, made: object) -> None:
        if isinstance(made, CellType):
            self._type_id = made.id
