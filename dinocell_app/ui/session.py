"""What the parts of the window share: the open project and what is looked at, behind signals."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.settings import ApplicationSettings, read_settings, write_settings
from dinocell_app.project.disk_cache import DiskCache, cache_of
from dinocell_app.project.project import Project
from dinocell_app.project.records import ImageRecord, ResultRecord
from dinocell_app.ui.processes.engine import Engine
from dinocell_app.ui.processes.queue import Queue

_logger = logging.getLogger(__name__)


class Session(QObject):
    """The open project, the current image, result, plane and cell."""

    project_opened = Signal()
    project_closing = Signal()
    """The project can still be written to, for the last time."""
    project_closed = Signal()
    images_changed = Signal()
    """Images came or went."""
    image_records_changed = Signal(object)
    """Ids of images whose tags, notes or pixel size changed."""
    current_image_changed = Signal()
    selection_changed = Signal()
    results_changed = Signal(object)
    """Ids of images with new results."""
    current_result_changed = Signal()
    plane_changed = Signal()
    cell_selected = Signal(int)
    """Label, 0 for none."""
    settings_changed = Signal()
    models_changed = Signal()
    """There are other models than before: one was imported, trained or removed."""
    model_wanted = Signal(str)
    """Id of a model to segment with from now on."""
    training_wanted = Signal(str)
    """Folder of a training that a person wants to see."""
    problem_reported = Signal(object)
    """An exception to be shown."""
    noted = Signal(str)
    """A sentence worth knowing that is no problem."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = read_settings()
        self.engine = Engine(self)
        self.queue = Queue(self)
        self.project: Project | None = None
        self.current_image: ImageRecord | None = None
        self.selected_images: list[ImageRecord] = []
        self.current_result: ResultRecord | None = None
        self.t = 0
        self.z = 0
        self.selected_cell = 0
        self.queue.image_finished.connect(self._on_image_finished)

    def create_project(self, folder: Path) -> None:
        """Make a project and open it.

        Raises
        ------
        UserFacingError
            If it cannot be made.
        """
        self._use(Project.create(folder))

    def open_project(self, folder: Path) -> None:
        """Open a project in place of the one that is open.

        Raises
        ------
        UserFacingError
            If it cannot be opened; the one that is open stays.
        """
        if self.project is not None and self.project.folder == folder.resolve():
            return
        self._use(Project.open(folder))

    def close_project(self) -> None:
        """Close the project; runs go on in their own processes."""
        if self.project is None:
            return
        self.project_closing.emit()
        project, self.project = self.project, None
        self.queue.follow(None)
        self.engine.cancel()
        self.current_image = self.current_result = None
        self.selected_images = []
        self.t = self.z = self.selected_cell = 0
        project.close()
        self.project_closed.emit()

    def set_current_image(self, image_id: int | None) -> None:
        """Look at an image and its newest result."""
        if self.project is None:
            return
        image = self.project.images.get(image_id) if image_id is not None else None
        if image == self.current_image:
            return
        same = image is not None and self.current_image is not None and image.id == self.current_image.id
        self.current_image = image
        if same and image is not None:
            # Other axes may have fewer planes.
            self.t, self.z = min(self.t, image.n_times - 1), min(self.z, image.n_slices - 1)
        else:
            self.t, self.z = self._fitting_plane(image)
            self.selected_cell = 0
            self.current_result = self._newest_result()
        self.current_image_changed.emit()
        if not same:
            self.current_result_changed.emit()

    def set_selection(self, image_ids: Sequence[int]) -> None:
        """Choose the images that "selected images" means."""
        if self.project is None:
            return
        self.selected_images = [self.project.images.get(image_id) for image_id in image_ids]
        self.selection_changed.emit()

    def set_current_result(self, result_id: int | None) -> None:
        """Look at another result of the current image, or at none."""
        if self.project is None:
            return
        result = self.project.results.get(result_id) if result_id is not None else None
        if result == self.current_result:
            return
        self.current_result = result
        self.selected_cell = 0
        self.current_result_changed.emit()

    def set_plane(self, t: int, z: int) -> None:
        """Look at another time point or slice; its result comes with it.

        Parameters
        ----------
        t, z : int
            Counted from 0.
        """
        if (t, z) == (self.t, self.z):
            return
        self.t, self.z = t, z
        self._remember_plane()
        self.plane_changed.emit()
        result = self._newest_result()
        if result != self.current_result:
            self.current_result, self.selected_cell = result, 0
            self.current_result_changed.emit()

    def select_cell(self, label: int) -> None:
        """Choose a cell of the current result.

        Parameters
        ----------
        label : int
            0 for none.
        """
        if label != self.selected_cell:
            self.selected_cell = label
            self.cell_selected.emit(label)

    def refresh_images(self, image_ids: Sequence[int] = ()) -> None:
        """Tell everybody that records of images changed, or that images came and went.

        Parameters
        ----------
        image_ids : sequence of int
            Whose tags, notes or pixel size changed; empty when images came or went.
        """
        if self.project is None:
            return
        known = {image.id for image in self.project.images.all()}
        self.selected_images = [
            self.project.images.get(image.id) for image in self.selected_images if image.id in known
        ]
        if self.current_image is not None:
            self.set_current_image(self.current_image.id if self.current_image.id in known else None)
        if image_ids:
            self.image_records_changed.emit(list(image_ids))
        else:
            self.images_changed.emit()

    def change_settings(self, settings: ApplicationSettings) -> None:
        """Use other settings from now on and keep them."""
        self.settings = settings
        try:
            write_settings(settings)
        except (UserFacingError, OSError) as error:
            self.report(error)
        self.settings_changed.emit()

    def disk_cache(self) -> DiskCache | None:
        """Say where thumbnails and tables of the open project are kept.

        Returns
        -------
        DiskCache or None
            None without a project.
        """
        if self.project is None:
            return None
        read_only = self.project.read_only_reason is not None
        return cache_of(self.project.folder, self.settings.cache_folder, read_only=read_only)

    def report(self, error: Exception) -> None:
        """Show a problem; the one place for all parts of the window.

        Parameters
        ----------
        error : Exception
            A UserFacingError is shown as its sentence, anything else as a fault of the program.
        """
        if isinstance(error, UserFacingError):
            _logger.info("told the user: %s", error)
        else:
            _logger.error("a fault of the program", exc_info=error)
        self.problem_reported.emit(error)

    def shut_down(self) -> None:
        """Close the project and end the child process; runs go on."""
        self.close_project()
        self.queue.shut_down()
        self.engine.shut_down()

    def _use(self, project: Project) -> None:
        self.close_project()
        self.project = project
        self.change_settings(self.settings.with_recent(project.folder))
        self.queue.follow(project)
        self.project_opened.emit()
        images = project.images.all()
        if images:
            self.set_current_image(images[0].id)

    def _fitting_plane(self, image: ImageRecord | None) -> tuple[int, int]:
        """Open an image at the plane it was left at, or at the same slice as the one before."""
        if image is None or self.project is None:
            return 0, 0
        left_at = self.project.displays.plane(image.id)
        if left_at != (0, 0):
            return left_at
        return min(self.t, image.n_times - 1), min(self.z, image.n_slices - 1)

    def _remember_plane(self) -> None:
        if self.project is None or self.current_image is None or self.project.read_only_reason is not None:
            return
        self.project.displays.set_plane(self.current_image.id, self.t, self.z)

    def _newest_result(self) -> ResultRecord | None:
        if self.project is None or self.current_image is None:
            return None
        found = self.project.results.of_image(self.current_image.id)
        return next((result for result in found if result.plane.shows(self.t, self.z)), None)

    def _on_image_finished(self, image_id: int) -> None:
        self.results_changed.emit([image_id])
        if self.current_image is not None and self.current_image.id == image_id:
            result = self._newest_result()
            if result != self.current_result:
                self.current_result, self.selected_cell = result, 0
                self.current_result_changed.emit()
