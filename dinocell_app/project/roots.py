"""Folders that images lie below, found again when a disk has moved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.project.database import Database
from dinocell_app.project.moved_folders import FoundFolder, KnownFolder


@dataclass(frozen=True)
class Root:
    """A folder that images of the project lie below.

    Parameters
    ----------
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

        Returns
        -------
        Path
            Absolute; it need not exist.
        """
        return self._by_id()[root_id].path

    def missing(self) -> list[Root]:
        """List the roots that are not there."""
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

    def known_folders(self) -> list[KnownFolder]:
        """List the roots with what lies below them, for `moved_folders.find_moved`."""
        below: dict[int, list[str]] = {root.id: [] for root in self.all()}
        for row in self._database.rows("SELECT root_id, relative_path FROM images"):
            below[row["root_id"]].append(row["relative_path"])
        return [KnownFolder(root.id, root.name, root.path, tuple(below[root.id])) for root in self.all()]

    def move(self, found: Sequence[FoundFolder]) -> None:
        """Note where roots are now.

        Parameters
        ----------
        found : sequence of FoundFolder
            From `moved_folders.find_moved`.
        """
        with self._database.transaction():
            for folder in found:
                self._database.change(
                    "UPDATE roots SET path = ?, relative_path = ? WHERE id = ?",
                    (str(folder.path), self._relative(folder.path), folder.root_id),
                )
        self._known = None

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

    def _unused_name(self, name: str) -> str:
        taken = {root.name.casefold() for root in self.all()}
        chosen, number = name, 2
        while chosen.casefold() in taken:
            chosen, number = f"{name}_{number}", number + 1
        return chosen
