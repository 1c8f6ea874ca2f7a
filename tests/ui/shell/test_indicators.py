"""Check boxes, radio buttons and buttons of docks are seen in both themes (WCAG 1.4.11: a contrast of 3)."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QCheckBox, QDockWidget, QRadioButton

from dinocell_app.ui.dock_title import DockTitle
from dinocell_app.ui.indicators import IndicatorStyle
from dinocell_app.ui.theme import contrast, dark_palette

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


def palette_of(theme: str) -> QPalette:
    return dark_palette() if theme == "dark" else QPalette(QColor("#efefef"), QColor("#efefef"))


def strongest_contrast(widget) -> float:
    """The contrast that the best seen pixel of a widget has with the window."""
    image = widget.grab().toImage()
    ground = widget.palette().color(QPalette.ColorRole.Window)
    colours = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    return max(contrast(QColor(colour), ground) for colour in colours)


@pytest.fixture
def style(qapp) -> IndicatorStyle:
    return IndicatorStyle()


@THEMES
@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
@pytest.mark.parametrize("checked", [False, True])
def test_indicators_stand_out_and_show_their_state(qtbot, style, kind, checked, theme):
    widget = kind()
    qtbot.addWidget(widget)
    widget.setStyle(style)
    widget.setPalette(palette_of(theme))
    widget.setAutoFillBackground(True)
    widget.setAutoExclusive(False)
    widget.resize(widget.sizeHint())
    widget.setChecked(checked)
    assert strongest_contrast(widget) >= 3
    seen = widget.grab().toImage()
    widget.setChecked(not checked)
    other = widget.grab().toImage()
    places = [(x, y) for x in range(seen.width()) for y in range(seen.height())]
    assert max(contrast(seen.pixelColor(*at), other.pixelColor(*at)) for at in places) >= 3


@THEMES
def test_the_buttons_of_a_dock_stand_out(qtbot, qapp, theme):
    before = qapp.palette()
    qapp.setPalette(palette_of(theme))
    try:
        dock = QDockWidget("Images")
        qtbot.addWidget(dock)
        title = DockTitle(dock)
        dock.setTitleBarWidget(title)
        dock.resize(300, 100)
        dock.show()
        title.name.setText("")
        assert strongest_contrast(title) >= 3
    finally:
        qapp.setPalette(before)
