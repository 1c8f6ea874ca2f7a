"""Audits of the results of a project: random cells and places, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dinocell_app.project.database import Database
from dinocell_app.review.audit_result import AuditResult
from dinocell_app.review.recall import Ground
from dinocell_app.review.verdicts import count_verdicts

_AUDIT = "id, set_name, reviewer, seed, n_cells, cell_area_px, empty_area_px, created"
_ITEM = "position, kind, result_id, label, y, x, verdict"


@dataclass(frozen=True)
class AuditItem:
    """A cell or a place that is shown.

    Parameters
    ----------
    position : int
        When it is shown, counted from 0.
    kind : str
        "cell" or "place".
    result_id : int or None
        The result it belongs to; None when that was replaced or removed since.
    label : int
        Of the cell; 0 for a place.
    row, column : int
        A pixel: the middle of the cell's box, or the place.
    verdict : str
        Of `review.verdicts.VERDICTS`; empty while not judged.
    """

    position: int
    kind: str
    result_id: int | None
    label: int
    row: int
    column: int
    verdict: str = ""

    @property
    def key(self) -> Hashable:
        """What two reviewers' verdicts are compared by."""
        where = (self.label,) if self.label else (self.row, self.column)
        return (self.kind, self.result_id, *where)


@dataclass(frozen=True)
class AuditRecord:
    """An audit of a set of results.

    Parameters
    ----------
    set_name : str
        Results that were drawn from; empty for the newest of each image.
    created : str
        ISO 8601 in UTC.
    items : tuple of AuditItem
        In the order in which they are shown.
    """

    id: int
    set_name: str
    reviewer: str
    seed: int
    ground: Ground
    created: str
    items: tuple[AuditItem, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether all results that it is about are still there."""
        return all(item.result_id is not None for item in self.items)

    @property
    def n_judged(self) -> int:
        """Cells and places that were judged."""
        return sum(bool(item.verdict) for item in self.items)

    @property
    def result(self) -> AuditResult:
        """What it proves."""
        counts = count_verdicts(item.verdict for item in self.items)
        return AuditResult(counts, self.ground, self.seed, self.reviewer)

    def verdicts(self) -> dict[Hashable, str]:
        """Collect the verdicts that were given.

        Returns
        -------
        dict of hashable to str
            By what was judged.
        """
        return {item.key: item.verdict for item in self.items if item.verdict and item.result_id is not None}


class AuditTable:
    """The audits of a project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, new: AuditRecord) -> AuditRecord:
        """Keep a new audit.

        Parameters
        ----------
        new : AuditRecord
            Its id and time are not looked at.
        """
        ground, created = new.ground, datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction():
            audit_id = self._database.change(
                f"INSERT INTO audits ({_AUDIT.removeprefix('id, ')}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    new.set_name,
                    new.reviewer,
                    new.seed,
                    ground.n_cells,
                    ground.cell_area_px,
                    ground.empty_area_px,
                    created,
                ),
            )
            self._database.change_all(
                f"INSERT INTO audit_items (audit_id, {_ITEM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (audit_id, n, item.kind, item.result_id, item.label, item.row, item.column, item.verdict)
                    for n, item in enumerate(new.items)
                ],
            )
        return self.get(audit_id)

    def judge(self, audit_id: int, position: int, verdict: str) -> None:
        """Keep a verdict in place of an earlier one.

        Parameters
        ----------
        position : int
            Of the item.
        verdict : str
            Empty takes it away.
        """
        self._database.change(
            "UPDATE audit_items SET verdict = ? WHERE audit_id = ? AND position = ?",
            (verdict, audit_id, position),
        )

    def get(self, audit_id: int) -> AuditRecord:
        """Read an audit.

        Raises
        ------
        KeyError
            If there is none.
        """
        found = self._select("WHERE id = ?", (audit_id,))
        if not found:
            raise KeyError(audit_id)
        return found[0]

    def of_set(self, set_name: str) -> list[AuditRecord]:
        """List the audits of a set of results.

        Returns
        -------
        list of AuditRecord
            The newest first, also those of results that were replaced since.
        """
        return self._select("WHERE set_name = ? ORDER BY id DESC", (set_name,))

    def about_results(self, set_name: str) -> list[AuditRecord]:
        """List the audits that say something about the results of a set as they are now.

        Returns
        -------
        list of AuditRecord
            The newest first: those with verdicts whose results all belong to the set and are still there,
            also where they were drawn from the newest results of each image.
        """
        rows = self._database.rows(
            "SELECT audit_id FROM audit_items LEFT JOIN results ON results.id = result_id "
            "GROUP BY audit_id HAVING min(coalesce(results.name = ?, 0)) = 1 ORDER BY audit_id DESC",
            (set_name,),
        )
        return [audit for row in rows if (audit := self.get(row[0])).n_judged]

    def remove(self, audit_id: int) -> None:
        """Forget an audit."""
        self._database.change("DELETE FROM audits WHERE id = ?", (audit_id,))

    def _select(self, condition: str, values: Sequence[Any]) -> list[AuditRecord]:
        return [
            AuditRecord(
                row[0], row[1], row[2], row[3], Ground(row[4], row[5], row[6]), row[7], self._items(row[0])
            )
            for row in self._database.rows(f"SELECT {_AUDIT} FROM audits {condition}", values)
        ]

    def _items(self, audit_id: int) -> tuple[AuditItem, ...]:
        rows = self._database.rows(
            f"SELECT {_ITEM} FROM audit_items WHERE audit_id = ? ORDER BY position", (audit_id,)
        )
        return tuple(AuditItem(*row) for row in rows)
