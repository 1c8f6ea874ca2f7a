import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QKeySequenceEdit,
    QListWidget,
    QSpinBox,
    QTableWidget,
)

from dinocell_app.base.settings import read_settings
from dinocell_app.ui.actions import ACTIONS
from dinocell_app.ui.settings_dialog import SettingsDialog

ROWS = {info.key: row for row, info in enumerate(ACTIONS)}


@pytest.fixture
def dialog(session, qtbot):
    dialog = SettingsDialog(session)
    qtbot.addWidget(dialog)
    return dialog


def edit(dialog, key) -> QKeySequenceEdit:
    return dialog.table.cellWidget(ROWS[key], 1)


def test_accepting_without_a_change_changes_nothing(dialog, session):
    before = session.settings
    dialog.accept()
    assert session.settings == before


def test_what_was_chosen_is_kept_for_the_next_start(dialog, session):
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    dialog.threads.setValue(2)
    dialog.theme.setCurrentIndex(dialog.theme.findData("dark"))
    dialog.storage.memory.setValue(1024)
    edit(dialog, "fit").setKeySequence(QKeySequence("Ctrl+9"))
    dialog.accept()
    kept = read_settings()
    assert (kept.device, kept.threads, kept.theme, kept.cache_megabytes) == ("cpu", 2, "dark", 1024)
    assert kept.shortcuts == {"fit": "Ctrl+9"}


def test_another_preset_brings_its_shortcuts_and_no_changes(dialog, session):
    dialog.preset.setCurrentIndex(dialog.preset.findData("napari"))
    assert edit(dialog, "toggle_masks").keySequence() == QKeySequence("V")
    dialog.accept()
    assert session.settings.shortcut_preset == "napari"
    assert session.settings.shortcuts == {}


def test_two_actions_cannot_share_a_shortcut(dialog, session):
    before = session.settings
    edit(dialog, "fit").setKeySequence(edit(dialog, "export").keySequence())
    dialog.accept()
    assert session.settings == before
    assert "Fit to window" in dialog.clash.text()
    assert not dialog.clash.isHidden()


def test_cancelling_keeps_the_settings(dialog, session):
    before = session.settings
    dialog.threads.setValue(7)
    dialog.reject()
    assert session.settings == before


def test_everything_that_takes_input_has_a_name(dialog):
    for kind in (QComboBox, QSpinBox, QListWidget, QTableWidget, QKeySequenceEdit):
        for widget in dialog.findChildren(kind):
            assert widget.accessibleName(), f"{type(widget).__name__} has no name"
    for button in dialog.findChildren(QAbstractButton):
        if button.isVisibleTo(dialog) and not button.objectName().startswith("qt_"):
            assert button.text() or button.accessibleName() or button.toolTip()
