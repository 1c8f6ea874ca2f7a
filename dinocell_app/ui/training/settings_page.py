"""Third page: from which model, how thoroughly, on which device, and what it will cost."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.training_settings import TrainingSettings
from dinocell_app.ui.segment.model_cards import ModelList
from dinocell_app.ui.segment.model_choice import ModelChoice
from dinocell_app.ui.training.training_plan import TrainingPlan
from dinocell_app.ui.training.training_presets import PRESETS

DEVICES = {
    "auto": "Automatic (fastest there is)",
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
    """Base model, preset, device and name.

    Parameters
    ----------
    parent : QWidget, optional
    """

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
        self.own = QCheckBox("Set everything myself")
        self.own.setToolTip("Change the numbers of the preset.")
        self.epochs = QSpinBox(minimum=1, maximum=10_000)
        self.steps = QSpinBox(minimum=1, maximum=100_000)
        self.batch = QSpinBox(minimum=1, maximum=512)
        self.rate = QDoubleSpinBox(decimals=6, minimum=1e-6, maximum=0.1, singleStep=1e-5)
        self.encoder_rate = QDoubleSpinBox(decimals=6, minimum=0.0, maximum=0.1, singleStep=1e-5)
        self.estimate = QPushButton("Estimate time and memory")
        self.estimate.setToolTip("Takes three steps of the training and tells what the whole will cost.")
        self.cost = QLabel("Three real steps are taken to tell; this takes a minute or two.")
        self.cost.setWordWrap(True)
        self._lay_out()
        self._connect()

    def set_models(self, models: ModelList) -> None:
        """Offer models to start from.

        Parameters
        ----------
        models : ModelList
        """
        self.base.set_models(models)
        self.base.set_model(self._plan.base_model)

    def show_plan(self, plan: TrainingPlan) -> None:
        """Show the choice.

        Parameters
        ----------
        plan : TrainingPlan
        """
        self._plan = plan
        numbers = (self.epochs, self.steps, self.batch, self.rate, self.encoder_rate)
        blockers = [
            QSignalBlocker(each) for each in (*numbers, self.own, self.device, self.channel, self.presets)
        ]
        if self.name.text() != plan.name:
            self.name.setText(plan.name)
        self.thorough.setVisible(plan.teaches)
        self.estimate.setVisible(plan.goal == "teach")
        if plan.goal != "teach":
            self.cost.setText(f"Adapting takes about {plan.minutes:.0f} minutes; sizes are found by trying.")
        self.base.set_model(plan.base_model)
        self.device.setCurrentIndex(max(0, self.device.findData(plan.device)))
        place = self.channel.findData(plan.channel)
        if place >= 0:
            self.channel.setCurrentIndex(place)
        elif self.channel.currentText() != plan.channel:
            self.channel.setEditText(plan.channel)
        self.channel.setEnabled(plan.goal != "adapt")
        self.buttons[plan.preset].setChecked(True)
        settings = plan.settings()
        self.own.setChecked(plan.training is not None)
        self.epochs.setValue(settings.epochs)
        self.steps.setValue(settings.steps_per_epoch)
        self.batch.setValue(settings.batch_size)
        self.rate.setValue(settings.learning_rate)
        encoder_rate = settings.encoder_learning_rate
        self.encoder_rate.setValue(settings.learning_rate if encoder_rate is None else encoder_rate)
        for each in numbers:
            each.setEnabled(plan.training is not None)
        del blockers

    def show_cost(self, words: str, *, asking: bool) -> None:
        """Say what it will cost.

        Parameters
        ----------
        words : str
        asking : bool
            Whether it is being found out.
        """
        self.cost.setText(words)
        self.estimate.setEnabled(not asking)

    def _change(self, **fields: object) -> None:
        self.plan_changed.emit(replace(self._plan, **fields))  # type: ignore[arg-type] # names are those of fields

    def _on_preset(self, button: object) -> None:
        name = next(name for name, each in self.buttons.items() if each is button)
        self._change(preset=name, training=None)

    def _on_own(self, chosen: bool) -> None:
        self._change(training=self._plan.settings() if chosen else None)

    def _on_channel_typed(self) -> None:
        typed = self.channel.currentText().strip()
        channel = {text: value for value, text in CHANNELS.items()}.get(typed, typed)
        if channel and channel != self._plan.channel:
            self._change(channel=channel)

    def _on_number(self) -> None:
        changed: TrainingSettings = self._plan.settings().model_copy(
            update={
                "epochs": self.epochs.value(),
                "steps_per_epoch": self.steps.value(),
                "batch_size": self.batch.value(),
                "learning_rate": self.rate.value(),
                "encoder_learning_rate": self.encoder_rate.value(),
            }
        )
        self._change(training=changed)

    def _connect(self) -> None:
        self.name.textEdited.connect(lambda text: self._change(name=text))
        self.base.changed.connect(lambda: self._change(base_model=self.base.model()))
        self.device.currentIndexChanged.connect(lambda: self._change(device=self.device.currentData()))
        self.channel.activated.connect(lambda: self._change(channel=self.channel.currentData()))
        if (typed := self.channel.lineEdit()) is not None:
            typed.editingFinished.connect(self._on_channel_typed)
        self.presets.buttonClicked.connect(self._on_preset)
        self.own.toggled.connect(self._on_own)
        for number in (self.epochs, self.steps, self.batch, self.rate, self.encoder_rate):
            number.valueChanged.connect(self._on_number)
        self.estimate.clicked.connect(self.estimate_asked)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Name of the new model", self.name)
        form.addRow("Start from", self.base)
        form.addRow("Device", self.device)
        form.addRow("Channel", self.channel)
        column = QVBoxLayout(self.thorough)
        for name, preset in PRESETS.items():
            button = QRadioButton(f"{preset.title}: {preset.description}")
            button.setToolTip(f"{preset.training.epochs * preset.training.steps_per_epoch:,} steps at most.")
            self.presets.addButton(button)
            self.buttons[name] = button
            column.addWidget(button)
        column.addWidget(self.own)
        numbers = QFormLayout()
        for text, widget, tip in (
            ("Epochs", self.epochs, "How often the held-out images are looked at."),
            ("Steps in an epoch", self.steps, "How many batches are taught between two looks."),
            ("Crops in a batch", self.batch, "More are steadier and need more memory."),
            ("Learning rate", self.rate, "Of all but the encoder."),
            ("Learning rate of the encoder", self.encoder_rate, "0 leaves it as it is, which is fastest."),
        ):
            widget.setAccessibleName(text)
            widget.setToolTip(tip)
            numbers.addRow(text, widget)
        column.addLayout(numbers)
        cost = QHBoxLayout()
        cost.addWidget(self.estimate)
        cost.addWidget(self.cost, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.thorough)
        layout.addLayout(cost)
        layout.addStretch(1)
