"""The application as `python -m dinocell_app` starts it, which also writes down where its widgets are.

A hand needs eyes: tests that click with a real mouse read from the file named first where to click.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QWidget

from dinocell_app.__main__ import main
from dinocell_app.base.files import write_text
from dinocell_app.ui.main_window import MainWindow

EVERY_MS = 200


def rectangle(widget: QWidget) -> list[int] | None:
    """Say where a widget is on the screen: left, top, width, height; None where it is not seen."""
    if not widget.isVisible():
        return None
    corner = widget.mapToGlobal(QPoint(0, 0))
    return [corner.x(), corner.y(), widget.width(), widget.height()]


def places(window: MainWindow) -> dict[str, list[int] | None]:
    """Find what the tests click, and look at."""
    tree = window.panels.images.tree
    found = {
        "sample": rectangle(window.welcome.sample_button),
        "viewer": rectangle(window.panels.viewer.viewer.view),
        "preview": rectangle(window.panels.segment.preview_bar.preview),
    }
    index = tree.indexAt(QPoint(1, 1))
    while index.isValid() and tree.isVisible():
        spot = tree.visualRect(index)
        corner = tree.viewport().mapToGlobal(spot.topLeft())
        found[str(index.data())] = [corner.x(), corner.y(), spot.width(), spot.height()]
        index = tree.indexBelow(index)
    return found


class WatchedWindow(MainWindow):
    """The window, watched."""

    def watch(self, path: Path) -> None:
        """Write down places until the window is gone."""
        timer = QTimer(self)
        timer.timeout.connect(lambda: write_text(path, json.dumps(places(self))))
        timer.start(EVERY_MS)


if __name__ == "__main__":
    from dinocell_app.ui import application

    def watched(session):
        window = WatchedWindow(session)
        window.watch(Path(sys.argv[1]))
        return window

    application.MainWindow = watched
    sys.exit(main(sys.argv[2:]))
