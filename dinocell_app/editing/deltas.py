"""What an edit changed, exactly reversible: a box of labels before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint32]

TILE = 512
"""Edge of the parts into which a change of a whole image is divided; unchanged parts cost nothing."""


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of an image."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def grown(self, pixels: int, shape: tuple[int, int]) -> Box:
        """Give a box that is larger on all sides, within an image.

        Parameters
        ----------
        shape : tuple of int
            Height and width of the image.
        """
        top, left = max(0, self.top - pixels), max(0, self.left - pixels)
        bottom = min(shape[0], self.top + self.height + pixels)
        right = min(shape[1], self.left + self.width + pixels)
        return Box(top, left, max(0, bottom - top), max(0, right - left))

    def with_box(self, other: Box) -> Box:
        """Give the smallest box around two."""
        top, left = min(self.top, other.top), min(self.left, other.left)
        bottom = max(self.top + self.height, other.top + other.height)
        right = max(self.left + self.width, other.left + other.width)
        return Box(top, left, bottom - top, right - left)


@dataclass(frozen=True, eq=False)
class Delta:
    """A change of labels in a box.

    Parameters
    ----------
    top, left : int
        Row and column of the box.
    before, after : ndarray of shape (h, w), uint32
    """

    top: int
    left: int
    before: Labels
    after: Labels

    @property
    def box(self) -> Box:
        """Where it is."""
        return Box(self.top, self.left, self.before.shape[0], self.before.shape[1])

    @property
    def cells(self) -> frozenset[int]:
        """Labels that gained or lost pixels."""
        changed = self.before != self.after
        touched = np.union1d(self.before[changed], self.after[changed])
        return frozenset(touched[touched > 0].tolist())

    def reversed(self) -> Delta:
        """Give the change that undoes this one."""
        return Delta(self.top, self.left, self.after, self.before)

    def apply_to(self, labels: Labels) -> None:
        """Change labels in place.

        Parameters
        ----------
        labels : ndarray of shape (M, N), uint32
        """
        labels[self.box.slices] = self.after


def delta_of(labels: Labels, box: Box, after: NDArray[np.integer]) -> Delta | None:
    """Describe a change of a box, cut to what really changes.

    Parameters
    ----------
    labels : ndarray of shape (M, N), uint32
        As they are.
    box : Box
        Within the labels.
    after : ndarray of shape (box.height, box.width), int
        What the box is to become.

    Returns
    -------
    Delta or None
        None when nothing changes.
    """
    before = labels[box.slices]
    changed = before != after
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not len(rows):
        return None
    inside = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return Delta(
        box.top + int(rows[0]),
        box.left + int(columns[0]),
        before[inside].copy(),
        np.ascontiguousarray(after[inside], np.uint32),
    )


def deltas_between(labels: Labels, wanted: NDArray[np.integer]) -> Iterator[Delta]:
    """Describe how to come from labels to others, part by part.

    Parameters
    ----------
    labels, wanted : ndarray of shape (M, N), int

    Yields
    ------
    Delta
        Of parts of `TILE` pixels at most that differ.
    """
    height, width = labels.shape
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            box = Box(top, left, min(TILE, height - top), min(TILE, width - left))
            delta = delta_of(labels, box, wanted[box.slices])
            if delta is not None:
                yield delta
