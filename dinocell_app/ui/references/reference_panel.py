"""The Reference cells dock, wired to session, viewer and engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QHideEvent, QShowEvent
from PySide6.QtWidgets import QColorDialog, QFrame, QInputDialog, QScrollArea, QVBoxLayout, QWidget

from dinocell_app.errors import UserFacingError
from dinocell_app.project.references import CellPlace, CellType, ReferenceCell
from dinocell_app.reference_crops import crop_of, ellipse_in, with_cell
from dinocell_app.reference_types import ReferenceExample
from dinocell_app.ui.processes.engine import CellDescriptions
from dinocell_app.ui.references import type_bar
from dinocell_app.ui.references.comparison import Comparison
from dinocell_app.ui.references.library_choice import add_from_library, save_to_library
from dinocell_app.ui.references.pointing import Pointing
from dinocell_app.ui.references.reference_edits import ReferenceEdits
from dinocell_app.ui.references.reference_form import EMPTY, HINT, ReferenceForm
from dinocell_app.ui.references.scored_cells import ScoredPainter
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.image_viewer import ImageViewer
from dinocell_app.ui.viewer.picture_view import Region


class ReferencePanel(QWidget):
    """Types of cells, their references and the scores of the cells that are shown.

    Parameters
    ----------
    session : Session
    viewer : ImageViewer
    parent : QWidget, optional
    """

    references_changed = Signal()

    def __init__(self, session: Session, viewer: ImageViewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._viewer = session, viewer
        self.edits: ReferenceEdits | None = None
        self._type_id = 0
        self._asked_label = 0
        self._skipped: set[int] = set()
        self._drawn: tuple[Region, bool, NDArray[np.int32], int] | None = None
        self.form = ReferenceForm()
        self.comparison = Comparison(session, viewer, self)
        self.pointing = Pointing(viewer, self)
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
        """Give the score below which a cell is of no type.

        Returns
        -------
        float
        """
        return self.form.score.least()

    def has_references(self) -> bool:
        """Tell whether there is a cell to compare others with.

        Returns
        -------
        bool
        """
        return self.edits is not None and any(cell.positive for cell in self.edits.now.cells)

    def showEvent(self, event: QShowEvent) -> None:
        """Compare cells and draw their types while the dock is seen."""
        super().showEvent(event)
        self._on_references()

    def hideEvent(self, event: QHideEvent) -> None:
        """Draw cells as usual."""
        super().hideEvent(event)
        self.form.point.setChecked(False)
        self.form.ask.setChecked(False)
        self.comparison.set_wanted(False)
        self._viewer.set_cell_painting(None)

    def add(self, label: int, positive: bool) -> None:
        """Make a shown cell a reference of the chosen type.

        Parameters
        ----------
        label : int
        positive : bool
        """
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
        session.current_image_changed.connect(self._skipped.clear)
        form.types.chosen.connect(self._choose)
        form.types.asked.connect(self._on_type_asked)
        form.point.toggled.connect(self._on_pointing)
        form.like.clicked.connect(lambda: self._add_selected(True))
        form.unlike.clicked.connect(lambda: self._add_selected(False))
        form.box_like.triggered.connect(lambda: self.pointing.draw_box(True))
        form.box_unlike.triggered.connect(lambda: self.pointing.draw_box(False))
        form.undo.clicked.connect(lambda: self._change(lambda edits: edits.undo()))
        form.remove.clicked.connect(
            lambda: self._change(lambda e: e.remove(form.positives.chosen() + form.negatives.chosen()))
        )
        for some in (form.positives, form.negatives):
            some.removal_asked.connect(lambda ids: self._change(lambda edits: edits.remove(ids)))
            some.renamed.connect(lambda cell, name: self._change(lambda edits: edits.rename(cell, name)))
        form.score.changed.connect(self._on_least)
        form.ask.toggled.connect(self._on_asking)
        form.yes.clicked.connect(lambda: self._answer(True))
        form.no.clicked.connect(lambda: self._answer(False))
        form.skip.clicked.connect(self._skip)
        self.pointing.pointed.connect(self.add)
        self.pointing.boxed.connect(self._on_boxed)
        self.comparison.changed.connect(self._show)
        self.comparison.drawn_described.connect(self._on_drawn)

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
            self.comparison.set_wanted(self.isVisible() and (has_cells or form.point.isChecked()))
            self.comparison.set_references(edits.now)
        self._show()
        self.references_changed.emit()

    def _show(self) -> None:
        """Draw scores, and say what is going on."""
        form, scored, least = self.form, self.comparison.scored, self.least_score()
        form.message.setText(self.comparison.message)
        form.message.setVisible(bool(self.comparison.message))
        form.hint.setText(HINT if form.point.isChecked() else EMPTY)
        form.ask.setEnabled(scored is not None)
        best = scored.best if scored is not None else np.zeros(0)
        form.score.histogram.set_scores(best)
        form.score.setEnabled(scored is not None)
        form.score.count.setText("" if scored is None else counted(best, least))
        self._paint()
        self._ask_next()

    def _paint(self) -> None:
        scored, least = self.comparison.scored, self.least_score()
        if scored is None or not self.isVisible():
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
            self.form.hint.setText("Click a cell in the image first.")

    def _on_boxed(self, region: Region, positive: bool) -> None:
        labels, top, left = self._viewer.shown_labels()
        if self._viewer.image is None:
            return
        plane = labels.levels[0] if labels is not None else np.zeros(self._viewer.image.shape, np.int32)
        drawn = ellipse_in((plane.shape[0], plane.shape[1]), (top, left), region)
        made, label, free = with_cell(plane, drawn)
        if not free.any():
            self.form.hint.setText("The box has no room for a cell: draw it where nothing was segmented.")
            return
        self._drawn = region, positive, made, label
        self.comparison.describe_drawn(made, label)

    def _on_drawn(self, cells: CellDescriptions) -> None:
        drawn, self._drawn = self._drawn, None
        if drawn is not None:
            (row, column, height, width), positive, _, _ = drawn
            box = slice(row, row + height), slice(column, column + width)
            place = (row + height // 2, column + width // 2)
            self._write(cells, cells.vectors[0], place, box, positive)

    def _on_asking(self, on: bool) -> None:
        self._skipped.clear()
        self._asked_label = 0
        self.form.answers.setVisible(on)
        self._ask_next()

    def _ask_next(self) -> None:
        """Ask about the cell next to the threshold that no one has decided about."""
        scored, edits = self.comparison.scored, self.edits
        if not self.form.ask.isChecked() or scored is None or edits is None:
            return
        known = set(self._skipped)
        image = self._session.current_image
        for cell in edits.now.cells:
            if cell.place is not None and image is not None and cell.place.image_id == image.id:
                known.add(self._viewer.label_at(cell.place.row, cell.place.column))
        left = scored.uncertain(self.least_score(), known)
        for button in (self.form.yes, self.form.no, self.form.skip):
            button.setEnabled(bool(left))
        self._asked_label = left[0] if left else 0
        if not left:
            self.form.question.setText("You have decided about every cell of this image.")
            return
        score = scored.best[scored.ids.index(left[0])]
        name = next((each.name for each in edits.now.types if each.id == self._type_id), "")
        self.form.question.setText(f"Is the outlined cell of “{name}”? It scores {score:.2f}.")
        self._viewer.select_cell(left[0])
        self._viewer.centre_on(left[0])

    def _answer(self, positive: bool) -> None:
        if self._asked_label:
            self.add(self._asked_label, positive)

    def _skip(self) -> None:
        self._skipped.add(self._asked_label)
        self._ask_next()

    def _on_type_asked(self, what: str) -> None:
        edits = self.edits
        if edits is None:
            return
        chosen = next((each for each in edits.now.types if each.id == self._type_id), None)
        if what == type_bar.LOAD:
            self._change(lambda edits: add_from_library(edits, self))
        elif what == type_bar.NEW:
            name, sure = QInputDialog.getText(self, "New type", "Name of the type of cell:")
            if sure:
                self._change(lambda edits: self._take_type(edits.add_type(name)))
        elif chosen is not None:
            self._change_type(chosen, what)

    def _take_type(self, made: CellType) -> None:
        self._type_id = made.id

    def _change_type(self, chosen: CellType, what: str) -> None:
        if what == type_bar.REMOVE:
            self._change(lambda edits: edits.remove_type(chosen.id))
        elif what == type_bar.RENAME:
            name, sure = QInputDialog.getText(
                self, "Rename type", "Name of the type of cell:", text=chosen.name
            )
            if sure:
                self._change(lambda edits: edits.change_type(replace(chosen, name=name)))
        elif what == type_bar.COLOUR:
            colour = QColorDialog.getColor(QColor(chosen.colour), self, f"Colour of {chosen.name}")
            if colour.isValid():
                self._change(lambda edits: edits.change_type(replace(chosen, colour=colour.name())))
        elif what == type_bar.SAVE:
            self._change(lambda edits: save_to_library(edits, chosen, self))


def counted(best: NDArray[np.float64], least: float) -> str:
    """Say how many cells are like the references.

    Parameters
    ----------
    best : ndarray of shape (K,), float64
    least : float

    Returns
    -------
    str
    """
    n_like = int((best >= least).sum())
    return f"{n_like:,} of {len(best):,} cells score at least {least:.2f}."
