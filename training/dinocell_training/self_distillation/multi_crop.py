"""Views of a picture: two large and several small ones, each changed in its own way (paper 3.3.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn import functional

from dinocell_app.imaging.intensity import PercentileNormalisation

N_LARGE = 2
LARGE_SHARE = (0.32, 1.0)
SMALL_SHARE = (0.05, 0.32)
"""Of the picture's area."""

_ASPECT = (3 / 4, 4 / 3)
_ATTEMPTS = 10
_MIRROR = 0.5
_JITTER = 0.4
_JITTER_PROBABILITY = 0.8
"""DINOv2's; the paper names only the factors."""
_BLUR_PROBABILITY = 0.01
_BLUR_SIGMA = (0.1, 2.0)
_SOLARISE_PROBABILITY = 0.1
_SOLARISE_THRESHOLD = 128 / 255


@dataclass(frozen=True)
class ViewSizes:
    """How many views there are and how large.

    Parameters
    ----------
    large, small : int
        Edges in pixels.
    """

    large: int
    small: int
    n_small: int


def multi_crop(
    picture: NDArray[np.float32], rng: np.random.Generator, sizes: ViewSizes
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw the views of a picture.

    Parameters
    ----------
    picture : ndarray of shape (M, N), float32
        Prepared by percentiles: 0 for black and 1 for white.

    Returns
    -------
    large : Tensor of shape (2, large, large), float32
    small : Tensor of shape (n_small, small, small), float32
    """
    whole = torch.from_numpy(np.ascontiguousarray(picture, np.float32))
    large = [_view(whole, rng, sizes.large, LARGE_SHARE) for _ in range(N_LARGE)]
    small = [_view(whole, rng, sizes.small, SMALL_SHARE) for _ in range(sizes.n_small)]
    return torch.stack(large), torch.stack(small) if small else torch.empty(0, sizes.small, sizes.small)


def draw_box(
    rng: np.random.Generator, shape: tuple[int, int], share: tuple[float, float]
) -> tuple[int, int, int, int]:
    """Draw a rectangle in a picture.

    Parameters
    ----------
    shape : tuple of int
        Of the picture.
    share : tuple of float
        Range of the share of its area.

    Returns
    -------
    top, left, height, width : int
        In the middle and as large as fits when the shape leaves no room.
    """
    rows, columns = shape
    for _ in range(_ATTEMPTS):
        area = rows * columns * rng.uniform(*share)
        aspect = math.exp(rng.uniform(*np.log(_ASPECT)))
        height, width = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
        if 0 < height <= rows and 0 < width <= columns:
            top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
            return int(top), int(left), height, width
    edge = max(1, round(math.sqrt(share[1]) * min(rows, columns)))
    return (rows - edge) // 2, (columns - edge) // 2, edge, edge


def _view(
    picture: torch.Tensor, rng: np.random.Generator, edge: int, share: tuple[float, float]
) -> torch.Tensor:
    top, left, height, width = draw_box(rng, (picture.shape[0], picture.shape[1]), share)
    part = picture[top : top + height, left : left + width]
    view = functional.interpolate(
        part[None, None], size=(edge, edge), mode="bilinear", align_corners=False, antialias=True
    )[0, 0]
    if rng.random() < _MIRROR:
        view = view.flip(-1)
    if rng.random() < _JITTER_PROBABILITY:
        view = view * rng.uniform(1 - _JITTER, 1 + _JITTER)
        mean = view.mean()
        view = (view - mean) * rng.uniform(1 - _JITTER, 1 + _JITTER) + mean
    if rng.random() < _BLUR_PROBABILITY:
        view = torch.from_numpy(ndimage.gaussian_filter(view.numpy(), rng.uniform(*_BLUR_SIGMA)))
    if rng.random() < _SOLARISE_PROBABILITY:
        view = torch.where(view >= _SOLARISE_THRESHOLD, 1 - view, view)
    return view.clamp(*PercentileNormalisation.OVERSHOOT)
