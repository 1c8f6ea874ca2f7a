"""All parameters of a training in one window: those of the preset, and those of a person in their place."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.jobs.job_kinds import PRESET_KEEPS
from dinocell_app.jobs.setting import Declared
from dinocell_app.training_plan.parameter_values import (
    ADAPTING,
    ALL,
    CHANGES,
    TEACHING,
    choices_of,
    text_of,
    value_from,
)
from dinocell_app.training_plan.planned_jobs import chosen_values, preset_values
from dinocell_app.training_plan.training_plan import TrainingPlan
from dinocell_app.ui.help_here import add_help
from dinocell_app.ui.plain_text import plain_label

_SIZE = (760, 620)
_FIELD_PX = 190
_NOT_OWN = (
    "Sizes and steps of the adaptation follow from the first page; choose “My own numbers” there to set them."
)


class ParameterField(QWidget):
    """One parameter: typed, or chosen from a few words."""

    changed = Signal()

    def __init__(self, parameter: Declared, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = parameter.name
        choices = choices_of(parameter.name)
        self.line, self.list = QLineEdit(), QComboBox()
        self.control: QLineEdit | QComboBox = self.list if choices else self.line
        self.control.setAccessibleName(parameter.text)
        self.control.setToolTip(parameter.setting.help)
        self.list.addItems(choices)
        (self.line if choices else self.list).setParent(None)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.control)
        self.setFixedWidth(_FIELD_PX)
        self.setFocusProxy(self.control)
        self.line.textEdited.connect(self.changed)
        self.list.activated.connect(self.changed)

    def text(self) -> str:
        """Give what stands in the field."""
        return self.list.currentText() if self.control is self.list else self.line.text()

    def set_text(self, text: str) -> None:
        """Show a value."""
        self.line.setText(text)
        self.line.setCursorPosition(0)
        self.list.setCurrentText(text)


class ParametersDialog(QDialog):
    """Shows all parameters of a plan; `own` are those that differ from its presets."""

    def __init__(self, plan: TrainingPlan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("All parameters of the training")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE)
        self.own: tuple[tuple[str, object], ...] = plan.own
        self._plan = plan
        self._preset = preset_values(plan)
        self.fields: dict[str, ParameterField] = {}
        self._notes: dict[str, QLabel] = {}
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Kinds of parameters")
        self.problem = plain_label()
        self.problem.setWordWrap(True)
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel | kinds.RestoreDefaults)
        self.buttons.button(kinds.RestoreDefaults).setText("As in the preset")
        self.buttons.button(kinds.RestoreDefaults).setToolTip("Put the values of the preset into all fields.")
        self._lay_out()
        self._show(chosen_values(plan))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        add_help(self, self.buttons)
        self.buttons.button(kinds.RestoreDefaults).clicked.connect(lambda: self._show(self._preset))

    def accept(self) -> None:
        """Take the numbers over, if all of them can be used."""
        own = dict(self._plan.own)
        for name, field in self.fields.items():
            try:
                value = value_from(name, field.text())
            except ValueError as error:
                self._complain(field, str(error))
                return
            own.pop(name, None)
            if value != self._preset[name]:
                own[name] = value
        self.own = tuple(own.items())
        super().accept()

    def _complain(self, field: ParameterField, why: str) -> None:
        for number in range(self.tabs.count()):
            page = self.tabs.widget(number)
            if page is not None and page.isAncestorOf(field):
                self.tabs.setCurrentIndex(number)
        field.setFocus()
        self.problem.setText(f"⚠ {ALL[field.name].text}: {why}.")

    def _show(self, values: Mapping[str, object]) -> None:
        for name, field in self.fields.items():
            field.set_text(text_of(values[name]))
            self._note(name)
        self.problem.clear()

    def _note(self, name: str) -> None:
        preset = text_of(self._preset[name])
        other = self.fields[name].text().strip() != preset
        words = [ALL[name].setting.help]
        if other:
            words.insert(0, f"Preset: {preset or 'empty'}.")
        if ALL[name].setting.automatic:
            words.append(f"Empty for {ALL[name].setting.automatic}.")
        self._notes[name].setText(" ".join(words))

    def _lay_out(self) -> None:
        if self._plan.teaches:
            self.tabs.addTab(self._page(TEACHING), "Training")
            self.tabs.addTab(self._page(CHANGES), "Data augmentation")
        if self._plan.adapts:
            self.tabs.addTab(self._page(ADAPTING, self._plan.adapt_preset == "own"), "Adaptation")
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)

    def _page(self, parameters: Mapping[str, Declared], all_open: bool = True) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setColumnStretch(2, 1)
        if not all_open:
            note = plain_label(_NOT_OWN)
            note.setWordWrap(True)
            grid.addWidget(note, 0, 0, 1, 3)
        for row, (name, parameter) in enumerate(parameters.items(), start=1):
            field = ParameterField(parameter)
            field.setEnabled(all_open or name.rpartition(".")[2] in PRESET_KEEPS)
            field.changed.connect(lambda name=name: self._note(name))
            label, note = plain_label(parameter.text), plain_label()
            label.setBuddy(field.control)
            note.setWordWrap(True)
            self.fields[name], self._notes[name] = field, note
            for column, widget in enumerate((label, field, note)):
                grid.addWidget(widget, row, column)
        grid.setRowStretch(len(parameters) + 1, 1)
        around = QScrollArea()
        around.setWidgetResizable(True)
        around.setFrameShape(QScrollArea.Shape.NoFrame)
        around.setWidget(page)
        return around
