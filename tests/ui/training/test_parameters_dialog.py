"""All numbers of a training: what is the preset's, what is one's own, what cannot be."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QDialogButtonBox

from dinocell_app.training_plan.training_plan import TrainingPlan
from dinocell_app.ui.training.parameters_dialog import ParametersDialog
from dinocell_app.ui.training.settings_page import SettingsPage, summary_of

OK = QDialogButtonBox.StandardButton.Ok
DEFAULTS = QDialogButtonBox.StandardButton.RestoreDefaults


@pytest.fixture
def dialog(qtbot):
    def make(plan: TrainingPlan) -> ParametersDialog:
        made = ParametersDialog(plan)
        qtbot.addWidget(made)
        made.open()
        return made

    return make


def type_into(qtbot, dialog, name, text):
    line = dialog.fields[name].line
    line.clear()
    qtbot.keyClicks(line, text)


def test_only_what_differs_is_ones_own(dialog, qtbot):
    shown = dialog(TrainingPlan(own=(("training.epochs", 7),)))
    assert shown.fields["training.epochs"].text() == "7"
    assert "Preset: 20" in shown._notes["training.epochs"].text()
    type_into(qtbot, shown, "training.batch_size", "2")
    type_into(qtbot, shown, "training.epochs", "20")
    assert "Preset" not in shown._notes["training.epochs"].text()
    shown.buttons.button(OK).click()
    assert shown.own == (("training.batch_size", 2),)


def test_a_number_that_cannot_be_is_named_and_nothing_is_taken(dialog, qtbot):
    shown = dialog(TrainingPlan(goal="both", adapt_preset="own"))
    shown.tabs.setCurrentIndex(0)
    type_into(qtbot, shown, "adaptation.mask_share", "0.1 to 4")
    shown.buttons.button(OK).click()
    assert shown.result() != QDialog.DialogCode.Accepted
    assert "Masked patches: should be less than or equal to 1" in shown.problem.text()
    assert shown.tabs.tabText(shown.tabs.currentIndex()) == "Adaptation"
    shown.buttons.button(DEFAULTS).click()
    assert not shown.problem.text()
    shown.buttons.button(OK).click()
    assert shown.own == ()


def test_numbers_that_a_preset_of_adapting_chooses_cannot_be_typed(dialog):
    shown = dialog(TrainingPlan(goal="adapt"))
    assert [shown.tabs.tabText(number) for number in range(shown.tabs.count())] == ["Adaptation"]
    assert not shown.fields["adaptation.epochs"].isEnabled()
    assert shown.fields["adaptation.seed"].isEnabled()
    assert dialog(TrainingPlan(goal="adapt", adapt_preset="own")).fields["adaptation.epochs"].isEnabled()


def test_the_page_says_what_is_ones_own_and_goes_back(qtbot):
    page = SettingsPage()
    qtbot.addWidget(page)
    plans = []
    page.plan_changed.connect(plans.append)
    plan = TrainingPlan(own=(("training.epochs", 7), ("adaptation.seed", 3)), unlabelled=(Path("/images"),))
    page.show_plan(plan)
    assert page.summary.text() == summary_of(plan)
    assert "7 epochs of 75 steps" in page.summary.text()
    assert "Your own: epochs 7, random seed 3" in page.summary.text()
    page.buttons["fast"].click()
    assert plans[-1].own == (("adaptation.seed", 3),)
    page.as_preset.click()
    assert plans[-1].own == ()
    page.licence.setText("CC0")
    page.licence.textEdited.emit("CC0")
    assert plans[-1].licence == "CC0"
