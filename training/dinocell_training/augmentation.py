"""Geometry and intensity changes of labelled crops; flow targets are computed anew afterwards.

The paper leaves geometry alone because its targets were too slow to recompute (3.3.4). Ours are cheap,
so any rotation, scale and elastic deformation is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_app.jobs.training_settings import AugmentationSettings

PAPER = AugmentationSettings(geometric=False, elastic=0.0)
"""Brightness and inversion alone (paper 3.3.4)."""


@dataclass(frozen=True)
class View:
    """Where a crop is taken from an image.

    Parameters
    ----------
    size : int
        Edge of the crop in pixels.
    scale : float
        Pixels of the crop for one pixel of the image.
    centre : tuple of float
        Row and column in the image.
    angle : float
        Rotation in radians.
    mirrored : bool
        Whether the columns are mirrored.
    displacement : ndarray of shape (2, size, size), optional
        Elastic displacement in crop pixels (dy, dx).
    """

    size: int
    scale: float
    centre: tuple[float, float]
    angle: float = 0.0
    mirrored: bool = False
    displacement: NDArray[np.float32] | None = None

    def coordinates(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Locate every pixel of the crop in the image.

        Returns
        -------
        rows, columns : ndarray of shape (size, size), float32
        """
        axis = np.arange(self.size, dtype=np.float32) - (self.size - 1) / 2
        dy, dx = np.meshgrid(axis, axis, indexing="ij")
        if self.displacement is not None:
            dy, dx = dy + self.displacement[0], dx + self.displacement[1]
        if self.mirrored:
            dx = -dx
        cos, sin = np.cos(self.angle) / self.scale, np.sin(self.angle) / self.scale
        rows = self.centre[0] + cos * dy - sin * dx
        columns = self.centre[1] + sin * dy + cos * dx
        return rows.astype(np.float32), columns.astype(np.float32)


@dataclass(frozen=True)
class Scenery:
    """What has to be known of an image to choose a view.

    Parameters
    ----------
    shape : tuple of int
        Height and width.
    diameter : float or None
        Median cell diameter in pixels; None when there are no cells.
    anchors : ndarray of shape (K, 2), int
        Row and column of a pixel of each cell.
    """

    shape: tuple[int, int]
    diameter: float | None
    anchors: NDArray[np.int64]


ANCHORED_SHARE = 0.75
"""Share of views that are taken near a cell; the others fall anywhere, so that background is learned too."""


def draw_view(
    rng: np.random.Generator, scenery: Scenery, size: int, augmentation: AugmentationSettings
) -> View:
    """Draw a random view of an image.

    Parameters
    ----------
    size : int
        Edge of the crop in pixels.
    """
    scale = 1.0
    if augmentation.diameter_range is not None:
        low, high = augmentation.diameter_range
        wanted = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        scale = float(np.clip(wanted / (scenery.diameter or wanted), 1 / 6, 6))
    reach = size / scale / 2
    aim = [float(rng.uniform(0, edge)) for edge in scenery.shape]
    if len(scenery.anchors) and rng.random() < ANCHORED_SHARE:
        anchor = scenery.anchors[rng.integers(len(scenery.anchors))]
        aim = [float(anchor[axis] + rng.uniform(-0.7, 0.7) * reach) for axis in range(2)]
    centre = [
        float(np.clip(at, min(reach * 0.8, edge / 2), max(edge - reach * 0.8, edge / 2)))
        for at, edge in zip(aim, scenery.shape, strict=True)
    ]
    if not augmentation.geometric:
        return View(
            size, scale, (round(centre[0]) + (size - 1) % 2 / 2, round(centre[1]) + (size - 1) % 2 / 2)
        )
    displacement = _elastic(rng, size, augmentation.elastic) if rng.random() < 0.5 else None
    return View(
        size=size,
        scale=scale,
        centre=(centre[0], centre[1]),
        angle=float(rng.uniform(0, 2 * np.pi)),
        mirrored=bool(rng.random() < 0.5),
        displacement=displacement,
    )


