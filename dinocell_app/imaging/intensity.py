"""How pixel values become what a network sees; the only home of intensity normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.order_statistics import Pieces, interpolate, order_statistics, percentile_ranks

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Channel mean and standard deviation of ImageNet, which DINOv2 was trained with."""


@dataclass(frozen=True)
class IntensityRange:
    """What a normalisation needs to know of a whole image.

    Parameters
    ----------
    low, high : float
        Grey values that are brought to the ends of the range; equal for an image of one value.
    working : type
        In which the pixels are scaled.
    """

    low: float
    high: float
    working: type[np.float32] | type[np.float64]


class IntensityNormalisation(Protocol):
    """A named way from pixels to network input."""

    name: str
    colours: tuple[str, ...]
    """What it can prepare: "grey" images of shape (M, N), and "rgb" ones of shape (M, N, 3)."""

    def measure(self, pieces: Pieces, dtype: np.dtype[Any]) -> IntensityRange:
        """Go through an image that is given piece by piece, for `prepare_part`."""

    def prepare_part(self, pixels: NDArray[np.generic], known: IntensityRange) -> NDArray[np.generic]:
        """Bring a part of an image to what `prepare_image` makes of it within the whole."""

    def prepare_image(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Bring a whole image to the depth and range that tiles are cut from."""

    def prepare_tile(self, tile: NDArray[np.generic]) -> NDArray[np.float32]:
        """Turn one tile of a prepared image into the three channels of network input."""


class PercentileNormalisation:
    """Percentiles 1 and 99 of the whole image to 0 and 1, then ImageNet statistics.

    The percentiles are Cellpose's (Stringer et al. 2021, normalisation 1 to 99). Values beyond them
    are kept up to `OVERSHOOT` so that bright, sparse structures stay graded. The three channels of a colour
    image are scaled alike, by the percentiles of all its values, so that hues stay.
    """

    name = "percentile"
    colours: tuple[str, ...] = ("grey", "rgb")
    PERCENTILES = (1, 99)
    OVERSHOOT = (-0.5, 2.5)

    def prepare_image(self, pixels: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scale by the image's percentiles.

        Parameters
        ----------
        pixels : ndarray of shape (M, N) or (M, N, 3)
            Any integer or floating depth; NaN and infinities count as the lower percentile.

        Returns
        -------
        ndarray of the shape of `pixels`, float32
            0 at percentile 1 and 1 at percentile 99; all 0 for an image of one value.
        """
        values: NDArray[np.floating[Any]] = pixels.astype(_working_dtype(pixels))
        finite = np.isfinite(values)
        known = values if finite.all() else values[finite]
        if known.size == 0:
            return np.zeros(values.shape, np.float32)
        low, high = (float(v) for v in np.percentile(known, self.PERCENTILES))
        if high <= low:
            low, high = float(known.min()), float(known.max())
        return self._scaled(values, finite, low, high)

    def measure(self, pieces: Pieces, dtype: np.dtype[Any]) -> IntensityRange:
        """Find the percentiles of an image that is given piece by piece.

        Parameters
        ----------
        dtype : dtype
            Of the pixels.

        Returns
        -------
        IntensityRange
            The same percentiles that `prepare_image` scales by.
        """
        count, values = order_statistics(
            pieces, dtype, lambda count: [0, count - 1, *percentile_ranks(count, self.PERCENTILES)]
        )
        if not count:
            return IntensityRange(0.0, 0.0, np.float32)
        working = _working_dtype(values[:2])
        known: NDArray[np.floating[Any]] = values.astype(working)
        low, high = (
            interpolate(known[2 * number : 2 * number + 2], count, percentile)
            for number, percentile in enumerate(self.PERCENTILES, start=1)
        )
        if high <= low:
            low, high = float(known[0]), float(known[1])
        return IntensityRange(low, high, working)

    def prepare_part(self, pixels: NDArray[np.generic], known: IntensityRange) -> NDArray[np.float32]:
        """Scale a part of an image by the percentiles of the whole.

        Parameters
        ----------
        pixels : ndarray of shape (m, n) or (m, n, 3)

        Returns
        -------
        ndarray of the shape of `pixels`, float32
        """
        values: NDArray[np.floating[Any]] = pixels.astype(known.working)
        return self._scaled(values, np.isfinite(values), known.low, known.high)

    def _scaled(
        self, values: NDArray[np.floating[Any]], finite: NDArray[np.bool_], low: float, high: float
    ) -> NDArray[np.float32]:
        if high <= low:
            return np.zeros(values.shape, np.float32)
        # Infinities are replaced below, and overflow far beyond OVERSHOOT is clipped.
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (values - low) / (high - low)
        scaled[~finite] = 0
        return np.asarray(np.clip(scaled, *self.OVERSHOOT), np.float32)

    def prepare_tile(self, tile: NDArray[np.generic]) -> NDArray[np.float32]:
        """Bring a prepared tile to ImageNet statistics; a grey one is shown to all three channels.

        Parameters
        ----------
        tile : ndarray of shape (H, W) or (H, W, 3), float32
            Part of a prepared image.

        Returns
        -------
        ndarray of shape (3, H, W), float32
        """
        return standardise(tile.astype(np.float32))


class ClaheImagenetNormalisation:
    """The published DINOCell preprocessing: 8 bit, local contrast per tile, ImageNet statistics.

    Contrast-limited adaptive histogram equalisation with clip limit 1 on 8 x 8 fields, then the
    tile's minimum and maximum to 0 and 255, all on 8-bit values and with OpenCV, as the published
    weights were trained. It works tile by tile: the same tile always looks the same to the network,
    and the same pixel looks different in two tiles. Enlarging the tile is left to the network.
    """

    name = "clahe_imagenet"
    colours: tuple[str, ...] = ("grey",)
    CLIP_LIMIT = 1.0
    FIELDS = (8, 8)

    def prepare_image(self, pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Bring an image to 8 bit.

        Parameters
        ----------
        pixels : ndarray of shape (M, N)
            Any integer or floating depth; NaN and infinities count as the smallest value.

        Returns
        -------
        ndarray of shape (M, N), uint8
            8-bit pixels as they are; of other types the image's smallest finite value becomes 0 and
            the largest 255; all 0 for an image of one value.
        """
        if pixels.dtype == np.uint8:
            return pixels.astype(np.uint8, copy=False)
        values: NDArray[np.floating[Any]] = pixels.astype(_working_dtype(pixels))
        finite = np.isfinite(values)
        known = values[finite]
        if known.size == 0 or known.min() == known.max():
            return np.zeros(values.shape, np.uint8)
        return self._scaled(values, finite, float(known.min()), float(known.max()))

    def measure(self, pieces: Pieces, dtype: np.dtype[Any]) -> IntensityRange:
        """Find the smallest and the largest value of an image that is given piece by piece.

        Parameters
        ----------
        dtype : dtype
            Of the pixels.
        """
        if np.dtype(dtype) == np.uint8:
            return IntensityRange(0.0, 255.0, np.float32)
        count, values = order_statistics(pieces, dtype, lambda count: (0, count - 1))
        if not count:
            return IntensityRange(0.0, 0.0, np.float32)
        working = _working_dtype(values)
        low, high = (float(value) for value in values.astype(working))
        return IntensityRange(low, high, working)

    def prepare_part(self, pixels: NDArray[np.generic], known: IntensityRange) -> NDArray[np.uint8]:
        """Bring a part of an image to 8 bit by the range of the whole.

        Parameters
        ----------
        pixels : ndarray of shape (m, n)

        Returns
        -------
        ndarray of shape (m, n), uint8
        """
        if pixels.dtype == np.uint8:
            return pixels.astype(np.uint8, copy=False)
        if known.high <= known.low:
            return np.zeros(pixels.shape, np.uint8)
        values: NDArray[np.floating[Any]] = pixels.astype(known.working)
        return self._scaled(values, np.isfinite(values), known.low, known.high)

    @staticmethod
    def _scaled(
        values: NDArray[np.floating[Any]], finite: NDArray[np.bool_], low: float, high: float
    ) -> NDArray[np.uint8]:
        values[~finite] = low
        return np.asarray(np.rint((values - low) * (255 / (high - low))), np.uint8)

    def prepare_tile(self, tile: NDArray[np.generic]) -> NDArray[np.float32]:
        """Equalise a prepared tile and standardise it.

        Parameters
        ----------
        tile : ndarray of shape (H, W)
            Part of a prepared image, of 0 to 255; resampled tiles are rounded to 8 bit.

        Returns
        -------
        ndarray of shape (3, H, W), float32
        """
        import cv2

        if tile.dtype != np.uint8:
            tile = np.clip(np.rint(tile.astype(np.float32)), 0, 255).astype(np.uint8)
        clahe = cv2.createCLAHE(clipLimit=self.CLIP_LIMIT, tileGridSize=self.FIELDS)
        equalised = np.asarray(clahe.apply(np.ascontiguousarray(tile)))
        stretched = cv2.normalize(equalised, np.empty_like(equalised), 0, 255, cv2.NORM_MINMAX)
        return standardise(np.asarray(stretched, np.float32) / np.float32(255))


def _working_dtype(pixels: NDArray[np.generic]) -> type[np.float32] | type[np.float64]:
    """Choose a floating type in which neither depth nor range of the pixels is lost."""
    if pixels.dtype.kind == "f":
        if pixels.dtype.itemsize > 4:
            return np.float64
        widest = np.finfo(np.float32).max / 4
        extremes = np.abs(pixels[np.isfinite(pixels)]).max(initial=0)
        return np.float64 if extremes > widest else np.float32
    return np.float64 if pixels.dtype.itemsize > 2 else np.float32


def standardise(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring values in 0 to 1 to ImageNet's mean and deviation; grey ones are repeated in three channels.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, 3), float32

    Returns
    -------
    ndarray of shape (3, H, W), float32
    """
    mean = np.asarray(IMAGENET_MEAN, np.float32)[:, None, None]
    std = np.asarray(IMAGENET_STD, np.float32)[:, None, None]
    channels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return ((channels - mean) / std).astype(np.float32)


NORMALISATIONS: Mapping[str, IntensityNormalisation] = MappingProxyType(
    {
        normalisation.name: normalisation
        for normalisation in (PercentileNormalisation(), ClaheImagenetNormalisation())
    }
)
