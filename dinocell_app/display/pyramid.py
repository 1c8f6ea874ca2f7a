"""Pictures at several sizes, so that only what the screen can show is ever drawn.

Level 0 is the picture; each further level has half its rows and columns. Frame: (row, column); a pixel of
level k covers 2**k by 2**k pixels of the picture, the last ones less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TILE_PX = 512
COARSEST_PX = 512
"""The coarsest level fits one tile, so that something can always be drawn at once."""


@dataclass(frozen=True)
class Tile:
    """A part of a level.

    Parameters
    ----------
    row, column : int
        Of the tile, not of its pixels.
    """

    level: int
    row: int
    column: int

    def slices(self, margin: int = 0) -> tuple[slice, slice]:
        """Give the pixels of the level that the tile covers.

        Parameters
        ----------
        margin : int
            Pixels more on every side where there are any.

        Returns
        -------
        tuple of slice
            Rows and columns; numpy cuts off what lies beyond the level.
        """
        top, left = self.row * TILE_PX, self.column * TILE_PX
        return (
            slice(max(0, top - margin), top + TILE_PX + margin),
            slice(max(0, left - margin), left + TILE_PX + margin),
        )

    def rectangle(self, shape: tuple[int, int]) -> tuple[float, float, float, float]:
        """Give the place of the tile in the picture.

        Parameters
        ----------
        shape : tuple of int
            Height and width of the tile's level.

        Returns
        -------
        left, top, width, height : float
            In pixels of the picture.
        """
        scale = 2**self.level
        top, left = self.row * TILE_PX, self.column * TILE_PX
        height, width = min(TILE_PX, shape[0] - top), min(TILE_PX, shape[1] - left)
        return left * scale, top * scale, width * scale, height * scale


def n_levels(shape: tuple[int, int]) -> int:
    """Count the levels of a picture.

    Parameters
    ----------
    shape : tuple of int
        Height and width.

    Returns
    -------
    int
        So many that the last fits one tile.
    """
    levels, longest = 1, max(shape)
    while longest > COARSEST_PX:
        longest, levels = (longest + 1) // 2, levels + 1
    return levels


def level_shape(shape: tuple[int, int], level: int) -> tuple[int, int]:
    """Give the size of a level.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the picture.

    Returns
    -------
    tuple of int
        Height and width.
    """
    scale = 2**level
    return -(-shape[0] // scale), -(-shape[1] // scale)


def mean_pyramid(plane: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    """Halve a picture again and again, averaging blocks of 2 by 2 pixels.

    Parameters
    ----------
    plane : ndarray of shape (M, N)
        Any integer, boolean or floating type.

    Returns
    -------
    list of ndarray
        Level k has shape (ceil(M / 2**k), ceil(N / 2**k)); integers keep their type.
    """
    if plane.dtype == np.bool_:
        plane = plane.astype(np.uint8) * np.uint8(255)
    levels = [plane]
    while len(levels) < n_levels((plane.shape[0], plane.shape[1])):
        levels.append(_halved(levels[-1]))
    return levels


def label_pyramid(labels: NDArray[np.integer]) -> list[NDArray[np.integer]]:
    """Halve a label image again and again, keeping every second pixel.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int

    Returns
    -------
    list of ndarray
        Views of `labels`: they take no memory.
    """
    return [labels[:: 2**k, :: 2**k] for k in range(n_levels((labels.shape[0], labels.shape[1])))]


def visible_tiles(shape: tuple[int, int], level: int, area: tuple[float, float, float, float]) -> list[Tile]:
    """List the tiles of a level that lie in a part of the picture.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the level.
    area : tuple of float
        Left, top, right and bottom in pixels of the picture.
    """
    edge = TILE_PX * 2**level
    left, top, right, bottom = area
    last_row, last_column = (shape[0] - 1) // TILE_PX, (shape[1] - 1) // TILE_PX
    rows = range(max(0, int(top // edge)), min(last_row, int(bottom // edge)) + 1)
    columns = range(max(0, int(left // edge)), min(last_column, int(right // edge)) + 1)
    return [Tile(level, row, column) for row in rows for column in columns]


def level_for(scale: float, levels: int) -> int:
    """Choose the level for a magnification.

    Parameters
    ----------
    scale : float
        Pixels of the screen for one pixel of the picture.

    Returns
    -------
    int
        The coarsest that has at least one pixel for each pixel of the screen.
    """
    if scale >= 1 or scale <= 0:
        return 0
    return min(levels - 1, int(np.floor(-np.log2(scale))))


def _halved(plane: NDArray[np.generic]) -> NDArray[np.generic]:
    height, width = plane.shape
    if height % 2 or width % 2:
        plane = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    wide = np.float64 if plane.dtype.itemsize > 4 or plane.dtype in (np.uint32, np.int32) else np.float32
    total: NDArray[np.floating] = plane[::2, ::2].astype(wide)
    for part in (plane[1::2, ::2], plane[::2, 1::2], plane[1::2, 1::2]):
        np.add(total, part, out=total)
    np.divide(total, 4, out=total)
    if plane.dtype.kind in "iu":
        np.rint(total, out=total)
    return total.astype(plane.dtype)
