"""Cells painted one by one into a label image, and who owns the pixels that two of them claim."""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_training.synthetic.shapes import Polygon


class CellPainter:
    """Paints cells one after the other, each in a window of its own size.

    One rule, drawn at random, holds for a whole scene: what two cells claim is shared at the line half way
    between their borders, or the later cell lies over or under the earlier ones, or cells stay apart.

    Parameters
    ----------
    canvas : tuple of int
        (M, N) of the label image.
    rng : numpy.random.Generator
        Source of chance.

    Attributes
    ----------
    labels : ndarray of shape (M, N), int32
        Cells painted so far, ids 1, 2 ...
    covered : int
        Pixels covered so far.
    """

    def __init__(self, canvas: tuple[int, int], rng: np.random.Generator) -> None:
        self.labels = np.zeros(canvas, np.int32)
        self._score = np.zeros(canvas, np.float32)
        self.covered = 0
        self._count = 0
        self._rule = str(rng.choice(["share", "over", "under", "apart"], p=[0.5, 0.2, 0.1, 0.2]))
        self._most_overlap = {"share": rng.uniform(0.15, 0.5), "apart": 0.0}.get(
            self._rule, rng.uniform(0.05, 0.35)
        )

    def paint(
        self, template: list[Polygon], centre: NDArray[np.float64], angle: float, size: float, mirror: bool
    ) -> bool:
        """Paint a cell unless too much of it would overlap others.

        Parameters
        ----------
        template : list of ndarray of shape (K, 2)
            Polygons of unit size.
        centre : ndarray of shape (2,)
            Row and column of the cell.
        angle : float
            Direction of the template's column axis, in radians.
        size : float
            Factor for the template, in pixels.
        mirror : bool
            Whether the template is mirrored first.

        Returns
        -------
        bool
            Whether the cell was painted.
        """
        cosine, sine = np.cos(angle) * size, np.sin(angle) * size
        turn = np.array([[cosine, sine], [-sine, cosine]])
        if mirror:
            turn[0] *= -1
        parts = [part @ turn + centre for part in template]
        low = np.floor(np.min([part.min(axis=0) for part in parts], axis=0)).astype(int) - 1
        high = np.ceil(np.max([part.max(axis=0) for part in parts], axis=0)).astype(int) + 2
        canvas = self.labels.shape
        if low[0] >= canvas[0] or low[1] >= canvas[1] or high[0] <= 0 or high[1] <= 0:
            return False
        mask = np.zeros((high[0] - low[0], high[1] - low[1]), np.uint8)
        for part in parts:
            corners = np.round((part - low)[:, ::-1] * 16).astype(np.int32)
            cv2.fillPoly(mask, [corners], 1, shift=4)
        if self._rule == "share":
            score = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 3), np.float32)
        else:
            score = np.full(mask.shape, -self._count if self._rule != "over" else self._count + 1, np.float32)
        label = self._count + 1
        gap = self._rule == "apart"
        where = np.array([low[0], low[1], label, gap])
        gained = _merge(self.labels, self._score, mask, score, where, self._most_overlap)
        if gained < 0:
            return False
        self.covered += gained
        self._count = label
        return True


@njit(cache=True)
def _merge(
    labels: NDArray[np.int32],
    scores: NDArray[np.float32],
    mask: NDArray[np.uint8],
    score: NDArray[np.float32],
    where: NDArray[np.int64],
    most_overlap: float,
) -> int:
    """Enter a cell's mask into the canvas; a contested pixel goes to the higher score.

    Gives the number of pixels newly covered, or -1 when too much would overlap and nothing was entered.
    """
    top, left, label, gap = where[0], where[1], where[2], where[3]
    area, overlap = 0, 0
    rows = range(max(0, -top), min(mask.shape[0], labels.shape[0] - top))
    columns = range(max(0, -left), min(mask.shape[1], labels.shape[1] - left))
    for i in rows:
        for j in columns:
            if mask[i, j]:
                area += 1
                if labels[top + i, left + j] or (gap and _has_neighbour(labels, top + i, left + j)):
                    overlap += 1
    if area == 0 or overlap > most_overlap * area:
        return -1
    for i in rows:
        for j in columns:
            free = labels[top + i, left + j] == 0
            if mask[i, j] and (free or score[i, j] > scores[top + i, left + j]):
                labels[top + i, left + j] = label
                scores[top + i, left + j] = score[i, j]
    return area - overlap


@njit(cache=True)
def _has_neighbour(labels: NDArray[np.int32], row: int, column: int) -> bool:
    height, width = labels.shape
    for i in range(max(0, row - 1), min(height, row + 2)):
        for j in range(max(0, column - 1), min(width, column + 2)):
            if labels[i, j]:
                return True
    return False
