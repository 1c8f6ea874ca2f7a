"""The tab for looking through cells: an order to choose, one cell after the other, three answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from dinocell_app.project.judgements import CellKey
from dinocell_app.review.verdicts import DELETE, FIX, KEEP
from dinocell_app.tables.cell_pass import CellPass
from dinocell_app.tables.cell_store import CellStore
from dinocell_app.tables.column_text import number_text
from dinocell_app.tables.review_column import add_review_column, note_judgement
from dinocell_app.tables.starting_points import StartingPoint, starting_points
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.results.crop_loading import CropLoading
from dinocell_app.ui.results.shown_cells import ShownCells
from dinocell_app.ui.review.judging_card import Answer, JudgingCard
from dinocell_app.ui.review.viewer_aim import ViewerAim

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

ANSWERS = (
    Answer(KEEP, "Keep", Qt.Key.Key_K, "The cell is right."),
    Answer(DELETE, "Delete", Qt.Key.Key_D, "There is no cell: note that it is to be deleted."),
    Answer(FIX, "Fix", Qt.Key.Key_F, "The outline is wrong: note that it is to be corrected."),
)
_AHEAD = 6
_BOX = ("bbox_x_min", "bbox_y_min", "bbox_x_max", "bbox_y_max")
_NO_CELLS = "No cells to look through yet. Segment images; cells whose tables are measured appear here."
_READ_ONLY = "The project is open for reading only, so judgements cannot be kept."


class PassTab(QWidget):
    """Look through the shown cells of a result set.

    Parameters
    ----------
    cells : ShownCells
        Of the results: filter and order are shared with it.
    """

    fix_asked = Signal()
    """The cell that is shown shall be corrected now."""

    def __init__(
        self, session: Session, cells: ShownCells, aim: ViewerAim, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._cells, self._aim = session, cells, aim
        self._store = cells.store
        self.fixes_at_once = False
        """Whether a cell that is to be fixed is corrected before the next is shown."""
        self._starts_over = False
        self.run = CellPass(cells.rows, {})
        self.crops = CropLoading(session, cells, self)
        self.order = QComboBox()
        self.order.setAccessibleName("Look at first")
        self.order.setToolTip("Which cells come first, here and in the results.")
        self.order.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.scope = plain_label()
        self.scope.setWordWrap(True)
        self.card = JudgingCard("Cell to judge: K keeps, D deletes, F fixes, arrows go on, Backspace undoes")
        self.card.offer(ANSWERS)
        self.back, self.on, self.undo = QPushButton("← Back"), QPushButton("Next →"), QPushButton("Undo")
        self.back.setToolTip("Show the cell before (Left arrow)")
        self.on.setToolTip("Show the next cell without saying anything (Right arrow or Space)")
        self.undo.setToolTip("Take the last answer back (Backspace or Ctrl+Z)")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Cells judged")
        self.progress.setFormat("%v of %m judged")
        self._lay_out()
        self._connect()
        self._on_rows()

    def start(self) -> None:
        """Show the cell that is next and let keys answer."""
        self._show(aim=True)
        self.card.setFocus(Qt.FocusReason.OtherFocusReason)

    def shut_down(self) -> None:
        """Let go of work that is under way."""
        self.crops.shut_down()

    def add_column(self, store: CellStore) -> None:
        """Give cells that are read the column of judgements."""
        project = self._session.project
        if project is not None:
            add_review_column(store, project.judgements.all())

    def _lay_out(self) -> None:
        title = plain_label("Look at &first")
        title.setBuddy(self.order)
        top = QHBoxLayout()
        top.addWidget(title)
        top.addWidget(self.order, 1)
        ways = QHBoxLayout()
        for button in (self.back, self.on, self.undo):
            ways.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.scope)
        column.addWidget(self.card, 1)
        column.addLayout(ways)
        column.addWidget(self.progress)

    def _connect(self) -> None:
        self._cells.store_changed.connect(self._on_store)
        self._cells.rows_changed.connect(self._on_rows)
        self._cells.cell_changed.connect(self._on_chosen_elsewhere)
        self._session.project_opened.connect(self._on_store)
        self.crops.loaded.connect(self._show_crop)
        self.order.activated.connect(self._on_order)
        self.card.answered.connect(self._on_answer)
        self.card.stepped.connect(self._on_step)
        self.card.undo_asked.connect(self._on_undo)
        self.back.clicked.connect(lambda: self._on_step(-1))
        self.on.clicked.connect(lambda: self._on_step(1))
        self.undo.clicked.connect(self._on_undo)

    def _on_store(self) -> None:
        before = self._store
        self._store = self._cells.store
        self.order.clear()
        for point in starting_points(self._store.columns):
            self.order.addItem(point.title, point)
        self.run = self.run.rearranged(
            self._cells.rows, self._judgements(), lambda row: _moved(before, self._store, row)
        )
        self._show(aim=False)

    def _on_rows(self) -> None:
        shown = None if self._starts_over else self.run.current
        self._starts_over = False
        self.run = self.run.rearranged(self._cells.rows, self._judgements())
        if shown is not None and shown == self._cells.cell and not self.run.judgements.get(shown):
            self.run.show(shown)
        arrangement = self._cells.arrangement
        match = [
            place
            for place in range(self.order.count())
            if (point := self._point(place)) is not None
            and (point.column, point.near) == (arrangement.sort_by, arrangement.near)
            and (point.ascending == arrangement.ascending or not point.column)
        ]
        self.order.setCurrentIndex(match[0] if match else -1)
        if not match and arrangement.sort_by:
            self.order.setPlaceholderText(f"By {self._store.about(arrangement.sort_by).label}")
        self._show(aim=self.card.hasFocus())

    def _judgements(self) -> dict[int, str]:
        project, store = self._session.project, self._cells.store
        if project is None:
            return {}
        places = {source.result_id: place for place, source in enumerate(store.sources)}
        found = {}
        for (result_id, label), said in project.judgements.all().items():
            row = store.row_of(places[result_id], label) if result_id in places else None
            if row is not None:
                found[row] = said
        return found

    def _point(self, place: int) -> StartingPoint | None:
        point = self.order.itemData(place)
        return point if isinstance(point, StartingPoint) else None

    def _on_order(self, place: int) -> None:
        point = self._point(place)
        if point is not None:
            self._starts_over = True
            self._cells.arrange(point.arrangement(self._cells.arrangement))
            self.card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_chosen_elsewhere(self) -> None:
        row = self._cells.cell
        if row is not None and row != self.run.current and self.isVisible() and self.run.show(row):
            self._show(aim=False)

    def _on_answer(self, judgement: str) -> None:
        row = self.run.current
        if row is None or not self._keep(row, judgement):
            self._show(aim=False)
            return
        stays = judgement == FIX and self.fixes_at_once
        self.run.judge(judgement, go_on=not stays)
        self._show(aim=True)
        if stays:
            self.fix_asked.emit()

    def _on_undo(self) -> None:
        undone = self.run.undo()
        if undone is not None:
            self._keep(*undone)
            self._show(aim=True)

    def _on_step(self, by: int) -> None:
        self.run.step(by)
        self._show(aim=True)

    def _keep(self, row: int, judgement: str) -> bool:
        project, store = self._session.project, self._cells.store
        if project is None or project.read_only_reason is not None:
            return False
        project.judgements.set({_key(store, row): judgement})
        if note_judgement(store, row, judgement):
            self._cells.values_changed.emit()
        else:
            add_review_column(store, {_key(store, row): judgement})
            self._cells.columns_changed.emit()
        return True

    def _show(self, *, aim: bool) -> None:
        run, project = self.run, self._session.project
        row, n = run.current, len(run.rows)
        self.progress.setMaximum(max(1, n))
        self.progress.setValue(run.n_judged)
        filtered = self._cells.arrangement.expression or self._cells.arrangement.ranges
        self.scope.setText("Only cells that pass the filter of the results." if filtered else "")
        self.scope.setVisible(bool(filtered))
        writable = project is not None and project.read_only_reason is None
        for button in self.card.buttons.values():
            button.setEnabled(row is not None and writable)
        self.back.setEnabled(n > 0 and run.position > 0)
        self.on.setEnabled(row is not None)
        self.undo.setEnabled(run.can_undo)
        self.card.show_said(run.said())
        if row is None:
            done = (
                f"All {n:,} cells are judged." if n and run.n_judged == n else "This is the end of the list."
            )
            self.card.title.setText("")
            self.card.picture.set_content(done if n else _NO_CELLS)
            return
        self.card.title.setText(self._title(row) if writable else f"{self._title(row)}\n{_READ_ONLY}")
        self._show_crop()
        if not self.isVisible():
            return
        self.crops.want([int(each) for each in run.rows[run.position : run.position + _AHEAD]])
        if aim:
            self._aim_at(row)

    def _title(self, row: int) -> str:
        store, arrangement = self._store, self._cells.arrangement
        source = store.source(row)
        text = (
            f"{self.run.position + 1:,} of {len(self.run.rows):,}: cell {store.label(row)} of {source.title}"
        )
        column = store.columns.get(arrangement.sort_by)
        if column is not None:
            value = column.value(row)
            shown = number_text(value) if isinstance(value, float) else column.text(row)
            text += f" – {store.about(arrangement.sort_by).label} {shown}"
        return text

    def _show_crop(self, _rows: object = None) -> None:
        row = self.run.current
        crop = self.crops.crop(row) if row is not None else None
        if row is not None:
            self.card.picture.set_content(crop if isinstance(crop, QPixmap) else crop or "…")

    def _aim_at(self, row: int) -> None:
        store, project = self._store, self._session.project
        if project is None:
            return
        source, label = store.source(row), store.label(row)
        if all(name in store.columns for name in _BOX):
            left, top, right, bottom = (float(store.columns[name].values[row]) for name in _BOX)
            box = QRectF(left, top, right - left, bottom - top)
            self._aim.look_at_cell(project.results.get(source.result_id), label, box)
        self._cells.choose(row)


def _key(store: CellStore, row: int) -> CellKey:
    return store.source(row).result_id, store.label(row)


def _moved(before: CellStore, now: CellStore, row: int) -> int | None:
    """Find a cell again in the same results read anew."""
    if row >= before.n_rows:
        return None
    result_id, label = _key(before, row)
    places = [place for place, source in enumerate(now.sources) if source.result_id == result_id]
    return now.row_of(places[0], label) if places else None
