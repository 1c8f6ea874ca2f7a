"""How large cells are, by what a network finds where an image is shown at several scales.

A network finds something at every scale: colonies for cells where it sees too little of them, specks where it
sees too much. But only at scales at which it knows the cells do its flows agree with the masks that they lead
to, and only there does the measured diameter not depend on the scale. So the scales vote for the diameters
that they measure, each with the agreement of its flows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.segmentation.scale import TrainedScale, typical_diameter

CANDIDATE_FACTORS = (1.0, 0.5, 2.0, 0.25, 3.0)
"""Pixels of the network's image for one pixel of the image, in the order in which they are tried at first."""

SURE_AGREEMENT = 0.75
"""Agreement with which a scale that shows cells of a trained size is believed without a second look."""

SURE_CELLS = 5
"""Cells that this takes."""

SHARED_AGREEMENT = 0.7
"""Agreement with which two scales that measure the same diameter are believed."""

SAME_OCTAVES = 0.3
"""Diameters that differ by less than this power of two are the same."""

LEAST_COVER = 0.01
"""Cells that cover less of a view speak with less weight than their agreement gives them."""

VOTE_POWER = 4
VOTE_OCTAVES = 0.4
"""How much a better agreement counts, and how far the vote for a diameter reaches."""

_STEPS = 600
"""Along the flows; enough for cells as large as a view."""


@dataclass(frozen=True)
class View:
    """A part of an image, shown to the network at some scale as one tile.

    Parameters
    ----------
    factor : float
        Pixels of the network's image for one pixel of the image.
    rows, columns : slice
        In pixels of the image.
    """

    factor: float
    rows: slice
    columns: slice


@dataclass(frozen=True)
class Evidence:
    """What a network finds in a view.

    Parameters
    ----------
    diameter_px : float or None
        Typical diameter in pixels of the image; None without a cell.
    agreement : float
        Share of the foreground whose flows agree with those of the masks they lead to, at most 1.
    n_whole : int
        Cells that do not reach the edge of the view.
    cells : ndarray of shape (m, n), bool
        Where cells are, in pixels of the network's image.
    """

    view: View
    diameter_px: float | None
    agreement: float
    n_cells: int
    n_whole: int
    cells: NDArray[np.bool_]


