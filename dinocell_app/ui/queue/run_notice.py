"""Telling that a run has ended, also to somebody who looks at another program."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

_SHOWN_MS = 10_000


class RunNotice:
    """Shows a message of the system where there are any.

    Parameters
    ----------
    widget : QWidget
        In the window that may be out of sight.
    """

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._tray: QSystemTrayIcon | None = None

    def tell(self, title: str, sentence: str) -> bool:
        """Tell that something has ended, unless the window is being looked at.

        Returns
        -------
        bool
            Whether the system shows a message; the window has to say it itself in any case.
        """
        window = self._widget.window()
        if window.isActiveWindow():
            return False
        QApplication.alert(window)
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return False
        icon = window.windowIcon()
        if icon.isNull():
            icon = window.style().standardIcon(window.style().StandardPixmap.SP_DialogApplyButton)
        self._tray = QSystemTrayIcon(icon, window)
        self._tray.show()
        self._tray.showMessage(title, sentence, QSystemTrayIcon.MessageIcon.Information, _SHOWN_MS)
        # The icon is there for the message alone; it would be one more thing in a crowded corner.
        QTimer.singleShot(_SHOWN_MS, self._tray, self._tray.deleteLater)
        return True
