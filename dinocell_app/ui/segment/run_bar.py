"""Starting runs on this, the selected or all images, and the same as a command line."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QPushButton, QWidget

from dinocell_app.segmentation_plan.compared_jobs import ALL_CELLS, ONLY_LIKE, WITH_TYPE
from dinocell_app.ui.plain_text import plain_label

THIS, SELECTED, ALL = "this", "selected", "all"

_CELLS = (
    (ALL_CELLS, "All cells"),
    (ONLY_LIKE, "Only cells like the references"),
    (WITH_TYPE, "All cells, with type and score"),
)


class RunBar(QWidget):
    """Buttons that start runs."""

    run_asked = Signal(str)
    copy_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = QComboBox()
        self.cells.setAccessibleName("Cells to find")
        self.cells.setToolTip(
            "Find all cells, or compare them with the cells that you pointed at under Reference cells."
        )
        for value, text in _CELLS:
            self.cells.addItem(text, value)
        self.this = QPushButton("This image")
        self.this.setToolTip("Segment the image in the viewer and measure its cells.")
        self.selected = QPushButton()
        self.selected.setToolTip("Segment the images selected in the list and measure their cells.")
        self.all = QPushButton()
        self.all.setToolTip("Segment every image of the project and measure the cells.")
        self.copy = QPushButton("Copy command line")
        self.copy.setToolTip(
            "Copy the command that does the same in a terminal, for the selected images or for all of them. "
            "Its results go to a folder beside the project."
        )
        self.message = plain_label()
        self.message.setWordWrap(True)
        self.message.setVisible(False)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(plain_label("Find"), 0, 0)
        grid.addWidget(self.cells, 0, 1, 1, 3)
        grid.addWidget(plain_label("Run on"), 1, 0)
        grid.addWidget(self.this, 1, 1)
        grid.addWidget(self.selected, 1, 2)
        grid.addWidget(self.all, 1, 3)
        grid.addWidget(self.copy, 2, 1, 1, 3)
        grid.addWidget(self.message, 3, 0, 1, 4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        grid.setColumnStretch(3, 1)
        for button, which in ((self.this, THIS), (self.selected, SELECTED), (self.all, ALL)):
            button.clicked.connect(lambda _=False, which=which: self.run_asked.emit(which))
        self.copy.clicked.connect(self.copy_asked)
        self.set_counts(0, 0, 0, problem="")
        self.set_references(False)

    def set_references(self, some: bool) -> None:
        """Tell whether there are references to compare with."""
        self.cells.setEnabled(some)
        if not some:
            self.cells.setCurrentIndex(0)

    def chosen_cells(self) -> str:
        """Give which cells a run finds.

        Returns
        -------
        str
            `compared_jobs.ALL_CELLS`, `ONLY_LIKE` or `WITH_TYPE`.
        """
        return str(self.cells.currentData())

    def set_counts(self, this: int, selected: int, everything: int, *, problem: str) -> None:
        """Tell how many images each button would take.

        Parameters
        ----------
        problem : str
            Why no run can be started; empty when one can.
        """
        self.selected.setText(f"Selected ({selected:,})")
        self.all.setText(f"All ({everything:,})")
        for button, count in ((self.this, this), (self.selected, selected), (self.all, everything)):
            button.setEnabled(count > 0 and not problem)
        self.copy.setEnabled(everything > 0)
        self.say(problem)

    def say(self, message: str) -> None:
        """Show a sentence under the buttons.

        Parameters
        ----------
        message : str
            Empty to show none.
        """
        self.message.setText(message)
        self.message.setVisible(bool(message))
