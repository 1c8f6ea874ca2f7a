"""One chosen cell for the whole window: table row, point, crop and the cell in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.ui.results.shown_cells import ShownCells

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session


class CellLink(QObject):
    """Carry the chosen cell between the results and the session."""

    def __init__(self, session: Session, cells: ShownCells, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._cells = cells
        self._leading = False
        session.cell_selected.connect(self._on_selected_in_image)
        session.current_image_changed.connect(self._on_image_changed)

    def choose(self, row: int) -> None:
        """Choose a cell in the results: its image is shown and the cell marked.

        Parameters
        ----------
        row : int
            Row of the store.
        """
        source = self._cells.store.source(row)
        label = self._cells.store.label(row)
        self._leading = True
        try:
            self._cells.choose(row)
            self._show_image(source.image_id, source.result_id, source.plane)
            self._session.select_cell(label)
        finally:
            self._leading = False

    def show_image(self, source: int) -> None:
        """Show an image of the set without choosing a cell.

        Parameters
        ----------
        source : int
            Place in the store's sources.
        """
        shown = self._cells.store.sources[source]
        self._show_image(shown.image_id, shown.result_id, shown.plane)

    def _show_image(self, image_id: int, result_id: int, plane: PlaneAddress) -> None:
        current = self._session.current_image
        if current is None or current.id != image_id:
            self._session.set_current_image(image_id)
        self._session.set_plane(*plane.beside(self._session.t, self._session.z))
        result = self._session.current_result
        if result is None or result.id != result_id:
            self._session.set_current_result(result_id)

    def _on_image_changed(self) -> None:
        """Let go of a cell of the image that was left."""
        image, row = self._session.current_image, self._cells.cell
        if self._leading or row is None:
            return
        if image is None or self._cells.store.source(row).image_id != image.id:
            self._cells.choose(None)

    def _on_selected_in_image(self, label: int) -> None:
        if self._leading:
            return
        image, result = self._session.current_image, self._session.current_result
        if label == 0 or image is None:
            self._cells.choose(None)
            return
        source = self._cells.store.source_of(image.id, None if result is None else result.id)
        self._cells.choose(None if source is None else self._cells.store.row_of(source, label))
