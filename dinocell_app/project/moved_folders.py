"""Finding images again that lie elsewhere; it looks at the disk only, so it is for a worker thread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class KnownFolder:
    """A folder of images as the project knows it.

    Parameters
    ----------
    path : Path
        Where it was, absolute.
    images : tuple of str
        Paths below it.
    """

    root_id: int
    name: str
    path: Path
    images: tuple[str, ...]

    def found_below(self, place: Path) -> int:
        """Count the images that are in a place."""
        if not place.is_dir():
            return 0
        return sum((place / image).exists() for image in self.images)


@dataclass(frozen=True)
class FoundFolder:
    """Where a folder of images is now.

    Parameters
    ----------
    n_images : int
        That are there; at least 1.
    """

    root_id: int
    path: Path
    n_images: int


def find_moved(folders: Sequence[KnownFolder], root_id: int, new_path: Path) -> list[FoundFolder]:
    """Find a folder that moved, and others that are missing and moved along.

    Parameters
    ----------
    folders : sequence of KnownFolder
        All of the project.
    root_id : int
        The one that was asked for.
    new_path : Path
        The folder that now holds what it held, or the folder around it.

    Returns
    -------
    list of FoundFolder
        The one asked for first; empty when none of its images are there.

    Raises
    ------
    KeyError
        If there is no such folder.
    """
    asked = {folder.root_id: folder for folder in folders}[root_id]
    new_path = Path(os.path.abspath(new_path))
    choices = [new_path, new_path / asked.name, new_path / asked.path.name]
    counts = [asked.found_below(choice) for choice in choices]
    if not max(counts):
        return []
    best = choices[counts.index(max(counts))]
    found = [FoundFolder(root_id, best, max(counts))]
    before, after = _changed_part(asked.path, best)
    for other in folders:
        if other.root_id == root_id or other.path.is_dir() or not other.path.is_relative_to(before):
            continue
        place = after / other.path.relative_to(before)
        if n_images := other.found_below(place):
            found.append(FoundFolder(other.root_id, place, n_images))
    return found


def _changed_part(old: Path, new: Path) -> tuple[Path, Path]:
    """Leave out the folders at the end that two places have in common."""
    while old.name and old.name == new.name and old != new:
        old, new = old.parent, new.parent
    return old, new
