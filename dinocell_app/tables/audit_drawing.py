"""Draw the cells and places of an audit from the cells of a result set; for a worker thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.project.audits import AuditItem, AuditRecord
from dinocell_app.review.recall import Ground
from dinocell_app.review.sampling import Draw, draw_cells, draw_places, place_in
from dinocell_app.review.verdicts import CELL, PLACE
from dinocell_app.tables.cell_store import CellStore

_AREA = "area_px2"
_BOX = ("bbox_y_min", "bbox_y_max", "bbox_x_min", "bbox_x_max")


@dataclass(frozen=True)
class AuditRequest:
    """What an audit shall show."""

    set_name: str
    n_cells: int
    n_places: int
    seed: int
    reviewer: str


def draw_audit(request: AuditRequest, store: CellStore, labels: Mapping[int, Path]) -> AuditRecord:
    """Draw random cells and places.

    Parameters
    ----------
    store : CellStore
        All cells of the set.
    labels : mapping of int to Path
        Label image by result; places lie in these images only.

    Returns
    -------
    AuditRecord
        Not yet kept; cells and places in turns.

    Raises
    ------
    InvalidParameterError
        If there are no cells, or their tables lack what is needed.
    UserFacingError
        If a label image cannot be read.
    """
    missing = [name for name in (_AREA, *_BOX) if name not in store.columns]
    if not store.n_rows or missing:
        raise InvalidParameterError(
            f"the tables lack the column {missing[0]}" if missing else "there are no cells to draw from",
            remedy="Segment or measure images first, with all columns",
        )
    counts = np.diff(store.starts).tolist()
    areas = _areas(store)
    empty = [
        max(0.0, source.shape[0] * source.shape[1] - area) if source.result_id in labels else 0.0
        for source, area in zip(store.sources, areas, strict=True)
    ]
    cells = [_cell(store, draw) for draw in draw_cells(counts, request.n_cells, request.seed)]
    places = _places(request, store, labels, empty)
    items = _in_turns(cells, places)
    ground = Ground(store.n_rows, float(sum(areas)), float(sum(empty)))
    numbered = tuple(replace(item, position=number) for number, item in enumerate(items))
    return AuditRecord(0, request.set_name, request.reviewer, request.seed, ground, "", numbered)


def repeated(audit: AuditRecord, reviewer: str) -> AuditRecord:
    """Show the same again to somebody else.

    Returns
    -------
    AuditRecord
        Without verdicts, not yet kept.
    """
    items = tuple(replace(item, verdict="") for item in audit.items)
    return replace(audit, id=0, reviewer=reviewer, items=items)


def _areas(store: CellStore) -> list[float]:
    values = np.nan_to_num(np.asarray(store.columns[_AREA].values, np.float64))
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return [float(area) for area in sums[store.starts[1:]] - sums[store.starts[:-1]]]


def _cell(store: CellStore, draw: Draw) -> AuditItem:
    row = int(store.starts[draw.source]) + draw.index
    top, bottom, left, right = (int(store.columns[name].values[row]) for name in _BOX)
    middle = (top + bottom) // 2, (left + right) // 2
    return AuditItem(0, CELL, store.sources[draw.source].result_id, store.label(row), *middle)


def _places(
    request: AuditRequest, store: CellStore, labels: Mapping[int, Path], empty: list[float]
) -> list[AuditItem]:
    from dinocell_app.export.label_files import read_labels

    draws = draw_places(empty, request.n_places, request.seed)
    found: dict[Draw, AuditItem] = {}
    for source in sorted({draw.source for draw in draws}):
        result_id = store.sources[source].result_id
        pixels: NDArray[np.integer] = read_labels(labels[result_id])
        for draw in (each for each in draws if each.source == source):
            place = place_in(pixels, request.seed, draw)
            if place is not None:
                found[draw] = AuditItem(0, PLACE, result_id, 0, *place)
    return [found[draw] for draw in draws if draw in found]


def _in_turns(cells: list[AuditItem], places: list[AuditItem]) -> list[AuditItem]:
    """Mix both, so that whoever stops early has judged some of each."""
    ranks = [(number + 0.5) / len(group) for group in (cells, places) for number in range(len(group))]
    order = np.argsort(ranks, kind="stable")
    together = [*cells, *places]
    return [together[int(place)] for place in order]