def take_view(
    pixels: NDArray[np.float32], labels: NDArray[np.int32], view: View
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Resample an image and its labels; what lies beyond the image is its mirror.

    Parameters
    ----------
    pixels : ndarray of shape (M, N) or (M, N, 3), float32
    labels : ndarray of shape (M, N), int32

    Returns
    -------
    pixels : ndarray of shape (size, size) or (size, size, 3), float32
        Bilinear.
    labels : ndarray of shape (size, size), int32
        Nearest neighbour.
    """
    rows, columns = view.coordinates()
    source = pixels
    if view.scale < 0.7:
        # Without smoothing, shrinking shows the network noise that resampling at run time would average away.
        sigma = 0.4 / view.scale
        blurred = cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
        source = np.asarray(blurred, np.float32)
    crop = _remap(source, rows, columns, cv2.INTER_LINEAR)
    # cv2 remaps no int32; float32 holds ids exactly below 2**24.
    ids = _remap(labels.astype(np.float32), rows, columns, cv2.INTER_NEAREST)
    return crop, ids.astype(np.int32)


def _remap(
    array: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32], interpolation: int
) -> NDArray[np.float32]:
    # cv2.remap cannot address arrays beyond 32767 pixels: cut out what is needed first.
    top, left = int(max(rows.min() - 2, 0)), int(max(columns.min() - 2, 0))
    bottom, right = int(rows.max() + 3), int(columns.max() + 3)
    if top >= array.shape[0] - 1 or left >= array.shape[1] - 1:
        top, left = 0, 0
    part = np.ascontiguousarray(array[top:bottom, left:right])
    remapped = cv2.remap(part, columns - left, rows - top, interpolation, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(remapped, np.float32)


def _elastic(rng: np.random.Generator, size: int, strength: float) -> NDArray[np.float32]:
    """Draw a smooth displacement field of shape (2, size, size) in pixels."""
    coarse = rng.uniform(-1, 1, (2, 5, 5)).astype(np.float32) * strength * size
    return np.stack([cv2.resize(field, (size, size), interpolation=cv2.INTER_CUBIC) for field in coarse])


def change_intensity(
    rng: np.random.Generator, pixels: NDArray[np.float32], augmentation: AugmentationSettings
) -> NDArray[np.float32]:
    """Change grey values of a prepared crop.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, 3), float32
        About 0 to 1.

    Returns
    -------
    ndarray of the shape of `pixels`, float32
    """
    changed = pixels * np.float32(rng.uniform(*augmentation.brightness))
    if rng.random() < augmentation.inversion:
        changed = 1 - changed
    if not augmentation.strong_intensity:
        return changed
    if rng.random() < 0.4:
        changed = _gamma(changed, float(np.exp(rng.uniform(-0.6, 0.6))))
    if rng.random() < 0.4:
        changed = (
            (changed - 0.5) * np.float32(np.exp(rng.uniform(-0.7, 0.3)))
            + 0.5
            + np.float32(rng.normal(0, 0.1))
        )
    if rng.random() < 0.25:
        light = _illumination(rng, changed.shape)
        changed = changed + (light if changed.ndim == 2 else light[..., None])
    if rng.random() < 0.25:
        changed = np.asarray(cv2.GaussianBlur(changed, (0, 0), float(rng.uniform(0.4, 1.6))), np.float32)
    if rng.random() < 0.3:
        changed = changed + rng.normal(0, rng.uniform(0.01, 0.1), changed.shape).astype(np.float32)
    return np.asarray(np.clip(changed, -0.5, 2.5), np.float32)


def _gamma(pixels: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    """Apply a power law that keeps the sign and the values 0 and 1."""
    powered: NDArray[np.float32] = np.copysign(np.abs(pixels) ** np.float32(exponent), pixels)
    return powered


def _illumination(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Draw a smooth additive background."""
    coarse = rng.normal(0, rng.uniform(0.05, 0.2), (3, 3)).astype(np.float32)
    field = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field, np.float32)
