"""The images of one run as an item model; records are fetched when a row comes into sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from dinocell_app.jobs.events import ImageFailed
from dinocell_app.project.results import FAILED
from dinocell_app.run_queue.failures import explain

if TYPE_CHECKING:
    from dinocell_app.project.project import Project

Index = QModelIndex | QPersistentModelIndex

PATH_ROLE = Qt.ItemDataRole.UserRole
"""Gives the image file as a string."""


class Column(IntEnum):
    """Columns of the images of a run."""

    NAME = 0
    STATE = 1
    CELLS = 2
    SECONDS = 3
    REASON = 4
    REMEDY = 5


_TITLES = ("Image", "State", "Cells", "Seconds", "What happened", "What to do")

UNLIKE = "It looks unlike the images of the reference cells, so its scores mean little."
UNLIKE_REMEDY = "Look at it, and point at cells in it too."


@dataclass(frozen=True)
class ImageRow:
    """An image of a run.

    Parameters
    ----------
    state : str
        With a shape in front.
    cells, seconds : str
        Empty while unknown.
    reason, remedy : str
        Empty unless it failed or is doubted.
    """

    path: str
    name: str
    state: str
    cells: str = ""
    seconds: str = ""
    reason: str = ""
    remedy: str = ""

    def text(self, column: Column) -> str:
        """Give what a column shows."""
        return (self.name, self.state, self.cells, self.seconds, self.reason, self.remedy)[column]


class RunImageModel(QAbstractTableModel):
    """Images of a run, or only those that failed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._run_id = 0
        self._entries: Sequence[int | ImageFailed] = ()
        self._failures: Mapping[str, ImageFailed] = {}
        self._doubted: frozenset[str] = frozenset()
        self._current = ""
        self._known: dict[int, ImageRow] = {}

    def show_run(self, project: Project | None, run_id: int, entries: Sequence[int | ImageFailed]) -> None:
        """Show these images.

        Parameters
        ----------
        entries : sequence of int or ImageFailed
            Ids of images, or images that failed.
        """
        if (run_id, tuple(entries)) == (self._run_id, tuple(self._entries)) and project is self._project:
            return
        self.beginResetModel()
        self._project, self._run_id, self._entries = project, run_id, tuple(entries)
        self._known.clear()
        self.endResetModel()

    def show_state(
        self, failures: Sequence[ImageFailed], current_image: str, doubted: Iterable[str] = ()
    ) -> None:
        """Tell which images failed and which one is being done.

        Parameters
        ----------
        current_image : str
            As the job calls it.
        doubted : iterable of str
            Paths of images unlike those that the references are from.
        """
        by_path, unlike = {failure.path: failure for failure in failures}, frozenset(doubted)
        if (by_path, current_image, unlike) == (self._failures, self._current, self._doubted):
            return
        self._doubted = unlike
        self._failures, self._current = by_path, current_image
        self.refresh()

    def refresh(self) -> None:
        """Look at the images in sight anew."""
        self._known.clear()
        if self._entries:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._entries) - 1, len(_TITLES) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Count the images."""
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Count the columns."""
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Name the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give what a cell of the table shows."""
        if not index.isValid() or index.row() >= len(self._entries):
            return None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, PATH_ROLE):
            return None
        row = self.row(index.row())
        if role == PATH_ROLE:
            return row.path
        text = row.text(Column(index.column()))
        return row.path if role == Qt.ItemDataRole.ToolTipRole and index.column() == Column.NAME else text

    def row(self, number: int) -> ImageRow:
        """Give an image as it is shown."""
        entry = self._entries[number]
        if isinstance(entry, ImageFailed):
            return _failed(entry)
        if entry not in self._known:
            self._known[entry] = self._look_up(entry)
        return self._known[entry]

    def _look_up(self, image_id: int) -> ImageRow:
        project = self._project
        if project is None:
            return ImageRow("", "", "")
        try:
            record = project.images.get(image_id)
        except KeyError:
            return ImageRow("", f"image {image_id}", "– Removed from the project")
        path = str(project.images.path(image_id))
        if path in self._failures:
            return _failed(self._failures[path])
        results = [r for r in project.results.of_image(image_id) if r.run_id == self._run_id]
        failed = [result for result in results if result.status == FAILED]
        if failed:
            return _failed(ImageFailed(record.name, failed[0].reason, path))
        if results:
            cells = sum(result.n_cells for result in results)
            seconds = sum(result.seconds for result in results)
            state, reason, remedy = "✓ Finished", "", ""
            if path in self._doubted:
                state, reason, remedy = "⚠ Finished", UNLIKE, UNLIKE_REMEDY
            time = f"{seconds:.1f}" if seconds else ""
            return ImageRow(path, record.name, state, f"{cells:,}", time, reason, remedy)
        if self._current and Path(path).as_posix().endswith(f"/{self._current}"):
            return ImageRow(path, record.name, "▶ Running")
        return ImageRow(path, record.name, "… Waiting")


def _failed(failure: ImageFailed) -> ImageRow:
    explained = explain(failure.reason, failure.path)
    name = Path(failure.path).name or failure.image
    return ImageRow(failure.path, name, "✕ Failed", reason=explained.what, remedy=explained.remedy)
