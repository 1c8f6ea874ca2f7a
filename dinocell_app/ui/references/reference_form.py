"""What is seen of the Reference cells dock; `reference_panel` gives it life."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.references.example_list import ExampleList
from dinocell_app.ui.references.score_bar import ScoreBar
from dinocell_app.ui.references.type_bar import TypeBar

HINT = "Left click: like this. Right click: not this."
UNLIKE = (
    "⚠ This image looks unlike those your references are from, so its scores mean little. "
    "Point at cells of this image too."
)
EMPTY = "Point at one cell to see every cell like it."


class ReferenceForm(QWidget):
    """Types, examples, scores and questions, one under the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.types = TypeBar()
        self.point = QPushButton("Point at cells")
        self.point.setCheckable(True)
        self.point.setToolTip("Click cells in the image: left for one like this, right for one that is not.")
        self.hint = plain_label(EMPTY)
        self.hint.setWordWrap(True)
        self.like = QPushButton("Like this")
        self.like.setToolTip("Make the cell that is selected in the image an example of the type.")
        self.unlike = QPushButton("Not this")
        self.unlike.setToolTip(
            "Make the cell that is selected in the image an example of what is not of the type."
        )
        self.box = QToolButton()
        self.box.setText("Draw")
        self.box.setToolTip("Draw a cell where nothing was segmented, or take one from a mask.")
        self.box.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.box)
        self.outline_like = menu.addAction("Outline of a cell like this")
        self.box_like = menu.addAction("Box around a cell like this")
        self.mask_like = menu.addAction("Mask of cells like this…")
        menu.addSeparator()
        self.outline_unlike = menu.addAction("Outline of a cell that is not this")
        self.box_unlike = menu.addAction("Box around a cell that is not this")
        self.mask_unlike = menu.addAction("Mask of cells that are not this…")
        self.box.setMenu(menu)
        self.positives = ExampleList("Cells like this")
        self.negatives = ExampleList("Cells that are not this")
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Remove the reference cells that are chosen above.")
        self.undo = QPushButton("Undo")
        self.undo.setToolTip("Undo the last change of the reference cells.")
        self.score = ScoreBar()
        self.ask = QPushButton("Show me uncertain cells")
        self.ask.setCheckable(True)
        self.ask.setToolTip(
            "Go through the cells whose score is next to the threshold. Each answer is a reference."
        )
        self.question = plain_label()
        self.question.setWordWrap(True)
        self.yes, self.no, self.skip = QPushButton("Yes"), QPushButton("No"), QPushButton("Skip")
        self.yes.setToolTip("The cell is of the type.")
        self.no.setToolTip("The cell is not of the type.")
        self.skip.setToolTip("Leave this cell undecided.")
        self.warning = plain_label()
        self.warning.setWordWrap(True)
        self.warning.setAccessibleName("Warning about this image")
        self.warning.hide()
        self.message = plain_label()
        self.message.setWordWrap(True)
        self._lay_out()

    def _lay_out(self) -> None:
        pointing = QHBoxLayout()
        pointing.addWidget(self.like, 1)
        pointing.addWidget(self.unlike, 1)
        pointing.addWidget(self.box)
        changing = QHBoxLayout()
        changing.addWidget(self.remove, 1)
        changing.addWidget(self.undo, 1)
        self.answers = QWidget()
        answers = QGridLayout(self.answers)
        answers.setContentsMargins(0, 0, 0, 0)
        answers.addWidget(self.question, 0, 0, 1, 3)
        for column, button in enumerate((self.yes, self.no, self.skip)):
            answers.addWidget(button, 1, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.types)
        layout.addWidget(self.point)
        layout.addWidget(self.hint)
        layout.addLayout(pointing)
        layout.addWidget(plain_label("Like this"))
        layout.addWidget(self.positives)
        layout.addWidget(plain_label("Not this"))
        layout.addWidget(self.negatives)
        layout.addLayout(changing)
        layout.addWidget(self.warning)
        layout.addWidget(plain_label("Minimum score"))
        layout.addWidget(self.score)
        layout.addWidget(self.ask)
        layout.addWidget(self.answers)
        layout.addWidget(self.message)
        layout.addStretch(1)
        self.answers.hide()
