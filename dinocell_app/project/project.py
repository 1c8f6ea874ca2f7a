"""A project: one folder with the project file, results and runs."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.standing_folders import standing
from dinocell_app.project.audits import AuditTable
from dinocell_app.project.corrected_images import CorrectedImages
from dinocell_app.project.database import Database, create_database, open_database
from dinocell_app.project.displays import DisplayTable
from dinocell_app.project.edits import EditStore
from dinocell_app.project.images import ImageTable
from dinocell_app.project.judgements import JudgementTable
from dinocell_app.project.locking import ProjectLock
from dinocell_app.project.presets import PresetTable
from dinocell_app.project.references import ReferenceTable
from dinocell_app.project.regions import RegionTable
from dinocell_app.project.results import ResultTable
from dinocell_app.project.roots import RootTable
from dinocell_app.project.runs import RunTable

SUFFIX = ".dinocell"
DATABASE_NAME = "project.sqlite"
RUNS_NAME = "runs"


class Project:
    """An open project, used by one thread; `create` and `open` give one.

    Parameters
    ----------
    folder : Path
        The project folder, absolute.
    lock : ProjectLock
        Held while the project may be changed.
    """

    def __init__(self, folder: Path, database: Database, lock: ProjectLock) -> None:
        self._database = database
        self._lock = lock
        self._held = ExitStack()
        if database.read_only_reason is None:
            # What is saved below it goes there, or is refused: never to a folder that took its place.
            self._held.enter_context(standing(folder))
        self.folder = folder
        self.roots = RootTable(database, folder.parent)
        self.images = ImageTable(database, self.roots)
        self.displays = DisplayTable(database, self.images)
        self.results = ResultTable(database, folder)
        self.runs = RunTable(database, self.images, folder, self.runs_folder)
        self.presets = PresetTable(database)
        self.references = ReferenceTable(database)
        self.judgements = JudgementTable(database)
        self.audits = AuditTable(database)
        self.regions = RegionTable(database)
        self.edits = EditStore(folder)
        self.corrected = CorrectedImages(database)

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make a new project.

        Parameters
        ----------
        folder : Path
            That does not exist; ".dinocell" is added to its name where it is missing.

        Raises
        ------
        InvalidParameterError
            If it exists or cannot be made.
        UnreadableFileError
            If its disk is full.
        """
        folder = Path(os.path.abspath(folder))
        if folder.suffix.lower() != SUFFIX:
            folder = folder.with_name(folder.name + SUFFIX)
        try:
            folder.mkdir(parents=True)
            for part in ("results", RUNS_NAME):
                (folder / part).mkdir()
        except FileExistsError as error:
            raise InvalidParameterError(
                "exists already", path=folder, remedy="Open it, or choose another name for the new project"
            ) from error
        except OSError as error:
            raise InvalidParameterError(
                f"the project folder cannot be made ({error.strerror or error})",
                path=folder,
                remedy="Choose a folder that your account may write to",
            ) from error
        lock = ProjectLock(folder)
        lock.take()
        try:
            return cls(folder, create_database(folder / DATABASE_NAME), lock)
        except BaseException:
            # It was made just now; left behind, it would be in the way of the next try.
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a project; for reading only when it is in use elsewhere or may not be written to.

        Parameters
        ----------
        folder : Path
            The project folder, or the project file in it.

        Returns
        -------
        Project
            Brought to the newest version, after the file of the older one was copied.

        Raises
        ------
        InvalidParameterError
            If it is no project.
        UnreadableFileError
            If its file is damaged or of a newer version.
        """
        folder = Path(os.path.abspath(folder))
        if folder.name == DATABASE_NAME:
            folder = folder.parent
        if not (folder / DATABASE_NAME).is_file():
            raise InvalidParameterError(
                "is no project", path=folder, remedy=f"Choose a folder whose name ends in {SUFFIX}"
            )
        lock = ProjectLock(folder)
        reason = lock.take()
        try:
            return cls(folder, open_database(folder / DATABASE_NAME, reason), lock)
        except BaseException:
            lock.release()
            raise

    @property
    def name(self) -> str:
        """Name of the folder without its suffix."""
        return self.folder.name.removesuffix(SUFFIX)

    @property
    def database(self) -> Database:
        """The project file, for transactions over several tables."""
        return self._database

    @property
    def read_only_reason(self) -> str | None:
        """Why the project cannot be changed, as a sentence; None when it can."""
        return self._database.read_only_reason

    @property
    def results_folder(self) -> Path:
        """Where sets of results are, a folder each."""
        return self.folder / "results"

    @property
    def runs_folder(self) -> Path:
        """Where run folders are."""
        return self.folder / RUNS_NAME

    def close(self) -> None:
        """Close the project file and give the lock back."""
        self._database.close()
        self._lock.release()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
