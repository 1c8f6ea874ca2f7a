"""Folders that images lie below, found again when a disk has moved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.project.database import Database


@dataclass(frozen=True)
class Root:
    """A folder that images of the project lie below.

    Parameters
    ----------
    id : int
    name : str
        Different for every root of a project, whatever the case.
    path : Path
        Absolute, on this computer.
    """

    id: int
    name: str
    path: Path


class RootTable:
    """The roots of a project.

    A root is stored as it was named and, where both are on one disk, relative to the folder around the
    project. The relative place is looked at first, so that a copied disk folder brings its own images.

    Parameters
    ----------
    database : Database
    around : Path
        The folder the project folder lies in.
    """

    def __init__(self, database: Database, around: Path) -> None:
        self._database = database
        self._around = around
        self._known: dict[int, Root] | None = None

    def all(self) -> list[Root]:
        """List the roots.

        Returns
        -------
        list of Root
            In the order in which they were added.
        """
        return list(self._by_id().values())

    def path(self, root_id: int) -> Path:
        """Say where a root is on this computer.

        Parameters
        ----------
        root_id : int

        Returns
        -------
        Path
            Absolute; it need not exist.
        """
        return self._by_id()[root_id].path

    def missing(self) -> list[Root]:
        """List the roots that are not there.

        Returns
        -------
        list of Root
        """
        self._known = None
        return [root for root in self.all() if not root.path.is_dir()]

    def around_path(self, path: Path) -> list[Root]:
        """List the roots a file lies below.

        Parameters
        ----------
        path : Path
            Absolute.

        Returns
        -------
        list of Root
            The innermost first.
        """
        around = [root for root in self.all() if path != root.path and path.is_relative_to(root.path)]
        return sorted(around, key=lambda root: -len(root.path.parts))

    def add(self, path: Path) -> Root:
        """Add a root, or find the one that is there already.

        Parameters
        ----------
        path : Path
            Absolute.

        Returns
        -------
        Root
        """
        for root in self.all():
            if root.path == path:
                return root
        name = self._unused_name(path.name or "images")
        root_id = self._database.change(
            "INSERT INTO roots (name, path, relative_path) VALUES (?, ?, ?)",
            (name, str(path), self._relative(path)),
        )
        self._known = None
        return Root(root_id, name, path)

    def locate(self, root_id: int, new_path: Path) -> int:
        """Say where the images of a root are now; other missing roots that moved along are found too.

        Parameters
        ----------
        root_id : int
        new_path : Path
            The folder that now holds what the root held, or the folder around it.

        Returns
        -------
        int
            Images found again, those of other roots included. With 0 nothing is changed.
        """
        old = self._by_id().get(root_id)
        if old is None:
            raise KeyError(root_id)
        new_path = Path(os.path.abspath(new_path))
        choices = [new_path, new_path / old.name, new_path / old.path.name]
        best = max(choices, key=lambda choice: self._count(root_id, choice))
        found = self._count(root_id, best)
        if not found:
            return 0
        with self._database.transaction():
            self._move(root_id, best)
            before, after = _changed_part(old.path, best)
            for other in self.all():
                if other.id == root_id or other.path.is_dir() or not other.path.is_relative_to(before):
                    continue
                place = after / other.path.relative_to(before)
                n_images = self._count(other.id, place)
                if n_images:
                    self._move(other.id, place)
                    found += n_images
        self._known = None
        return found

    def _by_id(self) -> dict[int, Root]:
        if self._known is None:
            self._known = {
                row["id"]: Root(row["id"], row["name"], self._resolved(row["path"], row["relative_path"]))
                for row in self._database.rows("SELECT * FROM roots ORDER BY id")
            }
        return self._known

    def _resolved(self, path: str, relative: str | None) -> Path:
        named = Path(path)
        if relative is None:
            return named
        beside = Path(os.path.normpath(self._around / relative))
        return beside if beside.is_dir() else named

    def _relative(self, path: Path) -> str | None:
        try:
            common = Path(os.path.commonpath([path, self._around]))
        except ValueError:  # on two drives
            return None
        if common == Path(common.anchor):
            return None
        return Path(os.path.relpath(path, self._around)).as_posix()

    def _move(self, root_id: int, path: Path) -> None:
        self._database.change(
            "UPDATE roots SET path = ?, relative_path = ? WHERE id = ?",
            (str(path), self._relative(path), root_id),
        )

    def _count(self, root_id: int, path: Path) -> int:
        if not path.is_dir():
            return 0
        rows = self._database.rows("SELECT relative_path FROM images WHERE root_id = ?", (root_id,))
        return sum((path / row[0]).exists() for row in rows)

    def _unused_name(self, name: str) -> str:
        taken = {root.name.casefold() for root in self.all()}
        chosen, number = name, 2
        while chosen.casefold() in taken:
            chosen, number = f"{name}_{number}", number + 1
        return chosen


def _changed_part(old: Path, new: Path) -> tuple[Path, Path]:
    """Leave out the folders at the end that two places have in common."""
    while old.name and old.name == new.name and old != new:
        old, new = old.parent, new.parent
    return old, new
