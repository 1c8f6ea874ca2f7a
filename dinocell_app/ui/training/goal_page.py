"""First page: what the network is to learn from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QGroupBox,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.training_plan.training_plan import AdaptPreset, Goal, TrainingPlan
from dinocell_app.ui.plain_text import plain_label

GOALS: dict[Goal, tuple[str, str]] = {
    "teach": (
        "Teach from my labels",
        "You have images whose cells are outlined: fifteen of them are a fair beginning. Minutes to hours.",
    ),
    "adapt": (
        "Adapt to my microscope",
        "You have many images and no outlines. The network learns how your images look; it has to be taught "
        "with outlined ones before it segments.",
    ),
    "both": (
        "Both, one after the other",
        "First it learns how your images look, then it is taught with the outlined ones.",
    ),
}

ADAPT_PRESETS: dict[AdaptPreset, str] = {
    "laptop": "What this computer can do in a given time",
    "dinocell-paper": "As in the DINOCell paper (days on several graphics cards)",
    "own": "My own numbers (on the page of the settings)",
}


class GoalPage(QWidget):
    """The goal, and for adapting the folders of images without labels."""

    plan_changed = Signal(object)
    """The plan with another choice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = TrainingPlan()
        self._goals = QButtonGroup(self)
        self.buttons: dict[Goal, QRadioButton] = {}
        for goal, (title, _) in GOALS.items():
            button = QRadioButton(title)
            font = button.font()
            font.setBold(True)
            button.setFont(font)
            self._goals.addButton(button)
            self.buttons[goal] = button
        self.folders = QListWidget()
        self.folders.setAccessibleName("Folders of images without labels")
        self.folders.setToolTip("Folders, and those in them, whose images are learned from as they are.")
        self.add = QPushButton("Add folder…")
        self.add.setToolTip("Choose a folder of images without labels; hundreds are better than ten.")
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Take the chosen folder out; nothing is deleted.")
        self.minutes = QSpinBox(minimum=1, maximum=100_000, suffix=" minutes")
        self.minutes.setAccessibleName("Time for adapting")
        self.minutes.setToolTip("All sizes are chosen, by trying, so that it takes about so long.")
        self.adapt_preset = QComboBox()
        self.adapt_preset.setAccessibleName("Sizes and steps of adapting")
        self.adapt_preset.setToolTip("How long it adapts, and with how large images.")
        for value, text in ADAPT_PRESETS.items():
            self.adapt_preset.addItem(text, value)
        self.gains = plain_label()
        self.gains.setWordWrap(True)
        self.gains.hide()
        self.unlabelled = QGroupBox("Images without labels")
        self._lay_out()
        self._goals.buttonClicked.connect(self._on_goal)
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.adapt_preset.activated.connect(
            lambda: self._change(adapt_preset=self.adapt_preset.currentData())
        )
        self.minutes.valueChanged.connect(lambda value: self._change(minutes=float(value)))

    def show_plan(self, plan: TrainingPlan) -> None:
        """Show the choice."""
        before, self._plan = self._plan, plan
        self.buttons[plan.goal].setChecked(True)
        self.unlabelled.setVisible(plan.adapts)
        if plan.unlabelled != before.unlabelled:
            self.folders.clear()
            self.folders.addItems([str(folder) for folder in plan.unlabelled])
        self.remove.setEnabled(bool(plan.unlabelled))
        with QSignalBlocker(self.minutes):
            self.minutes.setValue(round(plan.minutes))
        self.minutes.setEnabled(plan.adapt_preset == "laptop")
        self.adapt_preset.setCurrentIndex(self.adapt_preset.findData(plan.adapt_preset))

    def show_gains(self, sentence: str) -> None:
        """Say what the last trainings brought.

        Parameters
        ----------
        sentence : str
            Empty to say nothing.
        """
        self.gains.setText(f"ℹ {sentence}")
        self.gains.setVisible(bool(sentence))

    def choose_folders(self, folders: tuple[Path, ...]) -> None:
        """Take folders of images without labels."""
        self._change(unlabelled=tuple(dict.fromkeys(folders)))

    def _change(self, **fields: object) -> None:
        self.plan_changed.emit(replace(self._plan, **fields))  # type: ignore[arg-type] # names are those of fields

    def _on_goal(self, chosen: object) -> None:
        self._change(goal=next(goal for goal, button in self.buttons.items() if button is chosen))

    def _on_add(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of images without labels")
        if folder:
            self.choose_folders((*self._plan.unlabelled, Path(folder)))

    def _on_remove(self) -> None:
        row = max(self.folders.currentRow(), 0)
        self.choose_folders(
            tuple(folder for number, folder in enumerate(self._plan.unlabelled) if number != row)
        )

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for goal, (_, explanation) in GOALS.items():
            words = plain_label(explanation)
            words.setWordWrap(True)
            words.setIndent(24)
            self.buttons[goal].setToolTip(explanation)
            layout.addWidget(self.buttons[goal])
            layout.addWidget(words)
        column = QVBoxLayout()
        column.addWidget(self.add)
        column.addWidget(self.remove)
        column.addStretch(1)
        row = QHBoxLayout()
        row.addWidget(self.folders, 1)
        row.addLayout(column)
        time = QHBoxLayout()
        time.addWidget(self.adapt_preset)
        time.addWidget(plain_label("Time"))
        time.addWidget(self.minutes)
        time.addStretch(1)
        inside = QVBoxLayout(self.unlabelled)
        inside.addLayout(row, 1)
        inside.addLayout(time)
        layout.addWidget(self.gains)
        layout.addWidget(self.unlabelled, 1)
        layout.addStretch(1)