def choose_view(shape: tuple[int, int], factor: float, tile_size: int, seen: Sequence[Evidence] = ()) -> View:
    """Choose the part of an image that fills a tile.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the image.
    seen : sequence of Evidence
        From earlier views; the best one that is larger says where most cells are.

    Returns
    -------
    View
        In the middle of the image where nothing else is known.
    """
    size = [min(edge, max(1, round(tile_size / factor))) for edge in shape]
    starts = [(edge - length) // 2 for edge, length in zip(shape, size, strict=True)]
    wider = [one for one in seen if one.view.factor < factor and one.n_cells]
    if wider:
        best = max(wider, key=lambda one: one.agreement)
        window = [max(1, round(length * best.view.factor)) for length in size]
        row, column = _fullest(best.cells, window)
        places = (
            best.view.rows.start + row / best.view.factor,
            best.view.columns.start + column / best.view.factor,
        )
        starts = [
            min(max(0, round(place)), edge - length)
            for place, edge, length in zip(places, shape, size, strict=True)
        ]
    rows, columns = (slice(start, start + length) for start, length in zip(starts, size, strict=True))
    return View(factor, rows, columns)


def next_factor(remaining: Sequence[float], seen: Sequence[Evidence], trained: TrainedScale) -> float:
    """Choose the candidate that would bring the cells seen last nearest to the trained size."""
    diameter = seen[-1].diameter_px if seen else None
    if diameter is None:
        return remaining[0]
    wanted = trained.target / diameter
    return min(remaining, key=lambda factor: abs(np.log(factor / wanted)))


def measuring_decoding(parameters: DecodingParameters, min_confidence: float) -> DecodingParameters:
    """Fit thresholds to maps in which cells may have any size.

    Parameters
    ----------
    parameters : DecodingParameters
        The user's; sizes in them are in pixels of the image.
    """
    smallest = DecodingParameters().min_size
    return replace(
        parameters,
        n_iterations=_STEPS,
        min_size=smallest,
        max_fraction=1.0,
        min_confidence=min_confidence,
        flow_threshold=0.0,
    )


def judge(view: View, maps: NDArray[np.float32], labels: NDArray[np.integer], threshold: float) -> Evidence:
    """Compare the flows of a view with those of the cells that they lead to.

    Parameters
    ----------
    maps : ndarray of shape (3, m, n), float32
        Flows and cell probability of the view.
    labels : ndarray of shape (m, n), int
        Decoded from them, 1 to K.
    threshold : float
        Of the cell probability.
    """
    cells = labels > 0
    targets = labels_to_flows(labels)
    agreeing = float(np.sum(targets * np.nan_to_num(maps[:2]), dtype=np.float64))
    foreground = max(float(np.count_nonzero(maps[2] > threshold)), LEAST_COVER * labels.size)
    diameter = typical_diameter(labels, fewest=1)
    cut = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    n_cells = int(labels.max(initial=0))
    return Evidence(
        view,
        None if diameter is None else diameter / view.factor,
        max(0.0, agreeing / foreground),
        n_cells,
        n_cells - len(cut[cut > 0]),
        cells,
    )


def is_enough(seen: Sequence[Evidence], trained: TrainedScale) -> bool:
    """Tell whether further scales would hardly change what is known.

    Parameters
    ----------
    seen : sequence of Evidence
        The newest last.
    """
    newest = seen[-1]
    diameter = newest.diameter_px
    if diameter is None:
        return False
    is_known = trained.low <= diameter * newest.view.factor <= trained.high
    if is_known and newest.agreement >= SURE_AGREEMENT and newest.n_cells >= SURE_CELLS:
        return True
    return newest.agreement >= SHARED_AGREEMENT and any(
        one.agreement >= SHARED_AGREEMENT
        and one.diameter_px is not None
        and abs(np.log2(one.diameter_px / diameter)) < SAME_OCTAVES
        for one in seen[:-1]
    )


def agreed_diameter(seen: Iterable[Evidence]) -> float | None:
    """Find the diameter that most agreement speaks for.

    Returns
    -------
    float or None
        Pixels of the image; None when no scale shows a cell.
    """
    voters = [(one.diameter_px, one.agreement, one.n_whole) for one in seen if one.diameter_px is not None]
    octaves = np.log2([diameter for diameter, _, _ in voters])
    weights = np.array([agreement for _, agreement, _ in voters]) ** VOTE_POWER
    if not weights.sum():
        return None
    reach = np.exp(-(((octaves[:, None] - octaves[None]) / VOTE_OCTAVES) ** 2) / 2)
    winner = int(np.argmax(reach @ weights))
    near = np.abs(octaves - octaves[winner]) < 2 * VOTE_OCTAVES
    # How many whole cells a view holds says nothing about its scale, but how well it measures them.
    shares = (weights * [n_whole + 0.5 for _, _, n_whole in voters])[near]
    return float(2 ** (np.sum(octaves[near] * shares) / np.sum(shares)))


def _fullest(cells: NDArray[np.bool_], window: Sequence[int]) -> tuple[int, int]:
    """First row and column of the window that holds most pixels of cells; of equal ones the most central."""
    height, width = (min(length, edge) for length, edge in zip(window, cells.shape, strict=True))
    sums = cv2.integral(cells.astype(np.uint8))
    held = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    rows, columns = np.nonzero(held == held.max())
    middle = (held.shape[0] - 1) / 2, (held.shape[1] - 1) / 2
    nearest = int(np.argmin((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2))
    return int(rows[nearest]), int(columns[nearest])
