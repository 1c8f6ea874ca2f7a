"""Questions about the cells whose score is next to the threshold, one after the other."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal

from dinocell_app.display.scored_cells import ScoredCells
from dinocell_app.ui.references.reference_form import ReferenceForm
from dinocell_app.ui.viewer.image_viewer import ImageViewer

ALL_DECIDED = "You have decided about every cell of this image."


class UncertainWalk(QObject):
    """Goes from question to question while a person wants to be asked.

    Parameters
    ----------
    form : ReferenceForm
        Has the buttons and the question.
    """

    answered = Signal(int, bool)
    """Label, and whether the cell is of the type."""
    skipped = Signal()
    started = Signal()

    def __init__(self, form: ReferenceForm, viewer: ImageViewer) -> None:
        super().__init__(form)
        self._form, self._viewer = form, viewer
        self._skipped: set[int] = set()
        self.label = 0
        form.ask.toggled.connect(self._on_toggled)
        form.yes.clicked.connect(lambda: self._answer(True))
        form.no.clicked.connect(lambda: self._answer(False))
        form.skip.clicked.connect(self._skip)

    def forget(self) -> None:
        """Ask again about cells that were left undecided; they are others now."""
        self._skipped.clear()
        self.label = 0

    def ask(self, scored: ScoredCells, least: float, known: Collection[int], type_name: str) -> None:
        """Ask about the cell next to the threshold that no one has decided about.

        Parameters
        ----------
        least : float
            The threshold.
        known : collection of int
            Labels of cells that are references.
        type_name : str
            What is asked for.
        """
        form = self._form
        if not form.ask.isChecked():
            return
        left = scored.uncertain(least, {*known, *self._skipped})
        for button in (form.yes, form.no, form.skip):
            button.setEnabled(bool(left))
        before, self.label = self.label, left[0] if left else 0
        if not left:
            form.question.setText(ALL_DECIDED)
            return
        score = scored.best[scored.ids.index(self.label)]
        form.question.setText(f"Is the outlined cell of “{type_name}”? It scores {score:.2f}.")
        if self.label != before or self._viewer.selected != self.label:
            self._viewer.select_cell(self.label)
            self._viewer.centre_on(self.label)

    def _on_toggled(self, on: bool) -> None:
        self.forget()
        self._form.answers.setVisible(on)
        if on:
            self.started.emit()

    def _answer(self, positive: bool) -> None:
        if self.label:
            self.answered.emit(self.label, positive)

    def _skip(self) -> None:
        self._skipped.add(self.label)
        self.skipped.emit()
