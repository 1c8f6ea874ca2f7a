"""The tab for audits: random cells and places one after the other, and what they prove."""

from __future__ import annotations

import getpass
import secrets
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.project.audits import AuditItem, AuditRecord
from dinocell_app.review.agreement import agreement
from dinocell_app.review.recall import ASSUMPTIONS
from dinocell_app.review.verdicts import CELL, EMPTY, MERGED, MISSED, PLACE, RIGHT, SPLIT, WRONG
from dinocell_app.tables.audit_drawing import AuditRequest, draw_audit, repeated
from dinocell_app.ui.results.crop_loading import CropLoading
from dinocell_app.ui.results.results_panel import ResultsPanel
from dinocell_app.ui.review.audit_form import AuditForm
from dinocell_app.ui.review.judging_card import Answer, JudgingCard
from dinocell_app.ui.review.viewer_aim import ViewerAim
from dinocell_app.ui.workers import Task, start

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

ANSWERS = {
    CELL: (
        Answer(RIGHT, "Right", Qt.Key.Key_R, "One whole cell, well outlined."),
        Answer(WRONG, "Wrong", Qt.Key.Key_W, "No cell, or an outline that does not fit it."),
        Answer(SPLIT, "Split", Qt.Key.Key_S, "A part of a cell that was cut into several."),
        Answer(MERGED, "Merged", Qt.Key.Key_M, "Several cells in one outline."),
    ),
    PLACE: (
        Answer(EMPTY, "Empty", Qt.Key.Key_E, "No cell at the mark, or one that has an outline."),
        Answer(MISSED, "Missed", Qt.Key.Key_M, "The mark lies in a cell without an outline."),
    ),
}
_ASK_PLACE = "Look at the mark in the image.\n\nDoes it lie inside a cell that has no outline?"
_AHEAD = 6
_BOX = ("bbox_x_min", "bbox_y_min", "bbox_x_max", "bbox_y_max")


