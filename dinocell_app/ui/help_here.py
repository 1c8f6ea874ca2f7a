"""Help on the part of the window that a person is in: F1 anywhere, and a Help button in dialogs."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QPushButton, QWidget

from dinocell_app.ui.guide_sections import section_of
from dinocell_app.ui.guide_window import GuideWindow

HELP_KEY = "F1"
_EXPLANATION = f"Opens the user guide at the section about this window ({HELP_KEY})."


def show_help(part: QWidget) -> GuideWindow:
    """Open the guide at the section about a part of the window.

    Parameters
    ----------
    part : QWidget
        Anything in it.

    Returns
    -------
    GuideWindow
        The one that is open already, where there is one.
    """
    section = section_of(_classes_around(part))
    # A dialog lets no other window than its own take clicks.
    window = next((each for each in _around(part) if isinstance(each, QDialog)), part.window())
    guide = next((each for each in window.findChildren(GuideWindow) if each.isVisible()), None)
    if guide is None:
        guide = GuideWindow(window)
        guide.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        guide.show()
    guide.raise_()
    guide.activateWindow()
    # The text has its size, and its headings their places, once the window is laid out.
    QCoreApplication.sendPostedEvents(guide)
    guide.show_section(section.heading, section.page)
    return guide


def part_in_use(window: QWidget) -> QWidget:
    """Find the part of a window that keys go to.

    Returns
    -------
    QWidget
        The window itself when nothing in it has the focus.
    """
    focused = QApplication.focusWidget()
    return focused if focused is not None and (window.isAncestorOf(focused)) else window


def help_button(dialog: QDialog) -> QPushButton:
    """Make the Help button of a dialog, and let F1 do the same.

    Returns
    -------
    QPushButton
        To be put into the dialog's row of buttons.
    """
    button = QPushButton("Help")
    _make_help(button)
    button.clicked.connect(lambda: show_help(dialog))
    _add_key(dialog)
    return button


def add_help(dialog: QDialog, buttons: QDialogButtonBox) -> None:
    """Give a dialog a Help button in its box of buttons, and let F1 do the same."""
    _make_help(buttons.addButton(QDialogButtonBox.StandardButton.Help))
    buttons.helpRequested.connect(lambda: show_help(dialog))
    _add_key(dialog)


def _make_help(button: QPushButton) -> None:
    button.setText("Help")
    button.setToolTip(_EXPLANATION)
    # Enter in a field does what the dialog is for.
    button.setAutoDefault(False)


def _add_key(dialog: QDialog) -> None:
    key = QShortcut(QKeySequence(HELP_KEY), dialog)
    key.activated.connect(lambda: show_help(dialog))


def _around(part: QWidget) -> Iterator[QWidget]:
    around: QWidget | None = part
    while around is not None:
        yield around
        around = around.parentWidget()


def _classes_around(part: QWidget) -> Iterator[str]:
    for widget in _around(part):
        yield from (kind.__name__ for kind in type(widget).__mro__)
