"""The list of trainings of a project, with a new one at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from dinocell_app.training_plan.training_runs import Training, training_number, trainings_of

if TYPE_CHECKING:
    from dinocell_app.project.project import Project

_NEW = "New training"


class TrainingList(QComboBox):
    """Names each training with its number and state; its data is the folder, empty for a new one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Training")
        self.setToolTip("Begin a new training, or look at one of this project.")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def show_trainings(self, project: Project | None, chosen: Training | None) -> None:
        """Read the trainings anew.

        Parameters
        ----------
        chosen : Training or None
            None for a new one.
        """
        found = trainings_of(project) if project is not None else []
        with QSignalBlocker(self):
            self.clear()
            self.addItem(_NEW, "")
            for training in found:
                self.addItem(_entry(training), str(training.folder))
            place = self.findData(str(chosen.folder)) if chosen is not None else 0
            self.setCurrentIndex(max(0, place))

    def show_state(self, training: Training) -> None:
        """Write the state of a training anew."""
        place = self.findData(str(training.folder))
        if place >= 0:
            self.setItemText(place, _entry(training))


def _entry(training: Training) -> str:
    return f"{training_number(training.folder)}: {training.name}, {training.state()}"
