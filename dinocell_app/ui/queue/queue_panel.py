"""The queue below the viewer: runs on the left, the images of the chosen one on the right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import UserFacingError
from dinocell_app.jobs.run_folder import LOG_NAME
from dinocell_app.run_queue.run_rows import (
    RunAction,
    RunRow,
    finished_sentence,
    moved,
    ordered,
    possible_actions,
    run_row,
)
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.queue.progress_delegate import ProgressDelegate
from dinocell_app.ui.queue.replacing import ask_about_earlier_results
from dinocell_app.ui.queue.run_actions import enable, make_actions
from dinocell_app.ui.queue.run_images_view import RunImagesView
from dinocell_app.ui.queue.run_log import RunLogDialog
from dinocell_app.ui.queue.run_model import Column, RunModel
from dinocell_app.ui.queue.run_notice import RunNotice

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

EMPTY = "No runs yet. Choose settings under Segment, then run on this, the selected or all images."

_WIDTHS = {
    Column.NAME: 145,
    Column.STATE: 95,
    Column.PROGRESS: 95,
    Column.REMAINING: 125,
    Column.CELLS: 60,
}
_SPLIT = (780, 460)
_LOWEST_TABLE = 48
"""Pixels: two rows in a dock that was made very low."""


class QueuePanel(QWidget):
    """Runs of the project and what can be done with them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._positions: dict[int, int] = {}
        self.model = RunModel(self)
        self.table = _table("Runs")
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(Column.PROGRESS, ProgressDelegate(self.table))
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        for column, width in _WIDTHS.items():
            header.resizeSection(column, width)
        self.images = RunImagesView()
        self.message = plain_label()
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.message.hide()
        self.actions_by_kind = make_actions(self, self.do)
        self._notice = RunNotice(self)
        self._lay_out()
        self._connect()
        self.reload()

    def reload(self) -> None:
        """Show the runs of the open project."""
        project = self._session.project
        records = project.runs.all() if project is not None else []
        self._positions = {record.id: record.position for record in records}
        chosen = self.chosen()
        rows = [run_row(record, self._session.queue.progress(record.id)) for record in records]
        self.model.show_rows(ordered(rows, self._positions))
        self.pages.setCurrentIndex(1 if rows else 0)
        self._choose(chosen.id if chosen is not None else 0)

    def chosen(self) -> RunRow | None:
        """Give the run that is selected."""
        rows = self.model.rows()
        number = self.table.currentIndex().row()
        return rows[number] if 0 <= number < len(rows) else None

    def do(self, action: RunAction) -> None:
        """Do something with the chosen run."""
        row, queue = self.chosen(), self._session.queue
        waiting = self._waiting()
        if row is None or action not in possible_actions(row, waiting):
            return
        ways: dict[RunAction, Callable[[int], object]] = {
            RunAction.PAUSE: queue.pause,
            RunAction.RESUME: queue.resume,
            RunAction.STOP: queue.stop,
            RunAction.CANCEL: queue.cancel,
            RunAction.MOVE_UP: lambda run_id: queue.reorder(moved(waiting, run_id, -1)),
            RunAction.MOVE_DOWN: lambda run_id: queue.reorder(moved(waiting, run_id, 1)),
            RunAction.RETRY: self._retry,
            RunAction.REMOVE: queue.remove,
        }
        try:
            ways[action](row.id)
        except UserFacingError as error:
            self._session.report(error)
        self.reload()

    def show_log(self) -> None:
        """Open the log of the chosen run."""
        row, project = self.chosen(), self._session.project
        if row is not None and project is not None:
            RunLogDialog(row.name, project.runs.get(row.id).folder / LOG_NAME, self).open()

    def _retry(self, run_id: int) -> None:
        queue = self._session.queue
        blocked = [failed for failed in queue.progress(run_id).failures if failed.results_in_the_way]
        if not blocked:
            queue.retry_failed(run_id)
            return
        answer = ask_about_earlier_results(self, len(blocked), blocked[0].reason)
        if answer is not None:
            queue.retry_failed(run_id, replace=answer)

    def _waiting(self) -> list[int]:
        return [row.id for row in self.model.rows() if row.state == "queued"]

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for action in self.actions_by_kind.values():
            button = QToolButton()
            button.setDefaultAction(action)
            buttons.addWidget(button)
        self.log_button = QToolButton()
        self.log_button.setText("Show log")
        self.log_button.setToolTip("Show what the chosen run wrote into its log.")
        self.log_button.clicked.connect(self.show_log)
        buttons.addWidget(self.log_button)
        buttons.addStretch(1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.table)
        splitter.addWidget(self.images)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes(_SPLIT)
        empty = plain_label(EMPTY)
        empty.setWordWrap(True)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        runs = QWidget()
        column = QVBoxLayout(runs)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(buttons)
        column.addWidget(splitter, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(empty)
        self.pages.addWidget(runs)
        # The tables take what a low dock leaves them, rather than being scrolled with their buttons.
        self.pages.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.message)
        layout.addWidget(self.pages, 1)

    def _connect(self) -> None:
        session = self._session
        session.project_opened.connect(self.reload)
        session.project_closed.connect(self.reload)
        session.queue.run_changed.connect(self._on_run_changed)
        session.queue.image_finished.connect(self._on_image_finished)
        session.queue.run_finished.connect(self._on_run_finished)
        self.table.selectionModel().currentChanged.connect(self._refresh_chosen)
        self.model.dataChanged.connect(self._refresh_chosen)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.table.addActions(list(self.actions_by_kind.values()))
        self.images.image_asked.connect(self._show_image)
        self.table.doubleClicked.connect(self._open_training)

    def _choose(self, run_id: int) -> None:
        number = max(self.model.number_of(run_id), 0)
        index = self.model.index(number, 0) if self.model.rowCount() else QModelIndex()
        self.table.setCurrentIndex(index)
        self._refresh_chosen()

    def _refresh_chosen(self) -> None:
        row, project = self.chosen(), self._session.project
        writable = project is not None and project.read_only_reason is None
        possible = possible_actions(row, self._waiting()) if row is not None and writable else frozenset()
        enable(self.actions_by_kind, possible)
        self.log_button.setEnabled(row is not None)
        progress = self._session.queue.progress(row.id) if row is not None else None
        record = project.runs.get(row.id) if row is not None and project is not None else None
        self.images.show_run(project, record, progress)

    def _on_run_changed(self, run_id: int) -> None:
        project = self._session.project
        number = self.model.number_of(run_id)
        if project is None:
            return
        if number < 0:
            self.reload()
            return
        rows = self.model.rows()
        rows[number] = run_row(project.runs.get(run_id), self._session.queue.progress(run_id))
        if rows == ordered(rows, self._positions):
            self.model.show_rows(rows)
        else:
            self.reload()

    def _on_image_finished(self, _image_id: int) -> None:
        self.images.model.refresh()

    def _on_run_finished(self, run_id: int) -> None:
        self._on_run_changed(run_id)
        number = self.model.number_of(run_id)
        if number >= 0:
            sentence = finished_sentence(self.model.rows()[number])
            self.message.setText(sentence)
            self.message.show()
            self._notice.tell("Run finished", sentence)
            self._session.noted.emit(sentence)

    def _open_training(self, index: QModelIndex) -> None:
        project, row = self._session.project, self.model.rows()[index.row()]
        if project is not None and row.is_training:
            self._session.training_wanted.emit(str(project.runs.get(row.id).folder))

    def _show_image(self, path: str) -> None:
        project = self._session.project
        image = project.images.by_path(Path(path)) if project is not None else None
        if image is not None:
            self._session.set_current_image(image.id)


def _table(name: str) -> QTableView:
    table = QTableView()
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setMinimumHeight(_LOWEST_TABLE)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 12)
    return table
