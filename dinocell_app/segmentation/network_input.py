"""From the pixels of a plane to what a model's network takes: its colours and its intensity normalisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.imaging.projections import grey_of_rgb
from dinocell_app.model.manifest import Manifest

Prepare = Callable[[NDArray[np.generic]], NDArray[np.generic]]


class NetworkInput:
    """How a model is shown images, whole or by parts."""

    def __init__(self, manifest: Manifest) -> None:
        self._takes_colours = manifest.input_colour == "rgb"
        self._normalisation = NORMALISATIONS[manifest.intensity_normalisation]

    def prepare_image(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Bring a whole plane to the colours, depth and range that tiles are cut from.

        Parameters
        ----------
        pixels : ndarray of shape (M, N) or (M, N, 3)
            Of any depth; red, green and blue last.

        Returns
        -------
        ndarray of shape (M, N) or (M, N, 3), uint8 or float32
            Colours only for a model that takes them.
        """
        return self._normalisation.prepare_image(self._shown(pixels))

    def preparing_parts(self, picture: PictureRows) -> Prepare:
        """Make what brings rows of a plane to that which `prepare_image` makes of them within the whole.

        Parameters
        ----------
        picture : PictureRows
            Gone through at once, for its range of intensity.

        Returns
        -------
        callable
            Takes and gives pixels of shape (m, N) or (m, N, 3).
        """

        def pieces() -> Iterator[NDArray[np.generic]]:
            return (self._shown(piece) for piece in picture.pieces())

        normalisation = self._normalisation
        known = normalisation.measure(pieces, self._shown(picture.read(0, 1)).dtype)
        return lambda pixels: normalisation.prepare_part(self._shown(pixels), known)

    def prepare_tile(self, tile: NDArray[np.generic]) -> NDArray[np.float32]:
        """Turn one tile of a prepared image into input of the network.

        Parameters
        ----------
        tile : ndarray of shape (H, W) or (H, W, 3)

        Returns
        -------
        ndarray of shape (3, H, W), float32
        """
        return self._normalisation.prepare_tile(tile)

    def _shown(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Give the luminance of colours to a model that takes none."""
        if pixels.ndim == 2 or self._takes_colours:
            return pixels
        return grey_of_rgb(*np.moveaxis(pixels, -1, 0))
