"""Tiles that cover an image once each, and the weights that blend what is predicted on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError

Blend = Literal["smooth", "uniform"]


@dataclass(frozen=True)
class Tiling:
    """Square tiles over an image, in a frame that is padded where the image is smaller than a tile.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the image.
    tile_size : int
        Edge of a tile in pixels.
    overlap : int
        Least number of pixels that neighbouring tiles share.

    Raises
    ------
    InvalidParameterError
        If tiles would overlap wholly.
    """

    shape: tuple[int, int]
    tile_size: int
    overlap: int

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.tile_size:
            raise InvalidParameterError(
                f"Tiles of {self.tile_size} pixels cannot overlap by {self.overlap}",
                remedy=f"Choose an overlap from 0 to {self.tile_size - 1} pixels",
            )

    @property
    def padded_shape(self) -> tuple[int, int]:
        """Height and width of the frame that tiles lie in."""
        return max(self.shape[0], self.tile_size), max(self.shape[1], self.tile_size)

    @property
    def origins(self) -> tuple[tuple[int, int], ...]:
        """First row and column of each tile, row by row, each once."""
        rows, columns = (self._starts(length) for length in self.padded_shape)
        return tuple((row, column) for row in rows for column in columns)

    def _starts(self, length: int) -> list[int]:
        """Regular steps; the last tile is shifted inward to end with the image."""
        step = self.tile_size - self.overlap
        count = 1 + math.ceil((length - self.tile_size) / step)
        return [min(i * step, length - self.tile_size) for i in range(count)]

    def pad(self, image: NDArray[np.generic]) -> NDArray[np.generic]:
        """Extend an image below and to the right by its mirror to at least one tile.

        Parameters
        ----------
        image : ndarray of shape (M, N) or (M, N, 3)

        Returns
        -------
        ndarray of shape `padded_shape`, or (*padded_shape, 3)
            The image itself where no padding is needed.
        """
        extra = [(0, padded - edge) for padded, edge in zip(self.padded_shape, image.shape[:2], strict=True)]
        extra += [(0, 0)] * (image.ndim - 2)
        return np.pad(image, extra, mode="symmetric") if any(after for _, after in extra) else image

    def crop(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Undo `pad` on maps.

        Parameters
        ----------
        maps : ndarray of shape (C, *padded_shape), float32

        Returns
        -------
        ndarray of shape (C, M, N), float32
        """
        return maps[:, : self.shape[0], : self.shape[1]]

    def cut(self, padded: NDArray[np.generic]) -> Iterator[NDArray[np.generic]]:
        """Cut the tiles out of a padded image.

        Parameters
        ----------
        padded : ndarray of shape `padded_shape`, or (*padded_shape, 3)

        Yields
        ------
        ndarray of shape (tile_size, tile_size), or (tile_size, tile_size, 3)
            A view, in the order of `origins`.
        """
        for row, column in self.origins:
            yield padded[row : row + self.tile_size, column : column + self.tile_size]


def blend_weights(tile_size: int, overlap: int, blend: Blend) -> NDArray[np.float32]:
    """Weigh the pixels of a tile.

    Parameters
    ----------
    tile_size, overlap : int
        In pixels.
    blend : {"smooth", "uniform"}
        Falling towards the edges over the overlap, where a network sees cells cut; or 1 everywhere, the
        plain mean of the paper (3.2.4).

    Returns
    -------
    ndarray of shape (tile_size, tile_size), float32
        Above 0.
    """
    if blend == "uniform" or overlap == 0:
        return np.ones((tile_size, tile_size), np.float32)
    from_edge = np.minimum(np.arange(tile_size), np.arange(tile_size)[::-1]) + 0.5
    ramp = np.sin(np.pi / 2 * np.minimum(1.0, from_edge / overlap)) ** 2
    return np.maximum(np.outer(ramp, ramp), 1e-3).astype(np.float32)


class Blender:
    """Sums weighted tiles into maps of the whole image.

    Parameters
    ----------
    blend : {"smooth", "uniform"}
    """

    def __init__(self, tiling: Tiling, n_channels: int, blend: Blend) -> None:
        self._tiling = tiling
        self._weights = blend_weights(tiling.tile_size, tiling.overlap, blend)
        self._sum = np.zeros((n_channels, *tiling.padded_shape), np.float32)
        self._total = np.zeros(tiling.padded_shape, np.float32)

    def add(self, origin: tuple[int, int], maps: NDArray[np.float32]) -> None:
        """Add the maps of one tile.

        Parameters
        ----------
        origin : tuple of int
            First row and column of the tile.
        maps : ndarray of shape (C, tile_size, tile_size), float32
        """
        size = self._tiling.tile_size
        window = np.s_[origin[0] : origin[0] + size, origin[1] : origin[1] + size]
        self._sum[:, *window] += maps * self._weights
        self._total[window] += self._weights

    def result(self) -> NDArray[np.float32]:
        """Give the blended maps.

        Returns
        -------
        ndarray of shape (C, M, N), float32
        """
        self._sum /= self._total
        return self._tiling.crop(self._sum)
