"""A label image larger than memory: compressed pieces, of which the latest used ones lie open."""

from __future__ import annotations

import zlib
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

CHUNK = 1024
"""Rows and columns of a piece."""

_LEVEL = 1  # labels shrink by a factor of some hundreds already


class LabelStore:
    """Labels of a picture, written and read by parts.

    Parameters
    ----------
    shape : tuple of int
        Height and width.
    open_pieces : int, optional
        Pieces that lie open at once; two rows of them when not given.
    """

    def __init__(self, shape: tuple[int, int], open_pieces: int | None = None) -> None:
        self.shape = shape
        self._packed: dict[tuple[int, int], bytes] = {}
        self._open: OrderedDict[tuple[int, int], NDArray[np.uint32]] = OrderedDict()
        self._changed: set[tuple[int, int]] = set()
        self._most_open = open_pieces or 2 * (-(-shape[1] // CHUNK) + 1)
        self._ids: NDArray[np.unsignedinteger] | None = None

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """Type of what `read` gives."""
        return np.dtype(np.uint32) if self._ids is None else self._ids.dtype

    def renumber(self, ids: NDArray[np.unsignedinteger]) -> None:
        """Give labels other ids, from now on, wherever they are read.

        Parameters
        ----------
        ids : ndarray of shape (K + 1,), uint16 or uint32
            New id of each id that was written; 0 erases a cell.
        """
        self._ids = ids

    def erase(self, ids: NDArray[np.integer]) -> None:
        """Take cells away, wherever labels are read.

        Parameters
        ----------
        ids : ndarray of shape (n,), int
            As `read` gives them.
        """
        if self._ids is None:
            raise ValueError("cells are erased by the ids that renumber gave them")
        self._ids = np.where(np.isin(self._ids, ids), 0, self._ids).astype(self._ids.dtype)

    def read(self, rows: tuple[int, int], columns: tuple[int, int]) -> NDArray[np.unsignedinteger]:
        """Give a part of the labels.

        Parameters
        ----------
        rows, columns : tuple of int
            From a first one to before an end.

        Returns
        -------
        ndarray of shape (m, n)
            A copy.
        """
        part = np.zeros((rows[1] - rows[0], columns[1] - columns[0]), np.uint32)
        for key, within, there in self._pieces(rows, columns):
            if key in self._open or key in self._packed:
                part[there] = self._piece(key)[within]
        return part if self._ids is None else self._ids[part]

    def add(self, top: int, left: int, labels: NDArray[np.integer]) -> None:
        """Write cells; what is 0 leaves the store as it is.

        Parameters
        ----------
        top, left : int
            Place of the part.
        labels : ndarray of shape (m, n), int
        """
        height, width = labels.shape
        for key, within, there in self._pieces((top, top + height), (left, left + width)):
            part = labels[there]
            if part.any():
                piece = self._piece(key)[within]
                np.copyto(piece, part.astype(np.uint32, copy=False), where=part > 0)
                self._changed.add(key)

    def _pieces(
        self, rows: tuple[int, int], columns: tuple[int, int]
    ) -> list[tuple[tuple[int, int], tuple[slice, slice], tuple[slice, slice]]]:
        """Pieces that a part lies in, the place within each, and its place within the part."""
        found = []
        for row in range(rows[0] // CHUNK, -(-rows[1] // CHUNK)):
            for column in range(columns[0] // CHUNK, -(-columns[1] // CHUNK)):
                within, there = [], []
                for number, (first, end) in ((row, rows), (column, columns)):
                    start, stop = max(first, number * CHUNK), min(end, (number + 1) * CHUNK)
                    within.append(slice(start - number * CHUNK, stop - number * CHUNK))
                    there.append(slice(start - first, stop - first))
                found.append(((row, column), (within[0], within[1]), (there[0], there[1])))
        return found

    def _piece(self, key: tuple[int, int]) -> NDArray[np.uint32]:
        if key in self._open:
            self._open.move_to_end(key)
            return self._open[key]
        packed = self._packed.get(key)
        piece = (
            np.zeros((CHUNK, CHUNK), np.uint32)
            if packed is None
            else np.frombuffer(bytearray(zlib.decompress(packed)), np.uint32).reshape(CHUNK, CHUNK)
        )
        self._open[key] = piece
        while len(self._open) > self._most_open:
            oldest, content = self._open.popitem(last=False)
            if oldest in self._changed:
                self._changed.discard(oldest)
                self._packed[oldest] = zlib.compress(content.tobytes(), _LEVEL)
        return piece
