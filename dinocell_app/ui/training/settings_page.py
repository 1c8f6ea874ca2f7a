"""Third page: from which model, how thoroughly, on which device, and what it will cost."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.jobs.training_presets import PRESETS
from dinocell_app.segmentation_plan.model_cards import ModelList
from dinocell_app.training_plan.parameter_values import ADAPTING, ALL, text_of
from dinocell_app.training_plan.planned_jobs import chosen_values
from dinocell_app.training_plan.training_plan import TrainingPlan
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.segment.model_choice import ModelChoice
from dinocell_app.ui.training.parameters_dialog import ParametersDialog

DEVICES = {
    "auto": "Automatic (fastest available)",
    "cpu": "Processor (CPU)",
    "cuda": "NVIDIA graphics card (CUDA)",
    "mps": "Apple graphics processor",
}


CHANNELS = {
    "grey": "Grey (the only channel, or colours as one)",
    "mean": "Mean of all channels",
    "0": "0: the first",
    "1": "1: the second",
    "2": "2: the third",
}


class SettingsPage(QWidget):
    """Base model, preset, device and name."""

    plan_changed = Signal(object)
    estimate_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = TrainingPlan()
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the new model")
        self.name.setToolTip("Under this name you find it in the Segment dock.")
        self.base = ModelChoice()
        self.device = QComboBox()
        self.device.setAccessibleName("Device")
        self.device.setToolTip("Where the network is taught. What was used is said while it runs.")
        for value, text in DEVICES.items():
            self.device.addItem(text, value)
        self.channel = QComboBox(editable=True)
        self.channel.setAccessibleName("Channel to learn from")
        self.channel.setToolTip("Of images with several: its number from 0, or its name in the files.")
        for value, text in CHANNELS.items():
            self.channel.addItem(text, value)
        self.thorough = QGroupBox("How thoroughly")
        self.presets = QButtonGroup(self)
        self.buttons: dict[str, QRadioButton] = {}
        self.licence = QLineEdit(placeholderText="such as CC BY 4.0, or: our own, not published")
        self.licence.setAccessibleName("Licence of the images")
        self.licence.setToolTip("Goes into the card of the model, for whoever you give it to.")
        self.numbers = QPushButton("All parameters…")
        self.numbers.setToolTip("Every parameter of the training, with what it does; change what you like.")
        self.as_preset = QPushButton("Back to the preset")
        self.as_preset.setToolTip("Forget the numbers you changed.")
        self.summary = plain_label()
        self.summary.setWordWrap(True)
        self.estimate = QPushButton("Estimate time and memory")
        self.estimate.setToolTip("Takes three steps of the training and tells what the whole will cost.")
        self.cost = plain_label("A few real steps are taken to tell; this takes a minute or two.")
        self.cost.setWordWrap(True)
        self._lay_out()
        self._connect()

    def set_models(self, models: ModelList) -> None:
        """Offer models to start from."""
        self.base.set_models(models)
        self.base.set_model(self._plan.base_model)

    def show_plan(self, plan: TrainingPlan) -> None:
        """Show the choice."""
        self._plan = plan
        blockers = [QSignalBlocker(each) for each in (self.device, self.channel, self.presets)]
        if self.name.text() != plan.name:
            self.name.setText(plan.name)
        self.thorough.setVisible(plan.teaches)
        self.base.set_model(plan.base_model)
        self.device.setCurrentIndex(max(0, self.device.findData(plan.device)))
        place = self.channel.findData(plan.channel)
        if place >= 0:
            self.channel.setCurrentIndex(place)
        elif self.channel.currentText() != plan.channel:
            self.channel.setEditText(plan.channel)
        self.channel.setEnabled(plan.goal != "adapt")
        self.buttons[plan.preset].setChecked(True)
        if self.licence.text().strip() != plan.licence:
            self.licence.setText(plan.licence)
        self.as_preset.setEnabled(bool(plan.own))
        self.summary.setText(summary_of(plan))
        del blockers

    def show_cost(self, words: str, asking: bool) -> None:
        """Say what it will cost.

        Parameters
        ----------
        asking : bool
            Whether it is being found out.
        """
        self.cost.setText(words)
        self.estimate.setEnabled(not asking)

    def _change(self, **fields: object) -> None:
        self.plan_changed.emit(replace(self._plan, **fields))  # type: ignore[arg-type] # names are those of fields

    def _on_preset(self, button: object) -> None:
        name = next(name for name, each in self.buttons.items() if each is button)
        adapting = tuple((key, value) for key, value in self._plan.own if key in ADAPTING)
        self._change(preset=name, own=adapting)

    def _on_numbers(self) -> None:
        dialog = ParametersDialog(self._plan, self)
        dialog.accepted.connect(lambda: self._change(own=dialog.own))
        dialog.open()

    def _on_channel_typed(self) -> None:
        typed = self.channel.currentText().strip()
        channel = {text: value for value, text in CHANNELS.items()}.get(typed, typed)
        if channel and channel != self._plan.channel:
            self._change(channel=channel)

    def _connect(self) -> None:
        self.name.textEdited.connect(lambda text: self._change(name=text))
        self.base.changed.connect(lambda: self._change(base_model=self.base.model()))
        self.device.currentIndexChanged.connect(lambda: self._change(device=self.device.currentData()))
        self.channel.activated.connect(lambda: self._change(channel=self.channel.currentData()))
        if (typed := self.channel.lineEdit()) is not None:
            typed.editingFinished.connect(self._on_channel_typed)
        self.presets.buttonClicked.connect(self._on_preset)
        self.licence.textEdited.connect(lambda text: self._change(licence=text.strip()))
        self.numbers.clicked.connect(self._on_numbers)
        self.as_preset.clicked.connect(lambda: self._change(own=()))
        self.estimate.clicked.connect(self.estimate_asked)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Name of the new model", self.name)
        form.addRow("Start from", self.base)
        form.addRow("Device", self.device)
        form.addRow("Channel", self.channel)
        form.addRow("Licence of the images", self.licence)
        column = QVBoxLayout(self.thorough)
        for name, preset in PRESETS.items():
            button = QRadioButton(f"{preset.title}: {preset.description}")
            button.setToolTip(f"{preset.training.epochs * preset.training.steps_per_epoch:,} steps at most.")
            self.presets.addButton(button)
            self.buttons[name] = button
            column.addWidget(button)
        own = QHBoxLayout()
        own.addWidget(self.numbers)
        own.addWidget(self.as_preset)
        own.addWidget(self.summary, 1)
        cost = QHBoxLayout()
        cost.addWidget(self.estimate)
        cost.addWidget(self.cost, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.thorough)
        layout.addLayout(own)
        layout.addLayout(cost)
        layout.addStretch(1)


def summary_of(plan: TrainingPlan) -> str:
    """Say the numbers that matter most, and those that are not the preset's."""
    values = {name: text_of(value) for name, value in chosen_values(plan).items()}
    words = []
    if plan.teaches:
        words.append(
            f"{values['training.epochs']} epochs of {values['training.steps_per_epoch']} steps, "
            f"{values['training.batch_size']} crops of {values['crop_size']} px in each."
        )
    changed = [f"{ALL[name].lowered} {text_of(value) or 'empty'}" for name, value in plan.own]
    if changed:
        words.append(f"Your own: {', '.join(changed)}.")
    return " ".join(words)
