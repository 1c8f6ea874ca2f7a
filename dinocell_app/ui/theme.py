"""Light and dark: after the system unless a person chose."""

from __future__ import annotations

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


def apply_theme(application: QApplication, theme: str) -> None:
    """Use light or dark colours everywhere, plots included.

    Parameters
    ----------
    application : QApplication
    theme : str
        "system", "light" or "dark".
    """
    application.styleHints().setColorScheme(_SCHEMES[theme])
    palette = application.palette()
    pyqtgraph.setConfigOption("background", palette.color(QPalette.ColorRole.Base))
    pyqtgraph.setConfigOption("foreground", palette.color(QPalette.ColorRole.Text))
