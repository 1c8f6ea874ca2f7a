"""Second page: which pictures are kept for judging, and in which not every cell is outlined."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.jobs.holding_out import IN_TURNS_BELOW
from dinocell_app.training_plan.split_suggestion import suggested_split
from dinocell_app.training_plan.training_plan import TrainingPlan
from dinocell_app.ui.plain_text import plain_label

EXPLANATION = (
    "A model can only be judged on images it never saw. Those ticked here are kept from teaching for "
    "ever, for this model and every model made from it. Choose some of each kind you have. Tick none of "
    f"fewer than {IN_TURNS_BELOW} images: then each is judged by a model that was not taught it."
)
_HEADERS = ("Image", "Cells", "Keep for judging", "Not every cell is outlined")
_JUDGE, _PARTLY = 2, 3


class SplitPage(QWidget):
    """Ticks for each picture."""

    plan_changed = Signal(object)
    """The plan with another choice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = TrainingPlan()
        explanation = plain_label(EXPLANATION)
        explanation.setWordWrap(True)
        self.sentence = plain_label()
        self.sentence.setWordWrap(True)
        self.suggest = QPushButton("Suggest")
        self.suggest.setToolTip("Choose a fifth of the images, at least three, from sparse to dense.")
        self.table = QTableWidget(0, len(_HEADERS))
        self.table.setAccessibleName("Images to teach and to judge by")
        self.table.setHorizontalHeaderLabels(list(_HEADERS))
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 70), (_JUDGE, 150), (_PARTLY, 200)):
            header.resizeSection(column, width)
        line = QHBoxLayout()
        line.addWidget(self.sentence, 1)
        line.addWidget(self.suggest)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(explanation)
        layout.addLayout(line)
        layout.addWidget(self.table, 1)
        self.table.itemChanged.connect(self._on_tick)
        self.suggest.clicked.connect(self._on_suggest)

    def show_plan(self, plan: TrainingPlan) -> None:
        """Show the choice."""
        self._plan = plan
        self.sentence.setText(plan.sentence_of_split())
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(plan.usable))
            for row, picture in enumerate(plan.usable):
                for column, text in ((0, picture.image.name), (1, f"{picture.n_cells:,}")):
                    item = QTableWidgetItem(text)
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                    item.setToolTip(str(picture.image))
                    self.table.setItem(row, column, item)
                self._set_tick(row, _JUDGE, picture.image in plan.held_out)
                self._set_tick(row, _PARTLY, picture.image in plan.partly_labelled)

    def _set_tick(self, row: int, column: int, ticked: bool) -> None:
        item = QTableWidgetItem()
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
        item.setFlags(flags)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setToolTip(
            "Tick it to keep this image from teaching."
            if column == _JUDGE
            else "Tick it where cells are left out: what is not outlined hardly counts as background then."
        )
        self.table.setItem(row, column, item)

    def _on_tick(self, item: QTableWidgetItem) -> None:
        image = self._plan.usable[item.row()].image
        ticked = item.checkState() == Qt.CheckState.Checked
        if item.column() == _JUDGE:
            self.plan_changed.emit(self._plan.hold_out(image, held_out=ticked))
        elif item.column() == _PARTLY:
            self.plan_changed.emit(self._plan.label_partly(image, partly=ticked))

    def _on_suggest(self) -> None:
        self.plan_changed.emit(replace(self._plan, held_out=suggested_split(self._plan.usable)))
