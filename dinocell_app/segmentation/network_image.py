"""A large picture as the network sees it: tiles, prepared and at the network's scale, never the whole."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.segmentation.resampled_rows import resampled_rows
from dinocell_app.segmentation.tiling import Tiling


class NetworkImage:
    """Rows of the prepared and resampled picture.

    Parameters
    ----------
    prepare : callable
        Brings rows of pixels to the depth and range that tiles are cut from.
    factor : float
        Pixels of the network's image for one pixel of the picture.
    """

    def __init__(
        self,
        picture: PictureRows,
        prepare: Callable[[NDArray[np.generic]], NDArray[np.generic]],
        factor: float,
    ) -> None:
        self._picture = picture
        self._prepare = prepare
        height, width = picture.shape
        self._interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        self.shape = (
            picture.shape if factor == 1 else (max(1, round(height * factor)), max(1, round(width * factor)))
        )

    def rows(self, first: int, end: int) -> NDArray[np.generic]:
        """Give some rows.

        Returns
        -------
        ndarray of shape (end - first, N) or (end - first, N, 3), uint8 or float32
        """
        if self.shape == self._picture.shape:
            return self._prepare(self._picture.read(first, end))
        kind: list[np.dtype[np.generic]] = []

        def read(start: int, stop: int) -> NDArray[np.generic]:
            prepared = self._prepare(self._picture.read(start, stop))
            kind.append(prepared.dtype)
            return prepared if prepared.ndim == 2 else np.moveaxis(prepared, -1, 0)

        rows = resampled_rows(read, self._picture.shape, self.shape, (first, end), self._interpolation)
        rows = rows if rows.ndim == 2 else np.moveaxis(rows, 0, -1)
        return np.clip(np.rint(rows), 0, 255).astype(np.uint8) if kind[0] == np.uint8 else rows


class TileCutter:
    """Cuts tiles out of a network image, row of tiles by row of tiles.

    Parameters
    ----------
    tiling : Tiling
        Of its shape.
    """

    def __init__(self, image: NetworkImage, tiling: Tiling) -> None:
        self._image = image
        self._tiling = tiling
        self._first = 0
        self._band: NDArray[np.generic] | None = None

    def cut(self, origin: tuple[int, int]) -> NDArray[np.generic]:
        """Give one tile.

        Parameters
        ----------
        origin : tuple of int
            Of `Tiling.origins`, best in their order.

        Returns
        -------
        ndarray of shape (tile_size, tile_size), or (tile_size, tile_size, 3)
        """
        size, (row, column) = self._tiling.tile_size, origin
        if self._band is None or self._first != row:
            self._band, self._first = self._rows_from(row), row
        return self._band[:, column : column + size]

    def _rows_from(self, row: int) -> NDArray[np.generic]:
        size, height = self._tiling.tile_size, self._image.shape[0]
        end = min(row + size, height)
        known_end = self._first + len(self._band) if self._band is not None else 0
        if self._band is not None and self._first < row < known_end <= end:
            kept = self._band[row - self._first :, : self._image.shape[1]]
            band = np.concatenate([kept, self._image.rows(known_end, end)]) if known_end < end else kept
        else:
            band = self._image.rows(row, end)
        missing = self._tiling.padded_shape[1] - band.shape[1]
        if height < size:
            return self._tiling.pad(band)
        beside = [(0, 0), (0, missing), (0, 0)][: band.ndim]
        return np.pad(band, beside, mode="symmetric") if missing else band
