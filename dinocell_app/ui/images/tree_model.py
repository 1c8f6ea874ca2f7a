"""The tree of images for Qt: folders, and the images under them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPixmap

from dinocell_app.project.image_tree import Folder, ImageRow, Order, TreeState
from dinocell_app.project.project import Project

Index = QModelIndex | QPersistentModelIndex
HEADERS = ("Image", "Status", "Cells")
ROW_SIZE = QSize(60, 46)
"""All rows are as high as a thumbnail needs, so that ten thousand of them are laid out at once."""
IMAGE_ID_ROLE = int(Qt.ItemDataRole.UserRole)


class ImageTreeModel(QAbstractItemModel):
    """Draws a TreeState; thumbnails come from outside, for the rows that are seen.

    Parameters
    ----------
    thumbnail : callable
        Gives the picture of an image, or None while it is being made.
    """

    def __init__(
        self, thumbnail: Callable[[ImageRow], QPixmap | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.state = TreeState()
        self._thumbnail = thumbnail
        self._folders: tuple[Folder, ...] = ()
        self._places: dict[int, tuple[int, int]] = {}

    def load(self, project: Project | None) -> None:
        """Show the images of a project."""
        if project is None:
            self._show(TreeState(words=self.state.words, order=self.state.order))
            return
        latest = project.results.latest()
        approved = _approved(project)
        rows = tuple(
            ImageRow(image, latest.get(image.id), image.id in approved) for image in project.images.all()
        )
        names = {root.id: root.name for root in project.roots.all()}
        self._show(replace(self.state, rows=rows, root_names=names))

    def list_only(self, words: str) -> None:
        """List images that have these words."""
        self._show(replace(self.state, words=words))

    def sort_by(self, order: Order) -> None:
        """Sort the images within their folders."""
        self._show(replace(self.state, order=order))

    def take_results(self, project: Project, image_ids: Sequence[int]) -> None:
        """Show new results of some images without touching the others."""
        latest = {i: found[0] for i in image_ids if (found := project.results.of_image(i))}
        self.state = self.state.with_results(latest, image_ids, _approved(project))
        self._take_rows(image_ids)

    def take_records(self, project: Project, image_ids: Sequence[int]) -> bool:
        """Show other tags, notes or pixel sizes of some images without touching the others.

        Returns
        -------
        bool
            False when what is listed may depend on them: a filter looks at tags. Nothing is changed then.
        """
        if self.state.words.strip():
            return False
        self.state = self.state.with_records({i: project.images.get(i) for i in image_ids})
        self._take_rows(image_ids)
        return True

    def _take_rows(self, image_ids: Sequence[int]) -> None:
        rows = {row.record.id: row for row in self.state.rows}
        folders = list(self._folders)
        for image_id in image_ids:
            if image_id not in self._places or image_id not in rows:
                continue
            f, i = self._places[image_id]
            images = list(folders[f].images)
            images[i] = rows[image_id]
            folders[f] = replace(folders[f], images=tuple(images))
        self._folders = tuple(folders)
        for image_id in image_ids:
            self.touch(image_id)

    def touch(self, image_id: int) -> None:
        """Draw an image again, and its folder."""
        if image_id in self._places:
            index = self.index_of(image_id)
            self.dataChanged.emit(index, index.siblingAtColumn(len(HEADERS) - 1))
            folder = index.parent()
            self.dataChanged.emit(folder, folder.siblingAtColumn(len(HEADERS) - 1))

    def index_of(self, image_id: int) -> QModelIndex:
        """Find an image in the tree.

        Returns
        -------
        QModelIndex
            Invalid when it is not listed.
        """
        if image_id not in self._places:
            return QModelIndex()
        folder, row = self._places[image_id]
        return self.createIndex(row, 0, folder + 1)

    def listed_ids(self) -> list[int]:
        """Give the images in the order of the tree."""
        return [row.record.id for folder in self._folders for row in folder.images]

    def folder_at(self, index: Index) -> Folder | None:
        """Give the folder of a row, be it the folder itself or an image in it."""
        if not index.isValid():
            return None
        return self._folders[(index.internalId() or index.row() + 1) - 1]

    def row_at(self, index: Index) -> ImageRow | None:
        """Give the image of a row.

        Returns
        -------
        ImageRow or None
            None for a folder.
        """
        if not index.isValid() or not index.internalId():
            return None
        return self._folders[index.internalId() - 1].images[index.row()]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature; the index is immutable
        """Count folders, or images in a folder."""
        if not parent.isValid():
            return len(self._folders)
        if parent.internalId() or parent.column():
            return 0
        return len(self._folders[parent.row()].images)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Name, status, cells."""
        return len(HEADERS)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - as above
        """Index of a folder or image."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = QModelIndex()) -> Any:  # noqa: ANN401, B008 - two meanings in Qt
        """Folder of an image."""
        if not index.isValid() or not index.internalId():
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, 0)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401 - Qt's variant
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:  # noqa: ANN401 - Qt's variant
        """Say what a cell of the tree shows."""
        if role == Qt.ItemDataRole.SizeHintRole:
            return ROW_SIZE
        row = self.row_at(index)
        if row is None:
            folder = self.folder_at(index)
            return _folder_data(folder, index.column(), role) if folder is not None else None
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(row)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.hint
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return " ".join(filter(None, _texts(row)))
        if role == IMAGE_ID_ROLE:
            return row.record.id
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._thumbnail(row)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == HEADERS.index("Cells"):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _show(self, state: TreeState) -> None:
        self.beginResetModel()
        self.state = state
        self._folders = state.folders()
        self._places = {
            row.record.id: (f, i)
            for f, folder in enumerate(self._folders)
            for i, row in enumerate(folder.images)
        }
        self.endResetModel()


def _approved(project: Project) -> set[int]:
    return {image_id for image_id, _ in project.corrected.all()}


def _texts(row: ImageRow) -> tuple[str, str, str]:
    return row.record.name, row.status.value, "" if row.n_cells is None else f"{row.n_cells:,}"


def _folder_data(folder: Folder, column: int, role: int) -> str | None:
    if role == Qt.ItemDataRole.DisplayRole:
        return (folder.title, folder.summary, "")[column]
    if role == Qt.ItemDataRole.ToolTipRole:
        return f"{folder.title}\n{folder.summary}"
    return None
