"""The Correct mode: a bar above the picture, tools for the mouse, and actions for keys and menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QInputDialog

from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.cell_changes import delete
from dinocell_app.editing.cell_shapes import fill_holes, grow, shrink, smooth
from dinocell_app.editing.deltas import Delta
from dinocell_app.editing.edit_history import MODEL
from dinocell_app.project.next_to_correct import Suggestion, look_of, suggest
from dinocell_app.project.project import Project
from dinocell_app.ui.correct.correct_bar import CorrectBar
from dinocell_app.ui.correct.correct_tools import BY_KEY
from dinocell_app.ui.correct.corrections import Corrections
from dinocell_app.ui.correct.gestures import Gestures
from dinocell_app.ui.correct.newer_results import NewerResults
from dinocell_app.ui.correct.publishing import CatchUp
from dinocell_app.ui.correct.segment_here import SegmentHere
from dinocell_app.ui.correct.version_beside import VersionBeside
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.viewer_panel import ViewerPanel
from dinocell_app.ui.workers import start

CHOOSE = "Click a cell first."


class CorrectMode(QObject):
    """Turns correcting on and off; its methods are keys of the table of actions."""

    switched = Signal(bool)
    ready_changed = Signal()
    """There is something to correct, or no more."""

    def __init__(self, session: Session, panel: ViewerPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self.is_on = False
        self.corrections = Corrections(session, panel, self)
        self.gestures = Gestures(session, panel.viewer, self.corrections)
        self.beside = VersionBeside(session, panel, self.corrections)
        self.bar = CorrectBar()
        panel.add_bar(self.bar)
        self.bar.hide()
        self._late = CatchUp(session, self)
        self.newer = NewerResults(session, panel)
        self._here = SegmentHere(session, self.corrections)
        self._connect()

    def switch(self, on: bool) -> None:
        """Turn the mode on or off."""
        if on == self.is_on:
            return
        self.is_on = on
        self.bar.setVisible(on)
        if on:
            self.corrections.open_shown()
            self._take(self.bar.tool() or "correct_brush")
        else:
            self.gestures.take(None)
            self.corrections.close()
        self.switched.emit(on)

    def correct_brush(self) -> None:
        """Take the brush."""
        self._take("correct_brush")

    def correct_eraser(self) -> None:
        """Take the eraser."""
        self._take("correct_eraser")

    def correct_outline(self) -> None:
        """Draw outlines."""
        self._take("correct_outline")

    def correct_split(self) -> None:
        """Split cells."""
        self._take("correct_split")

    def correct_merge(self) -> None:
        """Merge cells."""
        self._take("correct_merge")

    def correct_delete(self) -> None:
        """Delete cells by clicking them."""
        self._take("correct_delete")

    def correct_box(self) -> None:
        """Delete all cells in a box."""
        self._take("correct_box")

    def correct_segment(self) -> None:
        """Let the model look for cells in a box."""
        self._take("correct_segment")

    def correct_bigger(self) -> None:
        """Make the brush bigger."""
        self.bar.diameter.setValue(self.gestures.diameter + max(1, self.gestures.diameter // 5))

    def correct_smaller(self) -> None:
        """Make the brush smaller."""
        self.bar.diameter.setValue(self.gestures.diameter - max(1, self.gestures.diameter // 5))

    def correct_new(self) -> None:
        """Let the next stroke begin a new cell."""
        self._session.select_cell(0)

    def correct_delete_chosen(self) -> None:
        """Delete the chosen cell."""
        self._on_chosen("delete", lambda canvas, label: delete(canvas, [label]))

    def correct_fill(self) -> None:
        """Fill the holes of the chosen cell."""
        self._on_chosen("fill holes", fill_holes)

    def correct_grow(self) -> None:
        """Let the chosen cell grow by a pixel."""
        self._on_chosen("grow", grow)

    def correct_shrink(self) -> None:
        """Take a pixel off the chosen cell all around."""
        self._on_chosen("shrink", shrink)

    def correct_smooth(self) -> None:
        """Round the outline of the chosen cell."""
        self._on_chosen("smooth", smooth)

    def undo(self) -> None:
        """Undo the last edit of this result."""
        self.corrections.undo()

    def redo(self) -> None:
        """Do again what was undone."""
        self.corrections.redo()

    def correct_to_model(self) -> None:
        """Go back to the model's result; this can be undone."""
        self.corrections.go_to(MODEL)

    def correct_name_version(self) -> None:
        """Give the cells as they are a name."""
        name, accepted = QInputDialog.getText(self._panel, "Name this version", "Name")
        if accepted and name.strip():
            self.corrections.name_version(name.strip())

    def newer_results(self) -> None:
        """Ask what becomes of corrected cells where the model has made newer results."""
        self.switch(False)
        self.newer.ask()

    def next_to_correct(self) -> None:
        """Go to the image whose correction would teach most, and say why."""
        project = self._session.project
        if project is None:
            return
        results = project.results
        tables = {
            result.image_id: path
            for result in results.latest().values()
            if (path := results.table_path(result)) is not None
        }
        done = {image_id for image_id, _ in project.corrected.all()}
        work = partial(_suggested, tables, done)
        start(work, partial(self._go_to_suggested, project), self._session.report, owner=self)

    def _go_to_suggested(self, project: Project, found: list[Suggestion]) -> None:
        if self._session.project is not project:
            return
        if not found:
            self._session.noted.emit("There is no further image with cells to correct.")
            return
        best = found[0]
        self._session.set_current_image(best.image_id)
        name = project.images.get(best.image_id).name
        self._session.noted.emit(f"Correct {name} next: {best.reason}.")

    def mark_corrected(self) -> None:
        """Say that all cells of this image are right, or take that back."""
        project, result = self._session.project, self._session.current_result
        if project is None or result is None or project.read_only_reason is not None:
            return
        if project.corrected.of(result.image_id, result.plane) is None:
            project.corrected.mark(result.image_id, result.plane)
            self.bar.say("Approved: a training can learn from this image.")
        else:
            project.corrected.unmark(result.image_id, result.plane)
            self.bar.say("No longer approved.")
        self._refresh()
        self._session.results_changed.emit([result.image_id])

    def _take(self, key: str) -> None:
        self.bar.show_tool(key)
        if self.corrections.history is not None:
            self.gestures.take(BY_KEY[key])
            self.bar.say(BY_KEY[key].hint)

    def _on_chosen(self, tool: str, change: Callable[[LabelCanvas, int], Delta | None]) -> None:
        history, label = self.corrections.history, self._session.selected_cell
        if history is None:
            return
        if not label:
            self.bar.say(CHOOSE)
            return
        if not self.corrections.apply(tool, change(history.canvas, label)):
            self.bar.say("That would change nothing here.")

    def _on_result(self) -> None:
        if self.is_on and self._panel.is_up_to_date:
            self.corrections.open_shown()

    def _on_image(self) -> None:
        if self.is_on:
            self.corrections.close()

    def _refresh(self) -> None:
        history, result = self.corrections.history, self._session.current_result
        project = self._session.project
        marked = (
            project is not None
            and result is not None
            and project.corrected.of(result.image_id, result.plane) is not None
        )
        self.bar.show_history(history, marked=marked)
        if self.is_on and history is not None and self.gestures.tool is None:
            self._take(self.bar.tool() or "correct_brush")
        if history is None:
            self.gestures.take(None)
        self.ready_changed.emit()

    def _connect(self) -> None:
        session, bar = self._session, self.bar
        self.corrections.changed.connect(self._refresh)
        self.corrections.said.connect(bar.say)
        self.corrections.saved_changed.connect(bar.saved.setText)
        self.gestures.said.connect(bar.say)
        self.gestures.segment_asked.connect(self._here.look_in)
        self.gestures.cell_asked.connect(self._here.look_at)
        self._here.said.connect(bar.say)
        self._here.ended.connect(self._panel.viewer.forget_region)
        session.current_image_changed.connect(self._on_image)
        session.plane_changed.connect(self._on_image)
        session.project_closing.connect(lambda: self.switch(False))
        # Once picture and result are both those that are asked for.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._on_result)
        self._panel.viewer.cells_changed.connect(self._later.start)
        bar.diameter.valueChanged.connect(self.gestures.set_diameter)
        bar.over.toggled.connect(lambda on: setattr(self.gestures, "over_cells", on))
        bar.asked.connect(lambda key: getattr(self, key)())
        bar.version_chosen.connect(self.corrections.go_to)
        bar.version_beside.connect(self.beside.show)
        bar.closed.connect(lambda: self.switch(False))


def _suggested(tables: Mapping[int, Path], done: set[int]) -> list[Suggestion]:
    looks = {image_id: look for image_id, path in tables.items() if (look := look_of(path)) is not None}
    return suggest(looks, done)
