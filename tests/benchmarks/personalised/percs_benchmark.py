"""The table of the paper on personalised cell segmentation: AP, precision and recall at IoU 0.3 and 0.5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from dinocell_training.image_scores import MatchingScores
from dinocell_training.label_overlaps import count_overlaps
from dinocell_training.matching import match_by_iou
from dinocell_training.reference_training.typed_pictures import TypedCells
from numpy.typing import NDArray

from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.segmentation.reference.percs_file import reference_head
from tests.benchmarks.personalised.percs_methods import (
    GuidedMasks,
    Method,
    References,
    ScoredCells,
    SeenPicture,
    SimilarityFilter,
    see,
)
from tests.benchmarks.personalised.percs_queries import Chosen

IOU_THRESHOLDS = (0.3, 0.5)
NUMBERS = ((1, 0), (3, 0), (5, 0), (1, 1), (3, 3), (5, 5))
"""Cells that are shown, and cells that are shown as not meant."""

FILTER_LEVELS = tuple(round(float(level), 2) for level in np.arange(0.3, 0.96, 0.05))


@dataclass(frozen=True)
class Row:
    """One line of the table for one set of pictures.

    Parameters
    ----------
    threshold : float
        IoU.
    ap, precision, recall : float
        Means over pictures and types.
    """

    method: str
    threshold: float
    ap: float
    precision: float
    recall: float
    n_questions: int


def methods_of(
    model: SegmentationModel, more: Mapping[str, Method], *, maps: bool
) -> dict[str, tuple[Method, tuple[int, int]]]:
    """List the methods and how many references each is shown.

    Parameters
    ----------
    more : mapping of str to Method
        Further baselines, shown one cell.
    maps : bool
        Whether the head's own masks are scored, too.

    Returns
    -------
    dict
        By what the table calls them.
    """
    head = reference_head(model)
    listed: dict[str, tuple[Method, tuple[int, int]]] = {
        f"Similarity filter, {level:g}": (SimilarityFilter(level), (1, 0)) for level in FILTER_LEVELS
    }
    listed |= {name: (method, (1, 0)) for name, method in more.items()}
    for like, unlike in NUMBERS:
        shown = f"+{like} -{unlike}" if unlike else f"+{like}"
        listed[f"Training-free {shown}"] = (ScoredCells(None), (like, unlike))
        if head is not None:
            listed[f"Trained {shown}"] = (ScoredCells(head), (like, unlike))
    if head is not None and maps:
        listed["Trained, own masks +1"] = (GuidedMasks(head, model), (1, 0))
    return listed


def score_set(
    pictures: Mapping[str, TypedCells],
    chosen: Chosen,
    model: SegmentationModel,
    methods: Mapping[str, tuple[Method, tuple[int, int]]],
) -> Iterator[str | tuple[Row, ...]]:
    """Ask all methods about all pictures and types.

    Parameters
    ----------
    chosen : Chosen
        References of each picture and type.
    methods : mapping
        From `methods_of`.

    Yields
    ------
    str
        Name of each picture that is done.
    tuple of Row
        At last, all rows; of the similarity filters, the best one at IoU 0.5 alone.
    """
    scores: dict[tuple[str, float], list[MatchingScores]] = {}
    for name, cells in pictures.items():
        asked = chosen[name]
        labels = {label for like, unlike in asked.values() for label in (*like, *unlike)}
        if labels:
            seen = see(cells, model, labels)
            for wanted, references in asked.items():
                for method, found in _asked(seen, wanted, references, methods):
                    scores.setdefault((method, found.threshold), []).append(found)
        yield name
    yield best_filter([_mean(method, values) for (method, _), values in scores.items()])


def best_filter(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Leave the similarity filter only the level that suits these very pictures best: a generous baseline."""
    filters = [row for row in rows if row.method.startswith("Similarity filter")]
    best = max(
        (row for row in filters if row.threshold == IOU_THRESHOLDS[-1]), key=lambda row: row.ap, default=None
    )
    return tuple(
        row for row in rows if row not in filters or (best is not None and row.method == best.method)
    )


def table_lines(sets: Mapping[str, Sequence[Row]]) -> list[str]:
    """Lay rows out as the paper does: methods down, sets across, one block for each IoU."""
    columns = {
        name: {(_family(row.method), row.threshold): row for row in rows} for name, rows in sets.items()
    }
    methods = list(dict.fromkeys(_family(row.method) for rows in sets.values() for row in rows))
    width = max([len(method) for method in methods] + [7]) + 2
    lines = [f"{'':{width + 5}}" + "".join(f"{name:^24}" for name in sets)]
    lines.append(f"{'Methods':{width}}{'IoU':<5}" + "".join(f"{'AP':>8}{'P':>8}{'R':>8}" for _ in sets))
    for threshold in IOU_THRESHOLDS:
        for method in methods:
            values = ""
            for name in sets:
                row = columns[name].get((method, threshold))
                values += (
                    f"{row.ap:8.3f}{row.precision:8.3f}{row.recall:8.3f}"
                    if row is not None
                    else f"{'-':>8}" * 3
                )
            lines.append(f"{method:{width}}{threshold:<5g}{values}")
    return lines


def _family(method: str) -> str:
    """Call the similarity filter the same whatever its level."""
    return "Similarity filter" if method.startswith("Similarity filter") else method


def _asked(
    seen: SeenPicture,
    wanted: str,
    references: tuple[tuple[int, ...], tuple[int, ...]],
    methods: Mapping[str, tuple[Method, tuple[int, int]]],
) -> Iterator[tuple[str, MatchingScores]]:
    types = np.array(["", *seen.cells.types], dtype=np.str_)
    labels = seen.cells.labels
    truth = np.where((types == wanted)[labels], labels, 0)
    unknown = (labels > 0) & (types == "")[labels]
    for name, (method, (n_like, n_unlike)) in methods.items():
        like, unlike = references[0][:n_like], references[1][:n_unlike]
        shown = References(_vectors(seen, like), _vectors(seen, unlike), like)
        found = count_overlaps(method.masks(seen, shown), truth, ignore=unknown)
        for threshold in IOU_THRESHOLDS:
            n_right = len(match_by_iou(found, threshold))
            yield (
                name,
                MatchingScores(threshold, n_right, found.n_predicted - n_right, found.n_reference - n_right),
            )


def _vectors(seen: SeenPicture, labels: Sequence[int]) -> NDArray[np.float32]:
    return np.array([seen.labelled[label] for label in labels], np.float32).reshape(
        len(labels), seen.found.shape[1]
    )


def _mean(method: str, scores: Sequence[MatchingScores]) -> Row:
    values = np.array([(each.ap, each.precision, each.recall) for each in scores]).mean(axis=0)
    ap, precision, recall = (float(value) for value in values)
    return Row(method, scores[0].threshold, ap, precision, recall, len(scores))
