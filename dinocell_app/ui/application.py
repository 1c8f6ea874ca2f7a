"""From the command line to an open window."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from dinocell_app.base.settings import log_path
from dinocell_app.ui.error_display import report_unexpected
from dinocell_app.ui.icons import application_icon
from dinocell_app.ui.indicators import IndicatorStyle
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all

SIGNAL_POLL_MS = 500


def open_window(paths: Sequence[Path] = ()) -> int:
    """Open the window and stay until it is closed.

    Parameters
    ----------
    paths : sequence of Path
        A project, or images and folders to begin a project with.

    Returns
    -------
    int
        Exit code.
    """
    _log_to_file()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(application, QApplication):
        raise TypeError("another kind of Qt application runs in this process")
    application.setApplicationName("dinocell-app")
    application.setApplicationDisplayName("DINOCell")
    application.setWindowIcon(application_icon())
    if application.style().name() == "fusion":
        application.setStyle(IndicatorStyle())
    session = Session()
    report_unexpected(session)
    window = MainWindow(session)
    window.show()
    # Python sees Ctrl+C only between two steps of its own: the timer gives it some.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    ticking = QTimer(application)
    ticking.start(SIGNAL_POLL_MS)
    ticking.timeout.connect(lambda: None)
    if paths:
        QTimer.singleShot(0, lambda: window.projects.take(list(paths)))
    # Measured by whoever tries an installation, and of use in a report.
    QTimer.singleShot(0, lambda: logging.getLogger(__name__).info("the window is shown"))
    code = application.exec()
    wait_for_all()
    return code


def _log_to_file() -> None:
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=1 << 20, backupCount=2, encoding="utf-8", delay=True)
    except OSError:
        logging.getLogger(__name__).warning("no log file can be written at %s", path)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
