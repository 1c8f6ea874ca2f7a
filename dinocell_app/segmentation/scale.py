"""Between the scale of the image and the scale the network was trained for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.segmentation.parameters import SegmentationParameters

MEASURED_REGION_PX = 1024
"""Edge of the region of a large image on which the cell diameter is measured."""

MIN_MEASURED_CELLS = 3
"""With fewer whole cells those that the border cuts count too."""

MOST_ENLARGED = 4.0
"""A measured diameter enlarges an image no further: a model that finds only specks would otherwise take hours
over each image and find no more. Name the diameter of cells that are truly so small."""

FRAGMENT_SHARE = 0.1
"""What is smaller than this share of the cell that a typical pixel of a cell belongs to is a fragment."""


@dataclass(frozen=True)
class TrainedScale:
    """Cell diameters a model was trained for, in pixels of the network's image.

    Parameters
    ----------
    target : float
        Diameter that others are brought to.
    low, high : float
        Range within which an image is shown as it is.
    """

    target: float
    low: float
    high: float

    def factor(self, diameter: float | None) -> float:
        """Choose how much to enlarge the image for the network.

        Parameters
        ----------
        diameter : float or None
            Typical cell diameter in image pixels; None for unknown.

        Returns
        -------
        float
            1 when the diameter is unknown or within the trained range.
        """
        if diameter is None or self.low <= diameter <= self.high:
            return 1.0
        return self.target / diameter


@dataclass(frozen=True)
class ScaleChoice:
    """The scale that was used and why; goes into the provenance.

    Parameters
    ----------
    diameter_px : float or None
        Typical cell diameter in image pixels.
    source : str
        "given", "measured" or "unknown".
    factor : float
        Pixels of the network's image for one pixel of the image.
    """

    diameter_px: float | None
    source: str
    factor: float


def resample_image(image: NDArray[np.generic], factor: float) -> NDArray[np.generic]:
    """Bring an image to the scale of the network.

    Parameters
    ----------
    image : ndarray of shape (M, N) or (M, N, 3), uint8 or float32
    factor : float
        Pixels of the result for one pixel of the image.

    Returns
    -------
    ndarray of shape (round(M * factor), round(N * factor)), or with 3 colours
        At least one pixel each way; area means when shrinking, cubic when enlarging.
    """
    if factor == 1:
        return image
    height, width = (max(1, round(edge * factor)) for edge in image.shape[:2])
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=interpolation)


def resample_maps(maps: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Bring maps back to the frame of the image; the inverse of `resample_image`.

    Unit flows keep their direction and length because both axes are scaled alike.

    Parameters
    ----------
    maps : ndarray of shape (C, m, n), float32
    shape : tuple of int
        Height and width of the image.

    Returns
    -------
    ndarray of shape (C, *shape), float32
        Bilinear.
    """
    if maps.shape[1:] == shape:
        return maps
    size = (shape[1], shape[0])
    return np.stack([cv2.resize(channel, size, interpolation=cv2.INTER_LINEAR) for channel in maps])


def central_region(image: NDArray[np.generic]) -> NDArray[np.generic]:
    """Cut the middle out of a large image.

    Parameters
    ----------
    image : ndarray of shape (M, N) or (M, N, 3)

    Returns
    -------
    ndarray
        At most `MEASURED_REGION_PX` each way.
    """
    starts = [max(0, (edge - MEASURED_REGION_PX) // 2) for edge in image.shape[:2]]
    return image[starts[0] : starts[0] + MEASURED_REGION_PX, starts[1] : starts[1] + MEASURED_REGION_PX]


def typical_diameter(labels: NDArray[np.integer], fewest: int = MIN_MEASURED_CELLS) -> float | None:
    """Measure the median equivalent diameter of whole cells.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    fewest : int
        Cells that it takes.

    Returns
    -------
    float or None
        Pixels; None with fewer cells. Cells cut by the border count only when
        there are too few others; fragments do not count.
    """
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    areas[areas < FRAGMENT_SHARE * _area_weighted_median(areas)] = 0
    inner = areas.copy()
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        inner[np.unique(edge)] = 0
    chosen = inner[inner > 0] if np.count_nonzero(inner) >= MIN_MEASURED_CELLS else areas[areas > 0]
    if len(chosen) < max(1, fewest):
        return None
    return float(2 * np.sqrt(np.median(chosen) / np.pi))


def _area_weighted_median(areas: NDArray[np.integer]) -> float:
    """Give the area of the cell that the middle pixel of all cells belongs to."""
    ascending = np.sort(areas)
    covered = np.cumsum(ascending)
    return float(ascending[np.searchsorted(covered, covered[-1] / 2)])


def decoding_at_scale(parameters: SegmentationParameters, diameter: float | None) -> DecodingParameters:
    """Fit the decoding to the size of the cells and to the threshold.

    Parameters
    ----------
    diameter : float or None
        Typical cell diameter in pixels of the decoded maps.

    Returns
    -------
    DecodingParameters
        With at least four diameters of steps along the flow, so that large, long cells shrink onto their
        centres, a least size of `min_size_share` typical cells, and a least confidence between the
        threshold and 1.
    """
    decoding = parameters.decoding
    known = diameter or 0.0
    threshold = decoding.cell_probability_threshold
    surest = threshold + parameters.confidence_share * (1 - threshold) if parameters.confidence_share else 0.0
    smallest = math.floor(parameters.min_size_share * math.pi / 4 * known**2)
    return replace(
        decoding,
        n_iterations=max(decoding.n_iterations, round(4 * known)),
        min_size=max(decoding.min_size, smallest),
        min_confidence=max(decoding.min_confidence, surest),
    )
