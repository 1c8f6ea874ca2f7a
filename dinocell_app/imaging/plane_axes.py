"""Where time, slice, channel, row and column are among the axes of a stored array."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PlaneAxes:
    """Axes of an array, and which of its images is meant where it holds several.

    Parameters
    ----------
    codes : str
        One letter an axis: T, Z, C, Y, X, S for the samples of a pixel, others for axes that are unrolled
        into slices.
    shape : tuple of int
        Their lengths.
    fixed : tuple of (int, int)
        Place and index of axes that run over images of their own, such as the positions of a stage.
    """

    codes: str
    shape: tuple[int, ...]
    fixed: tuple[tuple[int, int], ...] = ()

    def _places(self, code: str) -> list[int]:
        fixed = {place for place, _ in self.fixed}
        return [place for place, letter in enumerate(self.codes) if letter == code and place not in fixed]

    @property
    def rows(self) -> int | None:
        """Place of the row axis."""
        return max(self._places("Y"), default=None)

    @property
    def columns(self) -> int | None:
        """Place of the column axis."""
        return max(self._places("X"), default=None)

    @property
    def columns_come_first(self) -> bool:
        """Whether planes have to be transposed."""
        return self.rows is not None and self.columns is not None and self.columns < self.rows

    @property
    def _slice_places(self) -> list[int]:
        named = {*self._places("T"), *self._places("C"), *self._places("S"), *self._places("Z")}
        named |= {place for place, _ in self.fixed}
        others = [p for p in range(len(self.codes)) if p not in named | {self.rows, self.columns}]
        return others + self._places("Z")

    def _length(self, places: list[int]) -> int:
        return math.prod(self.shape[place] for place in places)

    @property
    def n_times(self) -> int:
        """Length of T."""
        return self._length(self._places("T"))

    @property
    def n_slices(self) -> int:
        """Length of Z and of all axes without a name of ours."""
        return self._length(self._slice_places)

    @property
    def has_only_slices(self) -> bool:
        """Whether slices are a Z axis and nothing else, so that their distance is one number."""
        return self._slice_places == self._places("Z")

    @property
    def n_channels(self) -> int:
        """Length of C."""
        return self._length(self._places("C"))

    @property
    def n_samples(self) -> int:
        """Length of S, alpha included."""
        return self._length(self._places("S"))

    @property
    def height(self) -> int:
        """Rows of a plane."""
        return 1 if self.rows is None else self.shape[self.rows]

    @property
    def width(self) -> int:
        """Columns of a plane."""
        return 1 if self.columns is None else self.shape[self.columns]

    def selection(self, t: int, z: int, c: int, sample: int) -> tuple[int | slice, ...]:
        """Give an index into the array, one entry an axis, that leaves the rows and columns of one plane.

        All are counted from 0, `z` over `n_slices`.
        """
        chosen: list[int | slice] = [slice(None)] * len(self.codes)
        for place, position in self.fixed:
            chosen[place] = position
        for places, index in (
            (self._places("T"), t),
            (self._slice_places, z),
            (self._places("C"), c),
            (self._places("S"), sample),
        ):
            if places:
                lengths = tuple(self.shape[place] for place in places)
                for place, at in zip(places, np.unravel_index(index, lengths), strict=True):
                    chosen[place] = int(at)
        return tuple(chosen)
