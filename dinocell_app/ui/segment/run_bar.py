"""Starting runs on this, the selected or all images, and the same as a command line."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

THIS, SELECTED, ALL = "this", "selected", "all"


class RunBar(QWidget):
    """Buttons that start runs.

    Parameters
    ----------
    parent : QWidget, optional
    """

    run_asked = Signal(str)
    copy_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setVisible(False)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(QLabel("Run on"), 0, 0)
        grid.addWidget(self.this, 0, 1)
        grid.addWidget(self.selected, 0, 2)
        grid.addWidget(self.all, 0, 3)
        grid.addWidget(self.copy, 1, 1, 1, 3)
        grid.addWidget(self.message, 2, 0, 1, 4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        grid.setColumnStretch(3, 1)
        for button, which in ((self.this, THIS), (self.selected, SELECTED), (self.all, ALL)):
            button.clicked.connect(lambda _=False, which=which: self.run_asked.emit(which))
        self.copy.clicked.connect(self.copy_asked)
        self.set_counts(0, 0, 0, problem="")

    def set_counts(self, this: int, selected: int, everything: int, *, problem: str) -> None:
        """Tell how many images each button would take.

        Parameters
        ----------
        this, selected, everything : int
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
