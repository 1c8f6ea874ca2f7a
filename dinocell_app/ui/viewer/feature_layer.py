"""Features of a model as colours over a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.display.pyramid import Tile, mean_pyramid
from dinocell_app.ui.viewer.picture_view import PictureView, Region
from dinocell_app.ui.viewer.tiled_item import TiledItem

_HEIGHT = 0.5
"""Above the picture, below the cells."""


@dataclass(frozen=True)
class FeaturePainter:
    """Paints a colour picture.

    Parameters
    ----------
    channels : tuple of list of ndarray
        Levels of red, green and blue, uint8.
    """

    channels: tuple[list[NDArray[np.generic]], ...]

    def __call__(self, tile: Tile) -> NDArray[np.uint8]:
        """Paint a tile.

        Returns
        -------
        ndarray of shape (h, w, 4), uint8
        """
        red, green, blue = (levels[tile.level][tile.slices()] for levels in self.channels)
        return np.stack([blue, green, red, np.full_like(red, 255)], axis=-1)


class FeatureLayer:
    """Lies over a picture, see-through as wished."""

    def __init__(self, view: PictureView) -> None:
        self._view = view
        self._item: TiledItem | None = None
        self._opacity = 1.0

    @property
    def shown(self) -> bool:
        """Whether there is anything."""
        return self._item is not None

    def show(self, pixels: NDArray[np.uint8], region: Region | None) -> None:
        """Show features in place of those before.

        Parameters
        ----------
        pixels : ndarray of shape (M, N, 3), uint8
        region : tuple of int or None
            Where they are; None for the whole picture.
        """
        self.clear()
        painter = FeaturePainter(tuple(mean_pyramid(pixels[..., at]) for at in range(3)))
        item = TiledItem((pixels.shape[0], pixels.shape[1]), painter, opaque=True)
        self._item = self._view.add_layer(item, _HEIGHT)
        if region is not None:
            item.setPos(region[1], region[0])
        item.setOpacity(self._opacity)

    def set_opacity(self, opacity: float) -> None:
        """Let more or less of the picture through.

        Parameters
        ----------
        opacity : float
            0 to 1.
        """
        self._opacity = opacity
        if self._item is not None:
            self._item.setOpacity(opacity)

    def clear(self) -> None:
        """Take the features away."""
        self._view.remove_layer(self._item)
        self._item = None
