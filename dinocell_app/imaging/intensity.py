"""How pixel values become what a network sees; the only home of intensity normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Channel mean and standard deviation of ImageNet, which DINOv2 was trained with."""


class IntensityNormalisation(Protocol):
    """A named way from pixels to network input."""

    name: str

    def prepare_image(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Bring a whole image to the depth and range that tiles are cut from."""

    def prepare_tile(self, tile: NDArray[np.generic]) -> NDArray[np.float32]:
        """Turn one tile of a prepared image into three network channels."""


class PercentileNormalisation:
    """Percentiles 1 and 99 of the whole image to 0 and 1, then ImageNet statistics.

    The percentiles are Cellpose's (Stringer et al. 2021, normalisation 1 to 99). Values beyond them
    are kept up to `OVERSHOOT` so that bright, sparse structures stay graded.
    """

    name = "percentile"
    OVERSHOOT = (-0.5, 2.5)

    def prepare_image(self, pixels: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scale by the image's percentiles.

        Parameters
        ----------
        pixels : ndarray of shape (M, N)
            Any integer or floating depth; NaN and infinities count as the lower percentile.

        Returns
        -------
        ndarray of shape (M, N), float32
            0 at percentile 1 and 1 at percentile 99; all 0 for an image of one value.
        """
        values = pixels.astype(np.float32)
        finite = np.isfinite(values)
        known = values if finite.all() else values[finite]
        if known.size == 0:
            return np.zeros(values.shape, np.float32)
        low, high = (float(v) for v in np.percentile(known, (1, 99)))
        if high <= low:
            low, high = float(known.min()), float(known.max())
        if high <= low:
            return np.zeros(values.shape, np.float32)
        scaled = (values - low) / (high - low)
        scaled[~finite] = 0
        return np.clip(scaled, *self.OVERSHOOT).astype(np.float32)

    def prepare_tile(self, tile: NDArray[np.generic]) -> NDArray[np.float32]:
        """Repeat a prepared tile in three channels with ImageNet statistics.

        Parameters
        ----------
        tile : ndarray of shape (H, W), float32
            Part of a prepared image.

        Returns
        -------
        ndarray of shape (3, H, W), float32
        """
        return standardise(tile.astype(np.float32))


def standardise(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Repeat grey values in 0 to 1 as three channels of ImageNet's mean and deviation.

    Parameters
    ----------
    grey : ndarray of shape (H, W), float32

    Returns
    -------
    ndarray of shape (3, H, W), float32
    """
    mean = np.asarray(IMAGENET_MEAN, np.float32)[:, None, None]
    std = np.asarray(IMAGENET_STD, np.float32)[:, None, None]
    return ((grey[None] - mean) / std).astype(np.float32)


NORMALISATIONS: Mapping[str, IntensityNormalisation] = MappingProxyType(
    {normalisation.name: normalisation for normalisation in (PercentileNormalisation(),)}
)
