"""Weighted tiles summed into maps from top to bottom: rows are finished once no tile reaches them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dinocell_app.segmentation.tiling import Blend, Tiling, blend_weights


class SlidingBlender:
    """Does what `Blender` does, holding only the rows that are worked on and those not yet let go.

    Parameters
    ----------
    blend : {"smooth", "uniform"}
    """

    def __init__(self, tiling: Tiling, n_channels: int, blend: Blend) -> None:
        self._tiling = tiling
        self._weights = blend_weights(tiling.tile_size, tiling.overlap, blend)
        width = tiling.padded_shape[1]
        self._sum = np.zeros((n_channels, tiling.tile_size, width), np.float32)
        self._total = np.zeros((tiling.tile_size, width), np.float32)
        self._kept: list[tuple[int, NDArray[np.float32]]] = []
        self.finished = 0

    def add(self, origin: tuple[int, int], maps: NDArray[np.float32]) -> None:
        """Add the maps of one tile.

        Parameters
        ----------
        origin : tuple of int
            In the order of `Tiling.origins`.
        maps : ndarray of shape (C, tile_size, tile_size), float32
        """
        self.finish(origin[0])
        window = np.s_[:, origin[1] : origin[1] + self._tiling.tile_size]
        self._sum[:, *window] += maps * self._weights
        self._total[window] += self._weights

    def finish(self, row: int) -> None:
        """Take the rows above one to be finished."""
        count = min(row - self.finished, self._tiling.tile_size)
        if count <= 0:
            return
        height, width = self._tiling.shape
        wanted = min(count, height - self.finished)
        if wanted > 0:
            done = self._sum[:, :wanted, :width] / self._total[:wanted, :width]
            self._kept.append((self.finished, done))
        for buffer in (self._sum, self._total):
            rest = buffer[..., count:, :].copy()
            buffer[..., : rest.shape[-2], :] = rest
            buffer[..., rest.shape[-2] :, :] = 0
        self.finished += count

    def rows(self, first: int, end: int, columns: slice = slice(None)) -> NDArray[np.float32]:
        """Give finished rows.

        Parameters
        ----------
        first, end : int
            Not let go.
        columns : slice
            All when not given.

        Returns
        -------
        ndarray of shape (C, end - first, N), float32
        """
        parts = [
            maps[:, max(0, first - top) : end - top, columns]
            for top, maps in self._kept
            if top < end and top + maps.shape[1] > first
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def let_go(self, row: int) -> None:
        """Forget the rows above one."""
        self._kept = [(top, maps) for top, maps in self._kept if top + maps.shape[1] > row]
