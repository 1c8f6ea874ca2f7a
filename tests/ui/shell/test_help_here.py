"""F1 and Help open the guide where it tells about the part of the window in use."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QDialog, QWidget

import dinocell_app.ui
from dinocell_app.base.resource_files import resource_path
from dinocell_app.training_plan.training_plan import TrainingPlan
from dinocell_app.ui.export.export_dialog import ExportDialog
from dinocell_app.ui.export.import_dialog import ImportLabelsDialog
from dinocell_app.ui.guide_sections import SECTIONS, START, section_of
from dinocell_app.ui.guide_window import GuideWindow
from dinocell_app.ui.help_here import show_help
from dinocell_app.ui.images.axes_dialog import AxesDialog
from dinocell_app.ui.images.left_out_dialog import LeftOutDialog
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.queue.run_log import RunLogDialog
from dinocell_app.ui.results.column_chooser import ColumnChooser
from dinocell_app.ui.settings_dialog import SettingsDialog
from dinocell_app.ui.training.parameters_dialog import ParametersDialog
from dinocell_app.ui.training.training_window import TrainingWindow


def headings(page: str) -> set[str]:
    return set(
        re.findall(r"^#+ (.+)$", resource_path("docs", page).read_text(encoding="utf-8"), re.MULTILINE)
    )


@pytest.mark.parametrize(
    "section", sorted({*SECTIONS.values(), START}, key=str), ids=lambda section: section.heading
)
def test_every_section_named_is_in_the_documents(section):
    assert section.heading in headings(section.page)


def classes_of_the_window() -> dict[str, type]:
    found = {}
    for module in pkgutil.walk_packages(dinocell_app.ui.__path__, "dinocell_app.ui."):
        for name, item in vars(importlib.import_module(module.name)).items():
            if isinstance(item, type) and issubclass(item, QWidget) and item.__module__ == module.name:
                found[name] = item
    return found


def test_every_dialog_and_every_panel_has_a_section():
    classes = classes_of_the_window()
    assert set(SECTIONS) <= set(classes)
    dialogs = {name for name, kind in classes.items() if issubclass(kind, QDialog)}
    panels = {name for name in classes if name.endswith("Panel") and name != "ContrastPanel"}
    assert (dialogs | panels) - set(SECTIONS) == {"GuideWindow"}


def test_what_lies_in_something_has_its_section():
    assert section_of(["QLineEdit", "QWidget", "SegmentPanel", "MainWindow"]).heading == "Segment"
    assert section_of(["QLineEdit"]) == START


def shown(guide: GuideWindow) -> str:
    """The heading at the top of the guide."""
    return guide.view.textCursor().block().text()


@pytest.fixture
def window(opened, qtbot):
    window = MainWindow(opened)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    yield window
    window.close()


@pytest.mark.parametrize(
    ("panel", "dock"),
    [
        ("images", "images"),
        ("viewer", ""),
        ("segment", "segment"),
        ("references", "references"),
        ("review", "review"),
    ],
)
def test_f1_in_a_panel_opens_its_section(window, qtbot, panel, dock):
    part = getattr(window.panels, panel)
    if dock:
        window.docks[dock].show()
        window.docks[dock].raise_()
        qtbot.waitUntil(lambda: not part.visibleRegion().isEmpty())
    controls = [
        widget
        for widget in part.findChildren(QWidget)
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    controls[0].setFocus()
    qtbot.waitUntil(lambda: part.isAncestorOf(window.focusWidget()))
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_F1)
    guide = window.findChild(GuideWindow)
    assert shown(guide) == SECTIONS[type(part).__name__].heading
    guide.close()


@pytest.mark.parametrize("panel", ["queue", "results"])
def test_panels_without_anything_in_them_have_help_too(window, panel):
    part = getattr(window.panels, panel)
    guide = show_help(part)
    assert guide.parent() is window
    assert shown(guide) == SECTIONS[type(part).__name__].heading
    guide.close()


def test_f1_again_uses_the_guide_that_is_open(window, qtbot):
    window.help_here()
    window.help_here()
    assert len(window.findChildren(GuideWindow)) == 1
    window.findChild(GuideWindow).close()


def test_f1_on_the_welcome_page_begins_at_the_beginning(session, qtbot):
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    window.help_here()
    assert shown(window.findChild(GuideWindow)) == "Quick start"
    window.close()


DIALOGS = {
    "ExportDialog": ExportDialog,
    "ImportLabelsDialog": ImportLabelsDialog,
    "AxesDialog": AxesDialog,
    "SettingsDialog": SettingsDialog,
    "TrainingWindow": TrainingWindow,
    "LeftOutDialog": lambda session, parent: LeftOutDialog((), parent),
    "RunLogDialog": lambda session, parent: RunLogDialog("run", session.project.folder / "log.txt", parent),
    "ColumnChooser": lambda session, parent: ColumnChooser(["area_um2"], [], parent),
    "ParametersDialog": lambda session, parent: ParametersDialog(TrainingPlan(), parent),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_help_and_f1_in_a_dialog_open_its_section(window, opened, qtbot, name):
    dialog = DIALOGS[name](opened, window)
    dialog.show()
    dialog.activateWindow()
    qtbot.waitExposed(dialog)
    (button,) = [each for each in dialog.findChildren(QAbstractButton) if each.text() == "Help"]
    assert "guide" in button.toolTip()
    button.click()
    guide = dialog.findChild(GuideWindow)
    assert shown(guide) == SECTIONS[name].heading
    guide.show_section("Quick start")
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    qtbot.keyClick(dialog, Qt.Key.Key_F1)
    assert shown(guide) == SECTIONS[name].heading
    guide.close()
    dialog.close()


def test_a_section_of_another_page_opens_with_a_way_back(qtbot):
    guide = GuideWindow()
    qtbot.addWidget(guide)
    guide.show()
    guide.show_section("What can be wrong", "cluster.md")
    assert shown(guide) == "What can be wrong"
    guide.back.click()
    assert guide.view.document().begin().text() == "User guide"
    guide.show_section("No such heading")
    assert shown(guide) == "User guide"
