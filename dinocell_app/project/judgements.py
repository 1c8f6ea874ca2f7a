"""What a person said about cells while looking through them: keep, delete or fix."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from dinocell_app.project.database import Database

CellKey = tuple[int, int]
"""Id of a result and label of one of its cells."""


class JudgementTable:
    """The judgements of a project; those on a result go with it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[CellKey, str]:
        """Read every judgement.

        Returns
        -------
        dict of (int, int) to str
            Of `review.verdicts.JUDGEMENTS`, by result and label.
        """
        rows = self._database.rows("SELECT result_id, label, judgement FROM judgements")
        return {(row[0], row[1]): row[2] for row in rows}

    def of_result(self, result_id: int) -> dict[int, str]:
        """Read the judgements on the cells of a result.

        Returns
        -------
        dict of int to str
            By label.
        """
        rows = self._database.rows(
            "SELECT label, judgement FROM judgements WHERE result_id = ? ORDER BY label", (result_id,)
        )
        return {row[0]: row[1] for row in rows}

    def set(self, judgements: Mapping[CellKey, str], reviewer: str = "") -> None:
        """Keep judgements in place of earlier ones.

        Parameters
        ----------
        judgements : mapping of (int, int) to str
            By result and label; an empty one takes it away.
        reviewer : str
            Who judged.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction():
            for (result_id, label), judgement in judgements.items():
                if judgement:
                    self._database.change(
                        "INSERT OR REPLACE INTO judgements VALUES (?, ?, ?, ?, ?)",
                        (result_id, label, judgement, reviewer, now),
                    )
                else:
                    self._database.change(
                        "DELETE FROM judgements WHERE result_id = ? AND label = ?", (result_id, label)
                    )
