"""Random cells and empty places to be shown: stratified over images, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TRIES_AT_ONCE = 4096
_MOST_TRIES = 64


@dataclass(frozen=True)
class Draw:
    """Something to be shown.

    Parameters
    ----------
    source : int
        Place of its image in the list that was drawn from.
    index : int
        Which of the image's cells, counted from 0; for a place, the number of the place in its image.
    """

    source: int
    index: int


def draw_cells(n_cells: Sequence[int], n: int, seed: int) -> list[Draw]:
    """Draw cells at random, from each image as many as its share of all cells.

    Where an image is due less than a whole cell, a systematic draw decides, so that each cell has the same
    chance wherever it lies.

    Parameters
    ----------
    n_cells : sequence of int
        Cells of each image.
    n : int
        How many to draw; all when there are fewer.

    Returns
    -------
    list of Draw
        In random order, none twice.
    """
    random = np.random.default_rng((seed, 1))
    total = int(sum(n_cells))
    n = min(n, total)
    if n <= 0:
        return []
    ends = np.cumsum(np.asarray(n_cells, np.int64))
    per_image = _systematic(ends.astype(float), n, random)
    drawn = [
        Draw(source, int(index))
        for source, due in enumerate(per_image)
        for index in random.choice(n_cells[source], min(due, n_cells[source]), replace=False)
    ]
    return [drawn[place] for place in random.permutation(len(drawn))]


def draw_places(empty_areas: Sequence[float], n: int, seed: int) -> list[Draw]:
    """Share out empty places over images in proportion to the area outside their cells.

    Parameters
    ----------
    empty_areas : sequence of float
        Pixels outside cells, of each image.

    Returns
    -------
    list of Draw
        In random order; where each lies is found by `place_in` once the labels are read.
    """
    random = np.random.default_rng((seed, 2))
    areas = np.maximum(np.asarray(empty_areas, float), 0)
    if n <= 0 or areas.sum() <= 0:
        return []
    per_image = _systematic(np.cumsum(areas), n, random)
    drawn = [Draw(source, index) for source, due in enumerate(per_image) for index in range(due)]
    return [drawn[place] for place in random.permutation(len(drawn))]


def place_in(labels: NDArray[np.integer], seed: int, draw: Draw) -> tuple[int, int] | None:
    """Find the random place of a draw: any pixel outside cells is as likely as any other.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 outside cells.
    draw : Draw
        From `draw_places`.

    Returns
    -------
    (int, int) or None
        Row and column; None when cells cover the whole image.
    """
    random = np.random.default_rng((seed, 3, draw.source, draw.index))
    height, width = labels.shape
    for _ in range(_MOST_TRIES):
        rows = random.integers(0, height, _TRIES_AT_ONCE)
        columns = random.integers(0, width, _TRIES_AT_ONCE)
        free = np.flatnonzero(labels[rows, columns] == 0)
        if len(free):
            return int(rows[free[0]]), int(columns[free[0]])
    free = np.flatnonzero(labels == 0)
    if not len(free):
        return None
    row, column = divmod(int(random.choice(free)), width)
    return row, column


def _systematic(ends: NDArray[np.float64], n: int, random: np.random.Generator) -> list[int]:
    """Count how many of `n` equally spaced marks with a random start fall into each stretch."""
    marks = (np.arange(n) + random.random()) * (ends[-1] / n)
    stretches = np.searchsorted(ends, marks, side="right")
    return [int(count) for count in np.bincount(np.minimum(stretches, len(ends) - 1), minlength=len(ends))]
