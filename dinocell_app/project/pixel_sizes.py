"""Which pixel size an image has, and who said so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.project.database import Database
from dinocell_app.project.records import PixelSizeScope

_PROJECT_KEY = "pixel_size_um"


@dataclass(frozen=True)
class SetPixelSizes:
    """Pixel sizes that a person set for folders and for the project.

    Parameters
    ----------
    folders : mapping of (int, str) to float
        By root and folder below it.
    """

    folders: Mapping[tuple[int, str], float]
    project: float | None

    @classmethod
    def read(cls, database: Database) -> SetPixelSizes:
        """Read them from the project file."""
        folders = {
            (row["root_id"], row["folder"]): row["pixel_size_um"]
            for row in database.rows("SELECT * FROM folder_pixel_sizes")
        }
        row = database.row("SELECT value FROM settings WHERE key = ?", (_PROJECT_KEY,))
        return cls(folders, None if row is None else float(row[0]))

    def choose(
        self, own: float | None, root_id: int, folder: str, in_file: float | None
    ) -> tuple[float | None, str]:
        """Choose for one image: its own, that of the nearest folder, of the project, of the file.

        Parameters
        ----------
        own : float or None
            Set for the image itself.
        folder : str
            Of the image, below its root.

        Returns
        -------
        um : float or None
        source : str
            "image", "folder", "project", "file" or "unknown".
        """
        if own is not None:
            return own, "image"
        while self.folders:
            if (root_id, folder) in self.folders:
                return self.folders[root_id, folder], "folder"
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        if self.project is not None:
            return self.project, "project"
        return (in_file, "file") if in_file is not None else (None, "unknown")


def write_pixel_size(database: Database, scope: PixelSizeScope, um: float | None) -> None:
    """Set a pixel size, or unset it.

    Parameters
    ----------
    um : float or None
        None to unset.

    Raises
    ------
    InvalidParameterError
        If it is no positive number.
    """
    if um is not None and not (math.isfinite(um) and um > 0):
        raise InvalidParameterError(
            f"A pixel cannot be {um:g} µm wide", remedy="Give a number above 0, such as 0.65"
        )
    if scope.kind == "image":
        database.change("UPDATE images SET own_pixel_size_um = ? WHERE id = ?", (um, scope.id))
    elif scope.kind == "folder":
        with database.transaction():
            place = (scope.id, scope.below)
            database.change("DELETE FROM folder_pixel_sizes WHERE root_id = ? AND folder = ?", place)
            if um is not None:
                database.change("INSERT INTO folder_pixel_sizes VALUES (?, ?, ?)", (*place, um))
    elif um is None:
        database.change("DELETE FROM settings WHERE key = ?", (_PROJECT_KEY,))
    else:
        database.change("INSERT OR REPLACE INTO settings VALUES (?, ?)", (_PROJECT_KEY, repr(float(um))))
