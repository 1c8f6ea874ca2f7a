"""What an audit shall show, and the result of the last one."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.ui.plain_text import plain_label

_ABOUT = (
    "How good are these results? Judge some random cells and random places outside cells: the share that is "
    "right gives precision and recall of all of them, with a 95 % interval. Fifty of each take about three "
    "minutes."
)
_MOST = 5000


@dataclass(frozen=True)
class Asked:
    """Choices for an audit.

    Parameters
    ----------
    seed : int or None
        None draws anew.
    """

    n_cells: int
    n_places: int
    reviewer: str
    seed: int | None


class AuditForm(QScrollArea):
    """Choices and result.

    Parameters
    ----------
    reviewer : str
        Who judges, unless somebody else is named.
    """

    begin_asked = Signal()
    repeat_asked = Signal()
    resume_asked = Signal()

    def __init__(self, reviewer: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.result = _text("Result of the audit")
        self.note = _text("What recall rests on")
        self.n_cells, self.n_places = _number("Random cells"), _number("Random empty places")
        self.n_cells.setMinimum(1)
        self.n_cells.setToolTip("More give a narrower interval: 50 about ±0.07, 200 about ±0.03.")
        self.n_places.setToolTip("Points outside all cells, for recall; 0 estimates precision alone.")
        self.reviewer = QLineEdit(reviewer)
        self.reviewer.setAccessibleName("Reviewer")
        self.reviewer.setToolTip("Kept with the verdicts, so that two people can be compared.")
        self.seed = QLineEdit()
        self.seed.setAccessibleName("Random seed")
        self.seed.setPlaceholderText("by chance")
        self.seed.setToolTip("A number draws the same cells and places again from the same results.")
        self.begin = QPushButton("Start a new audit")
        self.begin.setToolTip("Draw cells and places from all cells of the chosen results.")
        self.resume = QPushButton("Go on")
        self.resume.setToolTip("Judge what is left of this audit.")
        self.repeat = QPushButton("Judge the same again")
        self.repeat.setToolTip("Show the same cells and places to a second person and compare.")
        self._lay_out()
        self.begin.clicked.connect(self.begin_asked)
        self.resume.clicked.connect(self.resume_asked)
        self.repeat.clicked.connect(self.repeat_asked)

    def asked(self) -> Asked:
        """Give the choices."""
        seed = self.seed.text().strip()
        return Asked(
            self.n_cells.value(),
            self.n_places.value(),
            self.reviewer.text().strip(),
            int(seed) if seed.isdecimal() else None,
        )

    def set_possible(self, possible: bool) -> None:
        """Say whether there are cells to draw from."""
        self.begin.setEnabled(possible)
        self.repeat.setEnabled(possible)
        self.resume.setEnabled(possible)

    def set_busy(self, busy: bool) -> None:
        """Show that cells are being drawn."""
        self.begin.setEnabled(not busy)
        self.begin.setText("Drawing cells and places…" if busy else "Start a new audit")

    def show_result(self, text: str, note: str, *, unfinished: bool) -> None:
        """Show what the last audit proved.

        Parameters
        ----------
        text : str
            Empty when there is none.
        note : str
            What it rests on.
        unfinished : bool
            Whether some of it is left to judge.
        """
        self.result.setText(text or _ABOUT)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.repeat.setVisible(bool(text) and not unfinished)
        self.resume.setVisible(bool(text) and unfinished)

    def _lay_out(self) -> None:
        font = self.note.font()
        font.setPointSizeF(font.pointSizeF() * 0.9)
        self.note.setFont(font)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Random &cells", self.n_cells)
        form.addRow("Empty &places", self.n_places)
        form.addRow("Re&viewer", self.reviewer)
        form.addRow("Random see&d", self.seed)
        ways = QHBoxLayout()
        ways.addWidget(self.resume)
        ways.addWidget(self.repeat)
        ways.addStretch(1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.result)
        column.addLayout(ways)
        column.addLayout(form)
        column.addWidget(self.begin)
        column.addWidget(self.note)
        column.addStretch(1)
        self.setWidget(inside)


def _text(name: str) -> QLabel:
    label = plain_label()
    label.setWordWrap(True)
    label.setAccessibleName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _number(name: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, _MOST)
    box.setValue(50)
    box.setAccessibleName(name)
    return box
