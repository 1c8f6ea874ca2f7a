"""Compare two results of the same images: two people's corrections, two models, or before and after."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project.label_states import compared_results, label_states
from dinocell_app.ui.help_here import add_help
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.review.label_agreement import (
    COLUMNS,
    AgreedImage,
    AgreementCommand,
    LabelAgreement,
    write_agreement,
)
from dinocell_app.ui.session import Session

EXPLANATION = (
    "How far do two results of the same images agree? Let two people correct the same cells and give each "
    "version a name, or compare two models, or the cells before and after correcting."
)
NOTHING = "There is one result only. Segment again under another name, or correct cells, to compare."
NONE_IN_COMMON = "No image has both."
HOW = (
    "AP: matched cells by all cells of either side, at an overlap (IoU) of at least 0.5 or 0.75. MMA: mask "
    "matching accuracy. 1 is full agreement; neither side counts as the truth."
)
_SIZE = (820, 560)


class AgreementDialog(QDialog):
    """Scores two results against each other.

    Parameters
    ----------
    session : Session
        With an open project.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare two results")
        self.resize(*_SIZE)
        self._session = session
        self._found: LabelAgreement | None = None
        self.command = AgreementCommand(self)
        explanation = plain_label(EXPLANATION)
        explanation.setWordWrap(True)
        self._states = label_states(session.project) if session.project is not None else ()
        self.first, self.second = self._choice("First"), self._choice("Second")
        self.second.setCurrentIndex(min(1, len(self._states) - 1))
        sides = QFormLayout()
        sides.addRow("First", self.first)
        sides.addRow("Second", self.second)
        self.sentence = plain_label(NOTHING if len(self._states) < 2 else "")
        self.sentence.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.bar.hide()
        self.table = self._table()
        how = plain_label(HOW)
        how.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.compare = self._button(buttons, "Compare", "Score the cells of all images that have both.", role)
        self.save = self._button(buttons, "Save table …", "Write the scores as a CSV file.", role)
        self.compare.setEnabled(len(self._states) > 1)
        self.save.setEnabled(False)
        layout = QVBoxLayout(self)
        for widget in (explanation, sides, self.sentence, self.bar):
            if isinstance(widget, QFormLayout):
                layout.addLayout(widget)
            else:
                layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addWidget(how)
        layout.addWidget(buttons)
        add_help(self, buttons)
        buttons.rejected.connect(self.reject)
        self.compare.clicked.connect(self._on_compare)
        self.save.clicked.connect(self._on_save)
        self.table.itemActivated.connect(self._on_row)
        self.command.progressed.connect(self.bar.setValue)
        self.command.finished.connect(self._on_found)
        self.command.failed.connect(self._on_failed)
        session.project_closing.connect(self.reject)

    def write(self, path: Path) -> None:
        """Write the scores."""
        if self._found is None:
            return
        try:
            write_agreement(path, self._found)
        except UserFacingError as error:
            self._session.report(error)

    def done(self, result: int) -> None:
        """End the comparison with the window."""
        self.command.stop()
        super().done(result)

    def _on_compare(self) -> None:
        project = self._session.project
        if project is None:
            return
        compared = compared_results(project, self.first.currentData(), self.second.currentData())
        self.table.clear()
        self._found = None
        self.save.setEnabled(False)
        if not compared:
            self.sentence.setText(NONE_IN_COMMON)
            return
        self.sentence.setText("Comparing …")
        self.bar.setMaximum(len(compared) + 1)
        self.bar.setValue(0)
        self._show_work(at_work=True)
        self.command.start(compared)

    def _on_found(self, found: LabelAgreement) -> None:
        self._found = found
        self._show_work(at_work=False)
        self.save.setEnabled(True)
        self.sentence.setText(found.sentence())
        for image in found.images:
            item = QTreeWidgetItem([image.name, *_texts(image)])
            item.setData(0, Qt.ItemDataRole.UserRole, image.image_id)
            item.setToolTip(0, f"{image.name}: press Enter or double-click to look at it.")
            for column in range(1, len(COLUMNS) + 1):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.addTopLevelItem(item)

    def _on_failed(self, sentence: str) -> None:
        self._show_work(at_work=False)
        self.sentence.setText(sentence)

    def _on_row(self, item: QTreeWidgetItem) -> None:
        self._session.set_current_image(item.data(0, Qt.ItemDataRole.UserRole))

    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the scores", "agreement.csv", "Tables (*.csv)")
        if name:
            self.write(Path(name))

    def _show_work(self, *, at_work: bool) -> None:
        self.bar.setVisible(at_work)
        for widget in (self.compare, self.first, self.second):
            widget.setEnabled(not at_work)

    def _choice(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"{name} result")
        box.setToolTip("Results of a name, what the model made of them, or a version that has a name.")
        for state in self._states:
            box.addItem(state.title, state)
        return box

    @staticmethod
    def _table() -> QTreeWidget:
        table = QTreeWidget()
        table.setAccessibleName("Agreement by image")
        table.setToolTip("Press Enter or double-click an image to look at it.")
        table.setHeaderLabels(["Image", *COLUMNS.values()])
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        return table

    @staticmethod
    def _button(
        buttons: QDialogButtonBox, text: str, tip: str, role: QDialogButtonBox.ButtonRole
    ) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        buttons.addButton(button, role)
        return button


def _texts(image: AgreedImage) -> list[str]:
    return [
        "" if math.isnan(value) else f"{value:,.0f}" if name.startswith("n_") else f"{value:.3f}"
        for name, value in zip(COLUMNS, image.scores, strict=True)
    ]
