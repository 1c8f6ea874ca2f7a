"""What the Project menu does: make, open and close projects, and bring images and masks into them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project.moved_folders import FoundFolder, find_moved
from dinocell_app.project.project import Project
from dinocell_app.project.starting_projects import SUFFIX, copy_samples, project_folder_for, unused
from dinocell_app.ui.export.export_dialog import ExportDialog
from dinocell_app.ui.export.import_dialog import ImportLabelsDialog
from dinocell_app.ui.images.adding import ImageSearch
from dinocell_app.ui.session import Session
from dinocell_app.ui.settings_dialog import show_dialog
from dinocell_app.ui.workers import start


class ProjectActions(QObject):
    """Does what the Project menu says; names of methods are keys of the table of actions.

    Parameters
    ----------
    search : ImageSearch
        Adds images.
    window : QWidget
        Dialogs stand in front of it.
    """

    def __init__(self, session: Session, search: ImageSearch, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._search, self._window = session, search, window

    def new_project(self) -> None:
        """Ask for a folder of images and make a project beside it."""
        folder = QFileDialog.getExistingDirectory(self._window, "Folder of images")
        if folder:
            self.take([Path(folder)], new=True)

    def open_project(self) -> None:
        """Ask for a project folder."""
        folder = QFileDialog.getExistingDirectory(self._window, f"Project folder (ends with {SUFFIX})")
        if folder:
            self.open_folder(Path(folder))

    def open_sample(self) -> None:
        """Open the project of the sample images, made where it does not exist yet."""
        try:
            images, project = copy_samples()
            if project.is_dir():
                self._session.open_project(project)
            else:
                self._session.create_project(project)
                self._search.add([images])
        except UserFacingError as error:
            self._session.report(error)

    def add_folder(self) -> None:
        """Ask for a folder of images to add."""
        folder = QFileDialog.getExistingDirectory(self._window, "Folder of images")
        if folder:
            self._search.add([Path(folder)])

    def add_images(self) -> None:
        """Ask for image files to add."""
        files, _ = QFileDialog.getOpenFileNames(self._window, "Images")
        if files:
            self._search.add([Path(file) for file in files])

    def import_labels(self) -> None:
        """Let masks made elsewhere become results."""
        show_dialog(ImportLabelsDialog(self._session, self._window))

    def export(self) -> None:
        """Write results in other formats."""
        show_dialog(ExportDialog(self._session, self._window))

    def locate(self) -> None:
        """Ask where moved images are now."""
        project = self._session.project
        missing = project.roots.missing() if project is not None else []
        if project is None or not missing:
            self._session.noted.emit("All folders of images are where they were.")
            return
        root = missing[0]
        folder = QFileDialog.getExistingDirectory(
            self._window, f"Where is the folder “{root.name}” now? It was {root.path}"
        )
        if not folder:
            return
        self._session.noted.emit("Looking for the images …")
        folders = project.roots.known_folders()
        start(
            partial(find_moved, folders, root.id, Path(folder)),
            partial(self._on_located, project, root.name, folder),
            self._session.report,
            owner=self,
        )

    def _on_located(self, project: Project, name: str, folder: str, found: list[FoundFolder]) -> None:
        if self._session.project is not project:
            return
        if not found:
            problem = UserFacingError(
                f"holds none of the images of “{name}”",
                path=folder,
                remedy="Choose the folder they are in now",
            )
            self._session.report(problem)
            return
        try:
            project.roots.move(found)
        except UserFacingError as error:
            self._session.report(error)
            return
        self._session.refresh_images()
        still = len(project.roots.missing())
        more = f"; {still} more folders are missing: locate them next" if still > 1 else ""
        more = "; 1 more folder is missing: locate it next" if still == 1 else more
        n_images = sum(place.n_images for place in found)
        self._session.noted.emit(f"{n_images:,} images found again{more}")

    def close_project(self) -> None:
        """Close the project; runs go on."""
        self._session.close_project()

    def open_folder(self, folder: Path) -> None:
        """Open a project."""
        try:
            self._session.open_project(folder)
        except UserFacingError as error:
            self._session.report(error)
            return
        project = self._session.project
        if project is not None and project.read_only_reason:
            self._session.noted.emit(project.read_only_reason)

    def take(self, paths: Sequence[Path], *, new: bool = False) -> None:
        """Open a dropped project, or add dropped images, in a new project where none is open.

        Parameters
        ----------
        new : bool
            Whether a project is made even where one is open.
        """
        projects = [path for path in paths if path.suffix == SUFFIX and path.is_dir()]
        if projects:
            self.open_folder(projects[0])
            return
        if self._session.project is None or new:
            folder = project_folder_for(paths)
            if folder is None:
                chosen = QFileDialog.getExistingDirectory(self._window, "Where shall the project be kept?")
                if not chosen:
                    return
                folder = unused(Path(chosen), paths[0].stem)
            try:
                self._session.create_project(folder)
            except UserFacingError as error:
                self._session.report(error)
                return
        self._search.add(paths)
