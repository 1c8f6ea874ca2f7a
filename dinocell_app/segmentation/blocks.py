"""Blocks of a large picture: each decodes a window larger than itself and owns the cells that begin in it.

A cell begins at its first pixel in reading order. A window that holds a cell as a whole gives it the same
pixels as any other such window, so a cell belongs to exactly one block. Its owned cells reach below and
beside the block, never above; its window is made larger until they do not come near the window's edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.model.flow_decoding import flow_errors
from dinocell_app.model.flow_targets import labels_to_flows

ALIGNMENT = 3
"""Windows begin at multiples of this, because flows are followed from a grid of every third pixel."""

ABOVE = 24
"""Rows of a window above its block: what is cut there ends farther from owned cells than seeds reach."""

GUARD = 12
"""An owned cell this near to the edge of a window may have lost pixels there."""

Span = tuple[int, int]
"""A first row or column, and the one after the last."""


@dataclass(frozen=True)
class BlockSize:
    """How large blocks are at most.

    Parameters
    ----------
    margin : int
        Rows below and columns beside a block that its window begins with.
    largest_margin : int
        Beyond this windows grow no further; larger cells may be cut.
    """

    rows: int = 2048
    columns: int = 6144
    margin: int = 129
    largest_margin: int = 1032


@dataclass(frozen=True)
class CellList:
    """Where the cells of a picture are, one entry a cell.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4), int64
        First row, first column, end row, end column.
    firsts : ndarray of shape (n, 2), int64
        Row and column of the first pixel in reading order.
    areas : ndarray of shape (n,), int64
    sums : ndarray of shape (n, 2), int64
        Of the rows and of the columns of their pixels.
    confidence : ndarray of shape (n,), float64
        Mean of a map over each cell; NaN where there is none.
    flow_errors : ndarray of shape (n,), float64
        As `model.flow_decoding.flow_errors`; NaN without flows.
    """

    boxes: NDArray[np.int64]
    firsts: NDArray[np.int64]
    areas: NDArray[np.int64]
    sums: NDArray[np.int64]
    confidence: NDArray[np.float64]
    flow_errors: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.areas)

    @property
    def centroids(self) -> NDArray[np.float64]:
        """Mean row and column, shape (n, 2)."""
        return np.asarray(self.sums / self.areas[:, None], np.float64)

    def chosen(self, which: NDArray[np.generic]) -> CellList:
        """Take some of the cells.

        Parameters
        ----------
        which : ndarray
            Index or mask.
        """
        return CellList(
            self.boxes[which],
            self.firsts[which],
            self.areas[which],
            self.sums[which],
            self.confidence[which],
            self.flow_errors[which],
        )

    def moved(self, top: int, left: int) -> CellList:
        """Bring cells of a window into the frame of the picture.

        Parameters
        ----------
        top, left : int
            Place of the window.
        """
        place = np.array([top, left])
        return CellList(
            self.boxes + np.tile(place, 2),
            self.firsts + place,
            self.areas,
            self.sums + self.areas[:, None] * place,
            self.confidence,
            self.flow_errors,
        )


def join_cells(parts: list[CellList]) -> CellList:
    """Put lists of cells one behind the other."""
    parts = [*parts, list_cells(np.zeros((1, 1), np.int32), None)]
    names = ("boxes", "firsts", "areas", "sums", "confidence", "flow_errors")
    return CellList(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def list_cells(labels: NDArray[np.int32], maps: NDArray[np.float32] | None) -> CellList:
    """Find the cells of a label image.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Ids 1 to K, all present; 0 is background.
    maps : ndarray of shape (3, M, N), float32, optional
        Flows and cell probability, which are averaged over each cell.

    Returns
    -------
    CellList
        In the order of the ids.
    """
    count = int(labels.max(initial=0))
    facts = _facts(np.ascontiguousarray(labels), count)[1:]
    areas = facts[:, 6]
    confidence = np.full(count, np.nan)
    errors = np.full(count, np.nan)
    if maps is not None and count:
        totals = np.bincount(labels.ravel(), maps[2].ravel(), minlength=count + 1)[1:]
        confidence = totals / np.maximum(areas, 1)
        errors = flow_errors(labels, np.ascontiguousarray(maps[:2]), labels_to_flows(labels))[1:]
    return CellList(facts[:, :4], facts[:, 4:6], areas, facts[:, 7:9], confidence, errors)


def even_spans(length: int, most: int) -> list[Span]:
    """Cut a length into equal spans that begin at multiples of `ALIGNMENT`.

    Parameters
    ----------
    most : int
        Longest span, up to `ALIGNMENT`.

    Returns
    -------
    list of (int, int)
    """
    count = max(1, math.ceil(length / most))
    step = max(ALIGNMENT, math.ceil(length / count / ALIGNMENT) * ALIGNMENT)
    return [(first, min(first + step, length)) for first in range(0, length, step)]


def aligned(place: int) -> int:
    """Bring the beginning of a window to the grid that flows are followed from.

    Returns
    -------
    int
        At or before the place, at least 0.
    """
    return max(0, place // ALIGNMENT * ALIGNMENT)


@njit(cache=True, nogil=True)
def _facts(labels: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    facts = np.zeros((count + 1, 9), np.int64)
    facts[:, 1] = labels.shape[1]
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            cell = labels[row, column]
            if cell == 0:
                continue
            if facts[cell, 6] == 0:
                facts[cell, 0] = facts[cell, 4] = row
                facts[cell, 5] = column
            facts[cell, 1] = min(facts[cell, 1], column)
            facts[cell, 2] = row + 1
            facts[cell, 3] = max(facts[cell, 3], column + 1)
            facts[cell, 6] += 1
            facts[cell, 7] += row
            facts[cell, 8] += column
    return facts
