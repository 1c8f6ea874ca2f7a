"""What a person changes about images: pixel size, tags, note, and whether they belong to the project."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project.project import Project
from dinocell_app.project.records import PixelSizeScope
from dinocell_app.ui.images.axes_dialog import AxesDialog
from dinocell_app.ui.session import Session

SCOPES = ("this image", "its folder", "the whole project")
"""What a pixel size can be set for."""


class ImageChanges:
    """Asks for changes and makes them.

    Parameters
    ----------
    chosen : callable
        Gives the ids of the images chosen in the list; where there are none the current image is meant.
    parent : QWidget
        Of the dialogs.
    """

    def __init__(self, session: Session, chosen: Callable[[], list[int]], parent: QWidget) -> None:
        self._session = session
        self._chosen = chosen
        self._parent = parent

    def set_pixel_size(self) -> None:
        """Ask for a pixel size and what it is for."""
        project, current = self._session.project, self._session.current_image
        if project is None or current is None:
            return
        value, taken = QInputDialog.getDouble(
            self._parent,
            "Pixel size",
            f"Edge of a pixel of {current.name} in µm (0: what the file says):",
            current.pixel_size_um or 0.0,
            0.0,
            1e6,
            5,
        )
        if not taken:
            return
        scope, taken = QInputDialog.getItem(self._parent, "Pixel size", "Use it for:", SCOPES, 1, False)
        if not taken:
            return
        scopes = (
            PixelSizeScope.image(current.id),
            PixelSizeScope.folder(current.root_id, current.folder),
            PixelSizeScope.project(),
        )
        chosen = scopes[SCOPES.index(scope)]
        self._change(lambda project: project.images.set_pixel_size(chosen, value or None), everything=True)

    def set_axes(self) -> None:
        """Ask what the axes of the current image are."""
        if self._session.current_image is not None:
            dialog = AxesDialog(self._session, self._parent)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def set_tags(self) -> None:
        """Ask for the tags of the chosen images."""
        ids = self._chosen_or_current()
        project = self._session.project
        if project is None or not ids:
            return
        known = ", ".join(project.images.get(ids[0]).tags)
        what = f"{len(ids)} images" if len(ids) > 1 else project.images.get(ids[0]).name
        text, taken = QInputDialog.getText(
            self._parent, "Tags", f"Tags of {what}, with commas between them:", text=known
        )
        if taken:
            tags = [tag.strip() for tag in text.split(",") if tag.strip()]
            self._change(lambda project: project.images.set_tags(ids, tags))

    def set_note(self) -> None:
        """Ask for a note about the current image."""
        current = self._session.current_image
        if current is None:
            return
        text, taken = QInputDialog.getMultiLineText(
            self._parent, "Note", f"Note about {current.name}:", current.note
        )
        if taken:
            self._change(lambda project: project.images.set_note(current.id, text.strip()))

    def remove_chosen(self) -> None:
        """Take the chosen images out of the project; their files stay."""
        ids = self._chosen_or_current()
        if ids:
            self._change(lambda project: project.images.remove(ids), everything=True)

    def make_menu(self) -> QMenu:
        """Make the menu of what can be done with the chosen images."""
        menu = QMenu(self._parent)
        some = bool(self._chosen_or_current())
        for text, do in (
            ("Set pixel size …", self.set_pixel_size),
            ("Axes …", self.set_axes),
            ("Tags …", self.set_tags),
            ("Note …", self.set_note),
            ("Remove from project", self.remove_chosen),
        ):
            action = menu.addAction(text)
            action.triggered.connect(do)
            action.setEnabled(some)
        return menu

    def _chosen_or_current(self) -> list[int]:
        current = self._session.current_image
        return self._chosen() or ([current.id] if current is not None else [])

    def _change(self, change: Callable[[Project], None], *, everything: bool = False) -> None:
        project = self._session.project
        if project is None:
            return
        ids = [] if everything else self._chosen_or_current()
        try:
            change(project)
        except UserFacingError as error:
            self._session.report(error)
            return
        self._session.refresh_images(ids)
