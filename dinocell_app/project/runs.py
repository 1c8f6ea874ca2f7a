"""The runs of a project: their order, state and progress; what they do is in their run folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.jobs.job_kinds import SegmentJob, TrainingJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.project.database import Database
from dinocell_app.project.images import ImageTable
from dinocell_app.project.records import RUN_STATES, RunRecord


class RunTable:
    """The runs of a project.

    Parameters
    ----------
    folder : Path
        The project folder.
    runs_folder : Path
        Where the run folders are.
    """

    def __init__(self, database: Database, images: ImageTable, folder: Path, runs_folder: Path) -> None:
        self._database = database
        self._images = images
        self._folder = folder
        self._runs_folder = runs_folder

    def all(self) -> list[RunRecord]:
        """List the runs.

        Returns
        -------
        list of RunRecord
            In the order of the queue.
        """
        image_ids: dict[int, list[int]] = {}
        for row in self._database.rows("SELECT run_id, image_id FROM run_images ORDER BY run_id, position"):
            image_ids.setdefault(row[0], []).append(row[1])
        rows = self._database.rows("SELECT * FROM runs ORDER BY position, id")
        return [self._record(row, tuple(image_ids.get(row["id"], ()))) for row in rows]

    def get(self, run_id: int) -> RunRecord:
        """Read one run.

        Raises
        ------
        KeyError
            If there is no such run.
        """
        row = self._database.row("SELECT * FROM runs WHERE id = ?", (run_id,))
        if row is None:
            raise KeyError(run_id)
        images = self._database.rows(
            "SELECT image_id FROM run_images WHERE run_id = ? ORDER BY position", (run_id,)
        )
        return self._record(row, tuple(image[0] for image in images))

    def add(self, name: str, job: SegmentJob, image_ids: Sequence[int]) -> RunRecord:
        """Add a run at the end of the queue and write its job.

        Parameters
        ----------
        name : str
            The set of results it makes.
        image_ids : sequence of int
            The images of the job, in the order of its inputs.

        Returns
        -------
        RunRecord
            Queued.

        Raises
        ------
        UserFacingError
            If the run folder cannot be written; the project is as it was then.
        """
        if len(job.inputs) == len(image_ids):
            paths = [str(path) for path in job.inputs]
        else:
            paths = [str(self._images.path(image_id)) for image_id in image_ids]
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction():
            run_id = self._database.change(
                "INSERT INTO runs (name, kind, state, output, position, total, created) "
                "VALUES (?, ?, 'queued', ?, (SELECT coalesce(max(position), 0) + 1 FROM runs), ?, ?)",
                (name, job.kind, self._output(job.output), len(image_ids), created),
            )
            self._database.change_all(
                "INSERT INTO run_images (run_id, position, image_id, path) VALUES (?, ?, ?, ?)",
                [
                    (run_id, position, image_id, path)
                    for position, (image_id, path) in enumerate(zip(image_ids, paths, strict=True))
                ],
            )
            self._write_job(self._runs_folder / str(run_id), job)
        return self.get(run_id)

    def add_training(self, name: str, make_job: Callable[[Path], TrainingJob]) -> RunRecord:
        """Add a training at the end of the queue and write its job.

        Parameters
        ----------
        name : str
            Of the model.
        make_job : callable
            Makes the job for a run folder, which will hold the model.

        Returns
        -------
        RunRecord
            Queued.

        Raises
        ------
        UserFacingError
            If the run folder cannot be written; the project is as it was then.
        """
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction():
            run_id = self._database.change(
                "INSERT INTO runs (name, kind, state, output, position, total, created) "
                "VALUES (?, '', 'queued', '', (SELECT coalesce(max(position), 0) + 1 FROM runs), 0, ?)",
                (name, created),
            )
            folder = self._runs_folder / str(run_id)
            job = make_job(folder)
            self._database.change("UPDATE runs SET kind = ? WHERE id = ?", (job.kind, run_id))
            self._write_job(folder, job)
        return self.get(run_id)

    def image_paths(self, run_id: int) -> dict[str, int]:
        """List the images of a run by the paths its job names.

        Returns
        -------
        dict of str to int
            Ids of images.
        """
        rows = self._database.rows("SELECT path, image_id FROM run_images WHERE run_id = ?", (run_id,))
        return {row[0]: row[1] for row in rows}

    def set_image_paths(self, run_id: int, paths: Sequence[Path]) -> None:
        """Note that the job of a run names other paths.

        Parameters
        ----------
        paths : sequence of Path
            In the order of its images.
        """
        self._database.change_all(
            "UPDATE run_images SET path = ? WHERE run_id = ? AND position = ?",
            [(str(path), run_id, position) for position, path in enumerate(paths)],
        )

    def output(self, run_id: int) -> Path:
        """Say where the results of a run go.

        Returns
        -------
        Path
            Absolute; within the project folder wherever that is now.
        """
        row = self._database.row("SELECT output FROM runs WHERE id = ?", (run_id,))
        if row is None:
            raise KeyError(run_id)
        return self._folder / str(row[0])

    def set_state(self, run_id: int, state: str) -> None:
        """Change the state of a run, as a person asked for.

        Parameters
        ----------
        state : str
            One of `records.RUN_STATES`. A run that is queued again has not started.
        """
        if state not in RUN_STATES:
            raise ValueError(f"no state of a run: {state}")
        problem = ", problem = '', is_started = 0" if state == "queued" else ""
        self._database.change(f"UPDATE runs SET state = ?{problem} WHERE id = ?", (state, run_id))

    def reorder(self, run_ids: Sequence[int]) -> None:
        """Change the order of the queue.

        Parameters
        ----------
        run_ids : sequence of int
            The first one first; runs that are not named follow in the order they have.
        """
        others = [run.id for run in self.all() if run.id not in set(run_ids)]
        self._database.change_all(
            "UPDATE runs SET position = ? WHERE id = ?",
            [(position, run_id) for position, run_id in enumerate([*run_ids, *others], start=1)],
        )

    def remove(self, run_id: int) -> None:
        """Remove a run and its run folder; results stay.

        Raises
        ------
        InvalidParameterError
            If it is being executed.
        """
        folder = self._runs_folder / str(run_id)
        if RunFolder(folder).is_executing():
            raise InvalidParameterError(
                "The run is being executed", path=folder, remedy="Stop it first and wait until it ends"
            )
        self._database.change("DELETE FROM runs WHERE id = ?", (run_id,))
        # What cannot be removed now, such as a log open elsewhere, does no harm: ids are not used again.
        shutil.rmtree(folder, ignore_errors=True)

    def _record(self, row: Any, image_ids: tuple[int, ...]) -> RunRecord:  # noqa: ANN401 - a Row
        return RunRecord(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            state=row["state"],
            folder=self._runs_folder / str(row["id"]),
            position=row["position"],
            image_ids=image_ids,
            total=row["total"],
            n_finished=row["n_finished"],
            n_failed=row["n_failed"],
            created=row["created"],
            problem=row["problem"],
        )

    def _output(self, output: Path) -> str:
        path = Path(os.path.abspath(output))
        return path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else str(path)

    def _write_job(self, folder: Path, job: SegmentJob | TrainingJob) -> None:
        try:
            RunFolder.create(folder, job)
        except OSError as error:
            raise UserFacingError(
                f"the run could not be written ({error.strerror or error})",
                path=folder,
                remedy="Check that the disk is connected and not full",
            ) from error
