"""Labels that are being corrected, with the place and size of each cell kept up to date."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dinocell_app.editing.deltas import Box, Delta, Labels


class LabelCanvas:
    """Live labels; tools look at a cell's box rather than at the whole image.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Taken over without a copy if they are uint32.
    """

    def __init__(self, labels: NDArray[np.integer]) -> None:
        self.labels: Labels = np.ascontiguousarray(labels, np.uint32)
        self._areas: dict[int, int] = {}
        self._boxes: dict[int, Box] = {}
        self._survey()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.labels.shape[0], self.labels.shape[1]

    @property
    def cells(self) -> frozenset[int]:
        """Labels that have pixels."""
        return frozenset(self._areas)

    def area(self, label: int) -> int:
        """Count the pixels of a cell.

        Returns
        -------
        int
            0 for a cell that is not there.
        """
        return self._areas.get(label, 0)

    def box_of(self, label: int) -> Box | None:
        """Give a box that holds all pixels of a cell; it may be larger than needed.

        Returns
        -------
        Box or None
            None for a cell that is not there.
        """
        return self._boxes.get(label)

    def box_of_all(self, labels: frozenset[int]) -> Box | None:
        """Give a box that holds all pixels of some cells.

        Returns
        -------
        Box or None
            None when none of them is there.
        """
        around: Box | None = None
        for label in labels:
            box = self._boxes.get(label)
            if box is not None:
                around = box if around is None else around.with_box(box)
        return around

    def apply(self, delta: Delta) -> None:
        """Change the labels."""
        changed = delta.before != delta.after
        for sign, content in ((-1, delta.before), (1, delta.after)):
            found, counts = np.unique(content[changed], return_counts=True)
            for label, count in zip(found.tolist(), counts.tolist(), strict=True):
                if label:
                    self._areas[label] = self._areas.get(label, 0) + sign * count
                    if sign > 0:
                        self._enlarge(label, _around(delta, changed & (content == label)))
        for label in delta.cells:
            if not self._areas.get(label):
                self._areas.pop(label, None)
                self._boxes.pop(label, None)
        delta.apply_to(self.labels)

    def _enlarge(self, label: int, box: Box) -> None:
        known = self._boxes.get(label)
        self._boxes[label] = box if known is None else known.with_box(box)

    def _survey(self) -> None:
        from scipy.ndimage import find_objects

        counts = np.bincount(self.labels.reshape(-1)) if self.labels.size else np.zeros(1, int)
        self._areas = {int(label): int(counts[label]) for label in np.flatnonzero(counts) if label}
        # find_objects takes signed integers only.
        for label, place in enumerate(find_objects(self.labels.view(np.int32)), start=1):
            if place is not None:
                rows, columns = place
                self._boxes[label] = Box(
                    rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start
                )


def _around(delta: Delta, where: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    return Box(
        delta.top + int(rows[0]),
        delta.left + int(columns[0]),
        int(rows[-1] - rows[0]) + 1,
        int(columns[-1] - columns[0]) + 1,
    )
