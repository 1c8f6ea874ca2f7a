"""Where the corrections of each result are kept, and how they are opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.files import write_text
from dinocell_app.project.records import ResultRecord

if TYPE_CHECKING:
    from dinocell_app.editing.edit_history import EditHistory

EDITS_NAME = "edits"
"""Folder of the histories, in that of the project."""

PUBLISHED_NAME = "published"
"""In the folder of a history: how long its journal was when labels and table were written."""


class EditStore:
    """The histories of corrections of a project, one for each result.

    Parameters
    ----------
    folder : Path
        Of the project.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder_of(self, result: ResultRecord) -> Path:
        """Say where the history of a result is.

        Returns
        -------
        Path
            The same for all runs of a set: a newer result of the model does not hide what people did.
        """
        return self._folder / EDITS_NAME / result.name / f"{result.image_id}{result.plane.suffix}"

    def has_history(self, result: ResultRecord) -> bool:
        """Tell whether anything was ever done to a result."""
        return self.journal_size(result) > 0

    def journal_size(self, result: ResultRecord) -> int:
        """Give the length of the journal of a result.

        Returns
        -------
        int
            Bytes; 0 where nothing was ever done.
        """
        try:
            return (self.folder_of(result) / "journal.jsonl").stat().st_size
        except OSError:
            return 0

    def note_published(self, result: ResultRecord, journal_size: int) -> None:
        """Keep in mind that labels and table say what the journal says.

        Parameters
        ----------
        journal_size : int
            Of the journal that they say.
        """
        write_text(self.folder_of(result) / PUBLISHED_NAME, str(journal_size))

    def is_published(self, result: ResultRecord) -> bool:
        """Tell whether labels and table say what the journal says; after a crash they may not.

        Returns
        -------
        bool
            Also True where nothing was ever done.
        """
        size = self.journal_size(result)
        if not size:
            return True
        try:
            return (self.folder_of(result) / PUBLISHED_NAME).read_text(encoding="utf-8") == str(size)
        except (OSError, UnicodeDecodeError):
            return False

    def is_empty(self) -> bool:
        """Tell whether nothing was ever corrected in the project."""
        return not (self._folder / EDITS_NAME).is_dir()


def open_history(folder: Path, labels: Path, who: str) -> EditHistory:
    """Open the history of a result; slow for large images, so for a worker thread.

    Parameters
    ----------
    folder : Path
        From `EditStore.folder_of`.
    labels : Path
        Label image of the model, read only if nothing was done before.
    who : str
        Who edits.

    Raises
    ------
    UserFacingError
        If labels or history cannot be read.
    """
    from dinocell_app.editing.edit_history import EditHistory
    from dinocell_app.export.label_files import read_labels

    return EditHistory(folder, lambda: read_labels(labels), who=who)
