"""One plane of a picture read by rows, so that a picture larger than memory can be gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import Cancelled

PIECE_ROWS = 256
"""Least number of rows that are read at once."""


class PictureRows:
    """Rows of one plane.

    Parameters
    ----------
    shape : tuple of int
        Height and width.
    read : callable
        Decodes the rows from a first one to before an end.
    step : int
        Rows that the file keeps together; pieces are multiples of it, so that none is decoded twice.
    should_stop : callable
        Asked before each piece is read.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        read: Callable[[int, int], NDArray[Any]],
        step: int = 1,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.shape = shape
        self._read = read
        self._step = step * max(1, -(-PIECE_ROWS // step))
        self._should_stop = should_stop
        self._pieces: dict[int, NDArray[Any]] = {}

    def read(self, first: int, end: int) -> NDArray[Any]:
        """Give some rows; those before them are not kept for the next call.

        Parameters
        ----------
        first, end : int
            Within the picture.

        Returns
        -------
        ndarray of shape (end - first, N)

        Raises
        ------
        UnreadableFileError
            If they cannot be decoded.
        Cancelled
            If the user asked to stop.
        """
        wanted = range(first // self._step, -(-end // self._step))
        self._pieces = {number: piece for number, piece in self._pieces.items() if number in wanted}
        for number in wanted:
            if number not in self._pieces:
                self._pieces[number] = self._piece(number)
        parts = [
            self._pieces[number][
                max(0, first - number * self._step) : min(self._step, end - number * self._step)
            ]
            for number in wanted
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Go through the whole plane from top to bottom.

        Yields
        ------
        ndarray of shape (m, N)
        """
        for _, piece in self.numbered_pieces():
            yield piece

    def numbered_pieces(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Go through the whole plane with the row at which each piece begins.

        Yields
        ------
        first : int
        piece : ndarray of shape (m, N)
        """
        for number in range(-(-self.shape[0] // self._step)):
            yield number * self._step, self._piece(number)

    def forget(self) -> None:
        """Let go of what is kept between calls."""
        self._pieces = {}

    def _piece(self, number: int) -> NDArray[Any]:
        if self._should_stop():
            raise Cancelled
        first = number * self._step
        return self._read(first, min(first + self._step, self.shape[0]))
