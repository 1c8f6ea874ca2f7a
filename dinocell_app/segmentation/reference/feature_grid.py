"""Patch tokens of an image, blended from its tiles onto one grid of bounded size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.segmentation.tiling import Blend, Tiling, blend_weights

MAX_GRID_BYTES = 1 << 29
"""Grids of larger images are made coarser until they take no more."""


@dataclass(frozen=True)
class FeatureGrid:
    """Features of the network along an image.

    Parameters
    ----------
    values : ndarray of shape (D, g, h), float32
        Patch tokens of the feature blocks, one block after the other along D.
    block_widths : tuple of int
        Length of each block; their sum is D.
    spacing_px : float
        Edge of a grid cell in pixels of the network's image.
    network_shape : tuple of int
        Height and width of the network's image. The grid may reach beyond it, below and to the right.
    """

    values: NDArray[np.float32]
    block_widths: tuple[int, ...]
    spacing_px: float
    network_shape: tuple[int, int]


class FeatureBlender:
    """Sums weighted patch tokens of tiles into a grid over the whole image.

    Parameters
    ----------
    patch_px : float
        Edge of a patch in pixels of the network's image.
    blend : {"smooth", "uniform"}
    max_bytes : int
        Of the grid.
    """

    def __init__(
        self, tiling: Tiling, patch_px: float, blend: Blend, *, max_bytes: int = MAX_GRID_BYTES
    ) -> None:
        self._tiling = tiling
        self._patch_px = patch_px
        self._weights = blend_weights(tiling.tile_size, tiling.overlap, blend)
        self._max_bytes = max_bytes
        self._widths: tuple[int, ...] = ()
        self._coarseness = 1
        self._sum = np.zeros((0, 0, 0), np.float32)
        self._total = np.zeros((0, 0), np.float32)

    def add(self, origin: tuple[int, int], blocks: list[NDArray[np.float32]]) -> None:
        """Add the tokens of one tile.

        Parameters
        ----------
        origin : tuple of int
            First row and column of the tile.
        blocks : list of ndarray of shape (D_i, n, n), float32
            Patch tokens of each feature block. A grid cell takes what lies at its place, interpolated
            between the middles of patches, because tiles need not start on a multiple of the patch.
        """
        if not self._widths:
            self._begin(tuple(len(block) for block in blocks))
        rows, row_mix, row_pixels = self._mixing(origin[0], blocks[0].shape[1], axis=0)
        columns, column_mix, column_pixels = self._mixing(origin[1], blocks[0].shape[2], axis=1)
        weights = self._weights[np.ix_(row_pixels, column_pixels)]
        first = 0
        for block in blocks:
            mixed = row_mix @ block @ column_mix.T
            self._sum[first : first + len(block), rows, columns] += mixed * weights
            first += len(block)
        self._total[rows, columns] += weights

    def result(self) -> FeatureGrid:
        """Give the blended features."""
        self._sum /= np.maximum(self._total, np.finfo(np.float32).tiny)
        return FeatureGrid(self._sum, self._widths, self._spacing, self._tiling.shape)

    @property
    def _spacing(self) -> float:
        return self._patch_px * self._coarseness

    def _begin(self, widths: tuple[int, ...]) -> None:
        self._widths = widths
        depth, padded = sum(widths), self._tiling.padded_shape
        while 4 * depth * math.prod(math.ceil(edge / self._spacing) for edge in padded) > self._max_bytes:
            self._coarseness += 1
        shape = tuple(math.ceil(edge / self._spacing) for edge in padded)
        self._sum = np.zeros((depth, *shape), np.float32)
        self._total = np.zeros(shape, np.float32)

    def _mixing(
        self, origin: int, n_patches: int, axis: int
    ) -> tuple[slice, NDArray[np.float32], NDArray[np.intp]]:
        """Find the grid cells with their middle in a tile, how they mix its patches, and their pixels."""
        spacing, length = self._spacing, self._tiling.padded_shape[axis]
        middles = (np.arange(self._total.shape[axis]) + 0.5) * spacing
        middles = np.minimum(middles, length - 0.5)  # of a cell that reaches beyond the frame
        inside = np.flatnonzero((middles >= origin) & (middles < origin + self._tiling.tile_size))
        steps = (np.arange(self._coarseness) + 0.5) / self._coarseness
        positions = (inside[:, None] + steps) * spacing  # of the parts of each grid cell, as wide as a patch
        patches = np.clip((positions - origin) / self._patch_px - 0.5, 0, n_patches - 1)
        left = np.minimum(patches.astype(np.intp), max(n_patches - 2, 0))
        mix = np.zeros((len(inside), n_patches), np.float32)
        row = np.arange(len(inside))[:, None]
        np.add.at(mix, (row, left), (1 - (patches - left)) / self._coarseness)
        np.add.at(mix, (row, np.minimum(left + 1, n_patches - 1)), (patches - left) / self._coarseness)
        return slice(inside[0], inside[-1] + 1), mix, np.floor(middles[inside] - origin).astype(np.intp)
