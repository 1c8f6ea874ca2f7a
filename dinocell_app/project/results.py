"""Results of the images of a project: what was found, when, by which run, and in which files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dinocell_app.base.json_text import parse_json
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.names import SUFFIXES
from dinocell_app.project.database import Database
from dinocell_app.project.records import NewResult, ResultRecord

FINISHED, FAILED = "finished", "failed"

_WRITTEN = "image_id, run_id, name, plane, scene, t, z, status, n_cells, seconds, reason, files, created"
_COLUMNS = f"id, {_WRITTEN}, n_edited, model_files, has_newer"
"""The fields of `ResultRecord`; those of the address of the plane are columns of their own."""


class ResultTable:
    """The results of a project.

    Parameters
    ----------
    folder : Path
        The project folder.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def of_image(self, image_id: int) -> list[ResultRecord]:
        """List the results of an image.

        Returns
        -------
        list of ResultRecord
            The newest first.
        """
        return self._select("WHERE image_id = ? ORDER BY id DESC", (image_id,))

    def finished(self) -> list[ResultRecord]:
        """List all results that are not failures."""
        return self._select("WHERE status = 'finished' ORDER BY id")

    def latest(self) -> dict[int, ResultRecord]:
        """Find the newest result of every image that has any.

        Returns
        -------
        dict of int to ResultRecord
            By image; of several planes, the first.
        """
        newest = self._select("WHERE id IN (SELECT max(id) FROM results GROUP BY image_id)")
        return {result.image_id: result for result in newest}

    def set_names(self) -> list[str]:
        """List the sets of results.

        Returns
        -------
        list of str
            Names in alphabetical order.
        """
        rows = self._database.rows("SELECT DISTINCT name FROM results ORDER BY name COLLATE NOCASE")
        return [row[0] for row in rows]

    def get(self, result_id: int) -> ResultRecord:
        """Read one result.

        Raises
        ------
        KeyError
            If there is no such result.
        """
        found = self._select("WHERE id = ?", (result_id,))
        if not found:
            raise KeyError(result_id)
        return found[0]

    def in_set(self, name: str) -> list[ResultRecord]:
        """List the results of a set.

        Returns
        -------
        list of ResultRecord
            By image, then the newest first.
        """
        return self._select("WHERE name = ? ORDER BY image_id, id DESC", (name,))

    def record(self, new: NewResult) -> ResultRecord:
        """Record a result in place of the earlier one of the same image, plane and set.

        A failure leaves an earlier finished result as it is: its files are still there. One that people
        corrected stays, and keeps in mind that there is a newer one.
        """
        return self.record_image([new])[0]

    def record_image(self, planes: Sequence[NewResult]) -> list[ResultRecord]:
        """Record the results of all planes of one image.

        Parameters
        ----------
        planes : sequence of NewResult
            Of one image and one set, the first plane first.

        Returns
        -------
        list of ResultRecord
            In the same order.
        """
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction():
            for new in planes:
                self._forget_replaced(new)
            # The first plane comes last, so that it is the newest of its image.
            rows = [self._beside_corrected(new) or self._insert(new, created) for new in reversed(planes)]
        return [_record(row) for row in reversed(rows)]

    def publish(self, result_id: int, files: Sequence[str], n_cells: int, n_edited: int) -> ResultRecord:
        """Let a result be what people made of it.

        Parameters
        ----------
        files : sequence of str
            Of the corrected result, relative to the project folder.
        n_edited : int
            Cells that were corrected or drawn.
        """
        self._database.change(
            "UPDATE results SET model_files = CASE model_files WHEN '[]' THEN files ELSE model_files END, "
            "files = ?, n_cells = ?, n_edited = ? WHERE id = ?",
            (json.dumps(list(files), ensure_ascii=False), n_cells, n_edited, result_id),
        )
        return self.get(result_id)

    def with_newer(self) -> list[ResultRecord]:
        """List the corrected results of which the model has made newer ones."""
        return self._select("WHERE has_newer = 1 ORDER BY image_id, id")

    def take_newer(self, result_id: int) -> ResultRecord:
        """Say that the newer result of the model has been dealt with."""
        self._database.change("UPDATE results SET has_newer = 0 WHERE id = ?", (result_id,))
        return self.get(result_id)

    def model_labels_path(self, result: ResultRecord) -> Path | None:
        """Say where the label image is that the model wrote.

        Returns
        -------
        Path or None
            None when its file is gone.
        """
        return self._existing(result.model_files or result.files, "labels")

    def remove(self, result_ids: Sequence[int]) -> None:
        """Take results out of the project; their files stay."""
        self._database.change_all("DELETE FROM results WHERE id = ?", [(number,) for number in result_ids])

    def labels_path(self, result: ResultRecord) -> Path | None:
        """Say where the label image of a result is.

        Returns
        -------
        Path or None
            None when the result has none, or its file is gone.
        """
        return self._file(result, "labels")

    def table_path(self, result: ResultRecord) -> Path | None:
        """Say where the table of the cells of a result is.

        Returns
        -------
        Path or None
            Parquet if there is one, else CSV; None when the result has none, or its file is gone.
        """
        return self._file(result, "parquet") or self._file(result, "csv")

    def _file(self, result: ResultRecord, kind: str) -> Path | None:
        return self._existing(result.files, kind)

    def _existing(self, files: Sequence[str], kind: str) -> Path | None:
        for name in files:
            if name.endswith(SUFFIXES[kind]):
                path = self._folder / name
                return path if path.is_file() else None
        return None

    def _forget_replaced(self, new: NewResult) -> None:
        failed_only = " AND status = ?" if new.status == FAILED else " AND (plane = ? OR status = 'failed')"
        value = FAILED if new.status == FAILED else new.plane.suffix
        self._database.change(
            f"DELETE FROM results WHERE image_id = ? AND name = ?{failed_only} AND model_files = '[]'",
            (new.image_id, new.name, value),
        )

    def _beside_corrected(self, new: NewResult) -> Any:  # noqa: ANN401 - a Row, or None
        """Keep a corrected result, and note that the model has another one."""
        if new.status == FAILED:
            return None
        rows = self._database.rows(
            "UPDATE results SET run_id = ?, model_files = ?, has_newer = 1 "
            f"WHERE image_id = ? AND name = ? AND plane = ? AND model_files <> '[]' RETURNING {_COLUMNS}",
            (
                new.run_id,
                json.dumps(new.files, ensure_ascii=False),
                new.image_id,
                new.name,
                new.plane.suffix,
            ),
        )
        return rows[0] if rows else None

    def _insert(self, new: NewResult, created: str) -> Any:  # noqa: ANN401 - a Row
        return self._database.rows(
            f"INSERT INTO results ({_WRITTEN}) VALUES ({', '.join('?' * 13)}) RETURNING {_COLUMNS}",
            (
                new.image_id,
                new.run_id,
                new.name,
                new.plane.suffix,
                new.plane.scene,
                new.plane.t,
                new.plane.z,
                new.status,
                new.n_cells,
                new.seconds,
                new.reason,
                json.dumps(new.files, ensure_ascii=False),
                created,
            ),
        )[0]

    def _select(self, condition: str, values: Sequence[Any] = ()) -> list[ResultRecord]:
        return [
            _record(row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM results {condition}", values)
        ]


def _record(row: Any) -> ResultRecord:  # noqa: ANN401 - a Row
    values = dict(row)
    values["plane"] = PlaneAddress(values.pop("t"), values.pop("z"), values.pop("scene"), values["plane"])
    values["files"] = tuple(parse_json(values["files"]))
    values["model_files"] = tuple(parse_json(values["model_files"]))
    values["has_newer"] = bool(values["has_newer"])
    return ResultRecord(**values)
