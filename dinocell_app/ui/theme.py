"""Light and dark: after the system unless a person chose."""

from __future__ import annotations

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}
_Role = QPalette.ColorRole
_DARK = {
    _Role.Window: "#2b2b2b",
    _Role.WindowText: "#e8e8e8",
    _Role.Base: "#1e1e1e",
    _Role.AlternateBase: "#262626",
    _Role.Text: "#e8e8e8",
    _Role.PlaceholderText: "#9a9a9a",
    _Role.Button: "#383838",
    _Role.ButtonText: "#e8e8e8",
    _Role.BrightText: "#ffffff",
    _Role.ToolTipBase: "#383838",
    _Role.ToolTipText: "#e8e8e8",
    _Role.Highlight: "#2f6fab",
    _Role.HighlightedText: "#ffffff",
    _Role.Link: "#7ab8f5",
    _Role.Light: "#4a4a4a",
    _Role.Midlight: "#404040",
    _Role.Mid: "#2f2f2f",
    _Role.Dark: "#161616",
    _Role.Shadow: "#000000",
}
_GREYED = "#808080"


def apply_theme(application: QApplication, theme: str) -> None:
    """Use light or dark colours everywhere, plots included.

    Parameters
    ----------
    theme : str
        "system", "light" or "dark".
    """
    application.setPalette(QPalette())
    application.styleHints().setColorScheme(_SCHEMES[theme])
    if theme == "dark" and not is_dark(application.palette()):
        # Some desktops do not let an application choose; it draws its own colours there.
        application.setPalette(dark_palette())
    palette = application.palette()
    pyqtgraph.setConfigOption("background", palette.color(_Role.Base))
    pyqtgraph.setConfigOption("foreground", palette.color(_Role.Text))


def is_dark(palette: QPalette) -> bool:
    """Tell whether text is lighter than what is behind it."""
    return palette.color(_Role.WindowText).lightness() > palette.color(_Role.Window).lightness()


def dark_palette() -> QPalette:
    """Make dark colours."""
    palette = QPalette()
    for role, colour in _DARK.items():
        palette.setColor(role, QColor(colour))
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(_GREYED))
    return palette


def luminance(colour: QColor) -> float:
    """Say how bright a colour looks, as the Web Content Accessibility Guidelines define it.

    Returns
    -------
    float
        0 for black, 1 for white.
    """
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    """Give the contrast of two colours; words need 4.5 to be read with ease.

    Returns
    -------
    float
        1 to 21.
    """
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def text_on(background: QColor) -> QColor:
    """Choose black or white for words on a colour.

    Returns
    -------
    QColor
        Its contrast is at least 4.5, whatever the colour.
    """
    return max((QColor("black"), QColor("white")), key=lambda text: contrast(text, background))
