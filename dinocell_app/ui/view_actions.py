"""What the View menu does: zoom, masks and outlines, ruler, and who has the room."""

from __future__ import annotations

from PySide6.QtCore import QObject

from dinocell_app.ui.docks import Docks
from dinocell_app.ui.panels import Panels
from dinocell_app.ui.session import Session
from dinocell_app.ui.work_area import WorkArea


class ViewActions(QObject):
    """Does what the View menu says; names of methods are keys of the table of actions."""

    def __init__(self, session: Session, panels: Panels, work: WorkArea, docks: Docks) -> None:
        super().__init__(work)
        self._session, self._panels, self._work, self._docks = session, panels, work, docks

    def fit(self) -> None:
        """Show the whole image."""
        self._panels.viewer.fit()

    def zoom_in(self) -> None:
        """Look closer."""
        self._panels.viewer.zoom_in()

    def zoom_out(self) -> None:
        """Look from further away."""
        self._panels.viewer.zoom_out()

    def toggle_masks(self) -> None:
        """Show or hide masks."""
        self._panels.viewer.toggle_masks()

    def toggle_outlines(self) -> None:
        """Show or hide outlines."""
        self._panels.viewer.toggle_outlines()

    def zoom_to_cell(self) -> None:
        """Look at the selected cell from close by."""
        self._work.show_image()
        self._panels.viewer.viewer.zoom_to(self._session.selected_cell)

    def show_image_view(self) -> None:
        """Give the image all the room."""
        self._work.show_view("image")

    def show_results_view(self) -> None:
        """Give tables and plots all the room."""
        self._work.show_view("results")

    def show_both_views(self) -> None:
        """Show the image above the results."""
        self._work.show_view("both")

    def maximise(self) -> None:
        """Hide the panels around the middle, or show them again."""
        self._docks.maximise()

    def measure_with_ruler(self, on: bool) -> None:
        """Switch the ruler on or off."""
        self._panels.viewer.set_ruler(on)

    def side_by_side(self, on: bool) -> None:
        """Show one view or two."""
        self._panels.viewer.set_side_by_side(on)
