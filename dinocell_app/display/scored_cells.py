"""Cells with scores: which type each is taken for, how it is drawn, and which are uncertain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.display.label_colours import LabelStyle, outline
from dinocell_app.display.loading import LoadedLabels
from dinocell_app.display.pyramid import Tile
from dinocell_app.project.references import CellType

FAINT = (150, 150, 150, 90)
"""Outline of a cell that is like no reference: red, green, blue and alpha."""

FAINT_FILL = 0.2
"""Share of the fill's opacity that such a cell has."""


@dataclass(frozen=True, eq=False)
class ScoredCells:
    """Cells of the shown image with a score for each type.

    Parameters
    ----------
    ids : tuple of int
        Labels, ascending.
    scores : ndarray of shape (K, T), float64
    types : tuple of CellType
        One for each column of the scores.
    """

    ids: tuple[int, ...]
    scores: NDArray[np.float64]
    types: tuple[CellType, ...]

    @property
    def best(self) -> NDArray[np.float64]:
        """Score of each cell for the type it is most like."""
        best: NDArray[np.float64] = self.scores.max(axis=1, initial=0.0)
        return best

    def kinds(self, least: float) -> NDArray[np.int64]:
        """Say what each cell is taken for.

        Returns
        -------
        ndarray of shape (K,), int64
            Place of its type; -1 for a cell that scores less than `least`.
        """
        if not self.types:
            return np.full(len(self.ids), -1)
        return np.where(self.best >= least, self.scores.argmax(axis=1), -1)

    def inks(self, n_labels: int, least: float) -> NDArray[np.uint8]:
        """Choose the colour of each cell.

        Parameters
        ----------
        n_labels : int
            The largest label.

        Returns
        -------
        ndarray of shape (n_labels + 1, 4), uint8
            Red, green, blue and alpha; 0 for background.
        """
        colours = [(*bytes.fromhex(each.colour[1:]), 255) for each in self.types]
        inks = np.full((n_labels + 1, 4), FAINT, np.uint8)
        inks[0] = 0
        known = np.array(self.ids, np.int64)
        here = known <= n_labels
        inks[known[here]] = np.array([*colours, FAINT], np.uint8)[self.kinds(least)[here]]
        return inks

    def uncertain(self, least: float, known: Collection[int]) -> list[int]:
        """List cells, those whose score is nearest to the threshold first.

        Parameters
        ----------
        known : collection of int
            Labels that a person has decided about.
        """
        order = np.argsort(np.abs(self.best - least), kind="stable")
        return [self.ids[place] for place in order if self.ids[place] not in known]


@dataclass(frozen=True, eq=False)
class ScoredPainter:
    """Paints cells in the colour of their type, and those of none faintly.

    Parameters
    ----------
    inks : ndarray of shape (K + 1, 4), uint8
        As `ScoredCells.inks` gives them.
    """

    labels: LoadedLabels
    style: LabelStyle
    inks: NDArray[np.uint8]

    def __call__(self, tile: Tile) -> NDArray[np.uint8]:
        """Paint a tile.

        Returns
        -------
        ndarray of shape (h, w, 4), uint8
        """
        level = self.labels.levels[tile.level]
        rows, columns = tile.slices(self.style.outline_width)
        inner_rows, inner_columns = tile.slices()
        painted = self._painted(level[rows, columns])
        top, left = inner_rows.start - rows.start, inner_columns.start - columns.start
        height = min(inner_rows.stop, level.shape[0]) - inner_rows.start
        width = min(inner_columns.stop, level.shape[1]) - inner_columns.start
        return painted[top : top + height, left : left + width]

    def _painted(self, labels: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Blue, green, red and alpha, the colours multiplied with alpha."""
        share = 0.0
        if self.style.mode in ("fill", "both"):
            share = self.style.opacity
        alpha = self.inks[:, 3].astype(np.float32)
        fill_alpha = np.where(alpha == 255, alpha * share, 255 * share * FAINT_FILL * (alpha > 0))
        painted: NDArray[np.uint8] = _premultiplied(self.inks, fill_alpha)[labels]
        if self.style.mode in ("outline", "both"):
            edge = outline(labels, self.style.outline_width) > 0
            painted[edge] = _premultiplied(self.inks, alpha)[labels[edge]]
        return painted


def _premultiplied(inks: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    colours = inks[:, 2::-1].astype(np.float32) * (alpha[:, None] / 255)
    return np.concatenate([colours, alpha[:, None]], axis=1).astype(np.uint8)
