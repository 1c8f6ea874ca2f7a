"""The Review dock: look through cells, or audit random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from dinocell_app.ui.results.results_panel import ResultsPanel
from dinocell_app.ui.review.audit_tab import AuditTab
from dinocell_app.ui.review.pass_tab import PassTab
from dinocell_app.ui.review.viewer_aim import ViewerAim
from dinocell_app.ui.viewer.image_viewer import ImageViewer

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session


class ReviewPanel(QWidget):
    """Judge the cells of the chosen results.

    Parameters
    ----------
    results : ResultsPanel
        Whose cells, filter and order are used.
    viewer : ImageViewer
        That shows what is judged.
    """

    fix_asked = Signal()
    """The chosen cell shall be corrected now."""

    def __init__(
        self, session: Session, results: ResultsPanel, viewer: ImageViewer, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.aim = ViewerAim(session, viewer, self)
        self.look_through = PassTab(session, results.cells, self.aim)
        self.audit = AuditTab(session, results, self.aim)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.look_through, "Look through")
        self.tabs.addTab(self.audit, "Audit")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        results.loading.additions.append(self.look_through.add_column)
        self.look_through.fix_asked.connect(self.fix_asked)
        self.tabs.currentChanged.connect(self._on_tab)

    def set_fixes_at_once(self, at_once: bool) -> None:
        """Say whether `fix_asked` leads to a way to correct the cell.

        Parameters
        ----------
        at_once : bool
            Else cells to be fixed are noted and the next is shown.
        """
        self.look_through.fixes_at_once = at_once

    def start(self) -> None:
        """Show what is next and let keys answer."""
        if self.tabs.currentWidget() is self.audit:
            self.audit.start()
        else:
            self.look_through.start()

    def shut_down(self) -> None:
        """Let go of work that is under way."""
        self.look_through.shut_down()
        self.audit.shut_down()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the viewer to the person."""
        super().hideEvent(event)
        self.aim.let_go()

    def _on_tab(self) -> None:
        self.aim.let_go()
        if self.tabs.currentWidget() is self.audit:
            self.audit.start()
