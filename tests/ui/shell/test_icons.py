"""Icons: one for each button of the toolbar, in the colour that words have."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPalette

from dinocell_app.ui.actions import TOOLBAR
from dinocell_app.ui.icons import action_icon, application_icon
from dinocell_app.ui.theme import apply_theme


def inks(icon, mode=QIcon.Mode.Normal):
    picture = icon.pixmap(QSize(48, 48), mode).toImage()
    pixels = [picture.pixelColor(x, y) for x in range(48) for y in range(48)]
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


@pytest.mark.parametrize("key", TOOLBAR)
def test_every_button_of_the_toolbar_has_an_icon_in_the_colour_of_its_words(qapp, key):
    palette = qapp.palette()
    assert inks(action_icon(key)) == {palette.color(QPalette.ColorRole.ButtonText).name()}
    greyed = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText).name()
    assert inks(action_icon(key), QIcon.Mode.Disabled) == {greyed}


def test_icons_follow_the_theme(qapp):
    icon = action_icon("fit")
    before = inks(icon)
    apply_theme(qapp, "dark")
    try:
        assert inks(icon) != before
        assert inks(icon) == {qapp.palette().color(QPalette.ColorRole.ButtonText).name()}
    finally:
        apply_theme(qapp, "light")


def test_an_action_without_a_drawing_has_no_icon(qapp):
    assert action_icon("about").isNull()
    assert len(inks(application_icon())) > 2
