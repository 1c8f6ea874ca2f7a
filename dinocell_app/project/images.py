"""The images of a project."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dinocell_app.base.json_text import parse_json
from dinocell_app.imaging.scan import natural_key
from dinocell_app.project.database import Database
from dinocell_app.project.pixel_sizes import SetPixelSizes, write_pixel_size
from dinocell_app.project.records import FoundImage, ImageRecord, PixelSizeScope
from dinocell_app.project.roots import Root, RootTable

_FILE_COLUMNS = (
    "n_times, n_slices, n_channels, height, width, dtype, channel_names, is_rgb, file_pixel_size_um, "
    "problem, axes"
)


class ImageTable:
    """The images of a project; their files are never written to."""

    def __init__(self, database: Database, roots: RootTable) -> None:
        self._database = database
        self._roots = roots

    def all(self) -> list[ImageRecord]:
        """List the images.

        Returns
        -------
        list of ImageRecord
            By root, folder and name, numbers by value.
        """
        tags: dict[int, list[str]] = {}
        for row in self._database.rows("SELECT image_id, tag FROM image_tags ORDER BY tag"):
            tags.setdefault(row[0], []).append(row[1])
        sizes = SetPixelSizes.read(self._database)
        records = [
            _record(row, sizes, tuple(tags.get(row["id"], ())))
            for row in self._database.rows("SELECT * FROM images")
        ]
        order = _RootAndFolderOrder({root.id: root.name for root in self._roots.all()})
        return sorted(records, key=order.key)

    def get(self, image_id: int) -> ImageRecord:
        """Read one image.

        Raises
        ------
        KeyError
            If the project has no such image.
        """
        row = self._database.row("SELECT * FROM images WHERE id = ?", (image_id,))
        if row is None:
            raise KeyError(image_id)
        tags = self._database.rows("SELECT tag FROM image_tags WHERE image_id = ? ORDER BY tag", (image_id,))
        return _record(row, SetPixelSizes.read(self._database), tuple(tag[0] for tag in tags))

    def path(self, image_id: int) -> Path:
        """Say where the file of an image is.

        Returns
        -------
        Path
            Absolute; it need not exist.
        """
        row = self._database.row("SELECT root_id, relative_path FROM images WHERE id = ?", (image_id,))
        if row is None:
            raise KeyError(image_id)
        return self._roots.path(row[0]) / str(row[1])

    def paths(self) -> dict[int, Path]:
        """Say where the files of all images are.

        Returns
        -------
        dict of int to Path
            By image.
        """
        places = {root.id: root.path for root in self._roots.all()}
        rows = self._database.rows("SELECT id, root_id, relative_path FROM images")
        return {row[0]: places[row[1]] / row[2] for row in rows}

    def by_path(self, path: Path) -> ImageRecord | None:
        """Find the image of a file."""
        path = Path(os.path.abspath(path))
        image_id = self._find(path, self._roots.around_path(path))
        return None if image_id is None else self.get(image_id)

    def add(self, found: Sequence[FoundImage]) -> list[ImageRecord]:
        """Add images, all or none; those the project has are skipped.

        Returns
        -------
        list of ImageRecord
            The new ones, in the order given.
        """
        added = []
        around: dict[Path, list[Root]] = {}
        with self._database.transaction():
            for image in found:
                path = Path(os.path.abspath(image.path))
                if path.parent not in around:
                    around[path.parent] = self._roots.around_path(path)
                if not around[path.parent]:
                    self._roots.add(_root_for(path, image.root))
                    around = {path.parent: self._roots.around_path(path)}
                if self._find(path, around[path.parent]) is not None:
                    continue
                root = around[path.parent][0]
                relative = path.relative_to(root.path).as_posix()
                row = self._database.rows(
                    f"INSERT INTO images (root_id, relative_path, {_FILE_COLUMNS}) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
                    (root.id, relative, *_file_values(image)),
                )[0]
                added.append(row)
            sizes = SetPixelSizes.read(self._database)
        return [_record(row, sizes, ()) for row in added]

    def refresh(self, image_id: int, found: FoundImage) -> ImageRecord:
        """Take over what a file says now, after it was mended, found again or given other axes.

        Returns
        -------
        ImageRecord
            With no plane and no displays remembered where the axes are others than before.
        """
        self.refresh_all([(image_id, found)])
        return self.get(image_id)

    def refresh_all(self, found: Sequence[tuple[int, FoundImage]]) -> None:
        """Take over what files say now, of all images or of none.

        Parameters
        ----------
        found : sequence of (int, FoundImage)
            Ids of images and what their files say.
        """
        names = _FILE_COLUMNS.split(", ")
        axes = dict(self._database.rows("SELECT id, axes FROM images"))
        changed = [(image_id,) for image_id, image in found if axes.get(image_id) != image.axes]
        with self._database.transaction():
            self._database.change_all(
                f"UPDATE images SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
                [(*_file_values(image), image_id) for image_id, image in found],
            )
            self._database.change_all("DELETE FROM channel_displays WHERE image_id = ?", changed)
            self._database.change_all(
                "UPDATE images SET shown_time = 0, shown_slice = 0 WHERE id = ?", changed
            )

    def folder_axes(self) -> dict[Path, dict[str, str]]:
        """List what axes are in folders where files are wrong about them.

        Returns
        -------
        dict of Path to dict of str to str
            Absolute folders; what is meant, by the codes that are stored.
        """
        found: dict[Path, dict[str, str]] = {}
        for row in self._database.rows("SELECT * FROM folder_axes"):
            folder = self._roots.path(row["root_id"]) / row["folder"]
            found.setdefault(folder, {})[row["codes"]] = row["axes"]
        return found

    def remember_axes(self, image_id: int, codes: str, axes: str) -> None:
        """Let images that come into the folder of an image later be read as it is.

        Parameters
        ----------
        codes : str
            As its file stores them.
        axes : str
            What they are; "" to believe files from now on.
        """
        image = self.get(image_id)
        key = (image.root_id, image.folder, codes)
        with self._database.transaction():
            self._database.change(
                "DELETE FROM folder_axes WHERE root_id = ? AND folder = ? AND codes = ?", key
            )
            if axes:
                self._database.change("INSERT INTO folder_axes VALUES (?, ?, ?, ?)", (*key, axes))

    def remove(self, image_ids: Sequence[int]) -> None:
        """Take images and the records of their results out of the project; no file is touched."""
        self._database.change_all("DELETE FROM images WHERE id = ?", [(image_id,) for image_id in image_ids])

    def set_tags(self, image_ids: Sequence[int], tags: Sequence[str]) -> None:
        """Give images tags in place of those they have.

        Parameters
        ----------
        tags : sequence of str
            Empty ones and repetitions are left out.
        """
        wanted = sorted({tag.strip() for tag in tags} - {""})
        with self._database.transaction():
            self._database.change_all("DELETE FROM image_tags WHERE image_id = ?", _each(image_ids))
            pairs = [(image_id, tag) for image_id in dict.fromkeys(image_ids) for tag in wanted]
            self._database.change_all("INSERT INTO image_tags VALUES (?, ?)", pairs)

    def set_note(self, image_id: int, note: str) -> None:
        """Write the note of an image."""
        self._database.change("UPDATE images SET note = ? WHERE id = ?", (note, image_id))

    def set_pixel_size(self, scope: PixelSizeScope, value: float | None) -> None:
        """Set the pixel size of an image, a folder or the project.

        Parameters
        ----------
        value : float or None
            In um; None to go back to what comes next: folder, project, file.

        Raises
        ------
        InvalidParameterError
            If it is no positive number.
        """
        write_pixel_size(self._database, scope, value)

    def _find(self, path: Path, roots: Sequence[Root]) -> int | None:
        for root in roots:
            row = self._database.row(
                "SELECT id FROM images WHERE root_id = ? AND relative_path = ?",
                (root.id, path.relative_to(root.path).as_posix()),
            )
            if row is not None:
                return int(row[0])
        return None


class _RootAndFolderOrder:
    """Sort keys that split each folder name once."""

    def __init__(self, root_names: Mapping[int, str]) -> None:
        self._roots = {root_id: natural_key(name) for root_id, name in root_names.items()}
        self._folders: dict[str, Any] = {}

    def key(self, image: ImageRecord) -> Any:  # noqa: ANN401 - nested tuples
        folder = image.folder
        if folder not in self._folders:
            self._folders[folder] = tuple(natural_key(part) for part in folder.split("/") if part)
        return (self._roots[image.root_id], self._folders[folder], natural_key(image.name))


def _record(row: Any, sizes: SetPixelSizes, tags: tuple[str, ...]) -> ImageRecord:  # noqa: ANN401 - a Row
    relative: str = row["relative_path"]
    in_file = row["file_pixel_size_um"]
    um, source = sizes.choose(row["own_pixel_size_um"], row["root_id"], relative.rpartition("/")[0], in_file)
    return ImageRecord(
        id=row["id"],
        root_id=row["root_id"],
        relative_path=relative,
        n_times=row["n_times"],
        n_slices=row["n_slices"],
        n_channels=row["n_channels"],
        height=row["height"],
        width=row["width"],
        dtype=row["dtype"],
        channel_names=tuple(parse_json(row["channel_names"])),
        is_rgb=bool(row["is_rgb"]),
        file_pixel_size_um=in_file,
        pixel_size_um=um,
        pixel_size_source=source,
        tags=tags,
        note=row["note"],
        problem=row["problem"],
        axes=row["axes"],
    )


def _file_values(image: FoundImage) -> tuple[Any, ...]:
    return (
        image.n_times,
        image.n_slices,
        image.n_channels,
        image.height,
        image.width,
        image.dtype,
        json.dumps(image.channel_names, ensure_ascii=False),
        image.is_rgb,
        image.pixel_size_um,
        image.problem,
        image.axes,
    )


def _root_for(path: Path, root: Path) -> Path:
    root = Path(os.path.abspath(root))
    return root if path != root and path.is_relative_to(root) else path.parent


def _each(image_ids: Iterable[int]) -> list[tuple[int]]:
    return [(image_id,) for image_id in dict.fromkeys(image_ids)]