class AuditTab(QWidget):
    """Judge random cells and places of a result set.

    Parameters
    ----------
    results : ResultsPanel
        Whose result set is drawn from.
    """

    def __init__(
        self, session: Session, results: ResultsPanel, aim: ViewerAim, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._results, self._aim = session, results, aim
        self._task: Task | None = None
        self.audit: AuditRecord | None = None
        self.position = 0
        self.crops = CropLoading(session, results.cells, self)
        self.form = AuditForm(getpass_user())
        self.card = JudgingCard("Cell or place to judge")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Cells and places judged")
        self.progress.setFormat("%v of %m judged")
        self.back, self.stop = QPushButton("← Back"), QPushButton("Stop here")
        self.back.setToolTip("Show the one before and judge it again (Left arrow or Backspace)")
        self.stop.setToolTip("See what was judged so far prove; go on later with “Go on”.")
        self.pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self._on_set()

    def begin(self) -> None:
        """Draw cells and places and show the first."""
        project, store = self._session.project, self._results.cells.store
        if project is None:
            return
        labels = {
            source.result_id: path
            for source in store.sources
            if (path := project.results.labels_path(project.results.get(source.result_id))) is not None
        }
        asked = self.form.asked()
        request = AuditRequest(
            self._results.loading.set_name,
            asked.n_cells,
            asked.n_places,
            asked.seed if asked.seed is not None else secrets.randbelow(1_000_000),
            asked.reviewer,
        )
        self.form.set_busy(True)
        work = partial(draw_audit, request, store, labels)
        self._task = start(work, self._on_drawn, self._on_failed, owner=self)

    def repeat(self) -> None:
        """Show the same cells and places again to somebody else."""
        if self.audit is not None:
            self._on_drawn(repeated(self.audit, self.form.asked().reviewer))

    def resume(self) -> None:
        """Go on with the audit that is shown."""
        if self.audit is not None:
            self.position = self._next_open(0)
            self._show_item()

    def shut_down(self) -> None:
        """Let go of work that is under way."""
        self.crops.shut_down()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def start(self) -> None:
        """Show the next thing to judge, if an audit is under way, and let keys answer."""
        if self.pages.currentIndex() == 1:
            self._show_item()

    def _lay_out(self) -> None:
        judging = QWidget()
        ways = QHBoxLayout()
        ways.addWidget(self.back)
        ways.addStretch(1)
        ways.addWidget(self.stop)
        column = QVBoxLayout(judging)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card, 1)
        column.addLayout(ways)
        column.addWidget(self.progress)
        self.pages.addWidget(self.form)
        self.pages.addWidget(judging)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(6, 6, 6, 6)
        whole.addWidget(self.pages)

    def _connect(self) -> None:
        self.form.begin_asked.connect(self.begin)
        self.form.repeat_asked.connect(self.repeat)
        self.form.resume_asked.connect(self.resume)
        self.card.answered.connect(self._on_answer)
        self.card.undo_asked.connect(lambda: self._on_step(-1))
        self.card.stepped.connect(self._on_step)
        self.back.clicked.connect(lambda: self._on_step(-1))
        self.stop.clicked.connect(self._show_result)
        self.crops.loaded.connect(self._show_crop)
        self._results.cells.store_changed.connect(self._on_set)

    def _on_set(self) -> None:
        """Show the newest audit of the results that are looked at."""
        project = self._session.project
        if project is None:
            self.audit = None
        else:
            of_set = project.audits.of_set(self._results.loading.set_name)
            same = self.audit is not None and any(each.id == self.audit.id for each in of_set)
            if same and self.pages.currentIndex() == 1 and self.audit is not None:
                self.audit = project.audits.get(self.audit.id)
                if self.audit.is_current:
                    return
            self.audit = next((each for each in of_set if each.is_current), None)
        self._show_result()

    def _on_drawn(self, audit: AuditRecord) -> None:
        self._task = None
        self.form.set_busy(False)
        project = self._session.project
        if project is None:
            return
        try:
            self.audit = project.audits.start(audit)
        except InvalidParameterError as error:
            self._session.report(error)
            return
        self.position = 0
        self._show_item()

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self.form.set_busy(False)
        self._session.report(error)

    def _on_answer(self, verdict: str) -> None:
        project, audit = self._session.project, self.audit
        if project is None or audit is None or self.position >= len(audit.items):
            return
        project.audits.judge(audit.id, self.position, verdict)
        self.audit = project.audits.get(audit.id)
        self.position = self._next_open(self.position + 1)
        if self.position < len(audit.items):
            self._show_item()
        else:
            self._show_result()

    def _on_step(self, by: int) -> None:
        if self.audit is not None:
            self.position = min(max(self.position + by, 0), len(self.audit.items) - 1)
            self._show_item()

    def _next_open(self, start_at: int) -> int:
        """Find what is not judged from here on, or else before."""
        items = self.audit.items if self.audit is not None else ()
        places = [*range(start_at, len(items)), *range(min(start_at, len(items)))]
        return next((place for place in places if not items[place].verdict), len(items))

    def _show_item(self) -> None:
        project, audit = self._session.project, self.audit
        if project is None or audit is None or self.position >= len(audit.items):
            self._show_result()
            return
        item = audit.items[self.position]
        if item.result_id is None:
            self._on_set()
            return
        self.pages.setCurrentIndex(1)
        self.card.offer(ANSWERS[item.kind])
        self.card.show_said(item.verdict)
        what = "cell" if item.kind == CELL else "place"
        result = project.results.get(item.result_id)
        name = project.images.get(result.image_id).name
        self.card.title.setText(f"{self.position + 1} of {len(audit.items)}: a {what} in {name}")
        self.progress.setMaximum(len(audit.items))
        self.progress.setValue(audit.n_judged)
        self.back.setEnabled(self.position > 0)
        self._show_crop()
        self._want_crops()
        if self.isVisible():
            width = max(8.0, (audit.ground.cell_area_px / max(1, audit.ground.n_cells)) ** 0.5)
            if item.kind == PLACE:
                self._aim.look_at_place(result, item.row, item.column, width)
            else:
                self._aim.look_at_cell(result, item.label, self._box(item, width))
            self.card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _box(self, item: AuditItem, width: float) -> QRectF:
        store, row = self._results.cells.store, self._row(item)
        if row is None or any(name not in store.columns for name in _BOX):
            return QRectF(item.column - width / 2, item.row - width / 2, width, width)
        left, top, right, bottom = (float(store.columns[name].values[row]) for name in _BOX)
        return QRectF(left, top, right - left, bottom - top)

    def _row(self, item: AuditItem) -> int | None:
        store = self._results.cells.store
        places = [place for place, source in enumerate(store.sources) if source.result_id == item.result_id]
        return store.row_of(places[0], item.label) if places and item.kind == CELL else None

    def _want_crops(self) -> None:
        items = self.audit.items[self.position : self.position + _AHEAD] if self.audit is not None else ()
        self.crops.want([row for item in items if (row := self._row(item)) is not None])

    def _show_crop(self, _rows: object = None) -> None:
        if self.audit is None or self.position >= len(self.audit.items):
            return
        item = self.audit.items[self.position]
        if item.kind == PLACE:
            self.card.picture.set_content(_ASK_PLACE)
            return
        row = self._row(item)
        crop = self.crops.crop(row) if row is not None else ""
        self.card.picture.set_content(crop if isinstance(crop, QPixmap) else crop or "…")

    def _show_result(self) -> None:
        self._aim.let_go()
        self.pages.setCurrentIndex(0)
        project, audit = self._session.project, self.audit
        n_cells = self._results.cells.store.n_rows
        read_only = project is not None and project.read_only_reason is not None
        self.form.set_possible(n_cells > 0 and not read_only)
        if audit is None or project is None:
            self.form.show_result("", "", unfinished=False)
            return
        sentences = [audit.result.sentences()]
        others = [
            other
            for other in project.audits.of_set(audit.set_name)
            if other.id != audit.id and other.seed == audit.seed and other.is_current
        ]
        for other in others[:1]:
            compared = agreement(audit.verdicts(), other.verdicts())
            if compared.n:
                who = f"{audit.reviewer or 'You'} and {other.reviewer or 'somebody else'}"
                sentences.append(f"{who}: {compared.sentence()}")
        unfinished = audit.n_judged < len(audit.items)
        if unfinished:
            sentences.append(f"{audit.n_judged} of {len(audit.items)} are judged.")
        note = ASSUMPTIONS if audit.result.counts.n_places else ""
        self.form.show_result("\n\n".join(filter(None, sentences)), note, unfinished=unfinished)


def getpass_user() -> str:
    """Give the name of the account, for the first audit.

    Returns
    -------
    str
        Empty where the system does not know.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
