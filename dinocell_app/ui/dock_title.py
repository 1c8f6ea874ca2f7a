"""The title bar of a dock: maximize, float, close."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QSizePolicy, QStyle, QToolButton, QWidget

from dinocell_app.ui.icons import action_icon
from dinocell_app.ui.plain_text import plain_label


class DockTitle(QWidget):
    """Replaces the title bar that Qt draws, which has no button to maximize."""

    maximise_asked = Signal()

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self.name = plain_label(dock.windowTitle())
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.maximise = self._button("dock_maximise", "Maximize")
        self.maximise.setToolTip("Give this panel all the room of the window, or take it back.")
        self.maximise.clicked.connect(self.maximise_asked)
        detach = self._button("dock_detach", "Detach")
        detach.setToolTip("Make a window of this panel, or put it back.")
        detach.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        close = self._button("dock_close", "Close")
        close.setToolTip("Close this panel; the View menu opens it again.")
        close.clicked.connect(dock.close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 1, 2, 1)
        layout.setSpacing(1)
        layout.addWidget(self.name, 1)
        for button in (self.maximise, detach, close):
            layout.addWidget(button)

    def show_maximised(self, maximised: bool) -> None:
        """Draw the button as what it would do next."""
        self.maximise.setIcon(action_icon("dock_restore" if maximised else "dock_maximise"))

    def _button(self, icon: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIcon(action_icon(icon))
        button.setAccessibleName(f"{name}: {self._dock.windowTitle()}")
        side = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        button.setFixedSize(side + 4, side + 4)
        return button
