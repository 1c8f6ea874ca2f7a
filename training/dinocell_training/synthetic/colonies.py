"""Drawn crowded cultures: colonies of epithelium, streams of spindle cells, bundles of rods and filaments."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.camera import brought_to_range, photograph
from dinocell_training.synthetic.crowded_look import CrowdedCells, draw_crowded
from dinocell_training.synthetic.mosaics import MosaicShape, lay_mosaic, open_mosaic, tidy_labels
from dinocell_training.synthetic.relief import interior
from dinocell_training.synthetic.textures import smooth_noise

Image = NDArray[np.float32]
Labels = NDArray[np.int32]
Drawn = tuple[Image, Labels]

SMALLEST_SHARE = 0.07
"""Of the area of a cell: what is left of cells cut by the edge of a colony, and below that is no cell."""


def draw_colony(rng: np.random.Generator, size: int, diameter: float) -> Drawn:
    """Draw colonies of cells in transmitted light.

    Parameters
    ----------
    size : int
        Edge of the image in pixels.
    diameter : float
        Of the cells, in pixels.

    Returns
    -------
    pixels : ndarray of shape (size, size), float32
    labels : ndarray of shape (size, size), int32
        Ids from 1, one piece each.
    """
    shape = MosaicShape(
        diameter,
        stretch=float(np.exp(abs(rng.normal(0, 0.45)))),
        jitter=float(rng.uniform(0.12, 0.36)),
        size_variation=float(rng.choice([0.05, rng.uniform(0.1, 0.35)])),
        missing=float(rng.choice([0, rng.uniform(0, 0.35)])),
        waviness=float(rng.uniform(0.04, 0.22)),
    )
    labels = lay_mosaic(rng, (size, size), shape)
    if rng.random() < 0.7:
        labels = open_mosaic(rng, labels, diameter, float(rng.uniform(0.15, 1)))
    labels = tidy_labels(labels, SMALLEST_SHARE * diameter**2)
    return _finished(rng, labels, diameter)


def draw_streams(rng: np.random.Generator, size: int, diameter: float) -> Drawn:
    """Draw long spindle cells that lie side by side, as fibroblasts and myoblasts grown together do.

    Parameters and results are those of `draw_colony`; the diameter is that of the circle of a cell's area.
    """
    shape = MosaicShape(
        diameter,
        stretch=float(rng.uniform(2.5, 7)),
        jitter=float(rng.uniform(0.15, 0.32)),
        size_variation=float(rng.uniform(0.05, 0.25)),
        missing=float(rng.uniform(0, 0.25)),
        waviness=float(rng.uniform(0.02, 0.1)),
        bend=float(rng.uniform(0, 2)),
    )
    labels = lay_mosaic(rng, (size, size), shape)
    if rng.random() < 0.6:
        labels = open_mosaic(rng, labels, diameter, float(rng.uniform(0.3, 1)))
    if rng.random() < 0.4:
        labels = _apart(rng, labels, rng.uniform(0.5, 2.5))
    labels = tidy_labels(labels, SMALLEST_SHARE * diameter**2)
    return _finished(rng, labels, diameter)


def draw_bundles(rng: np.random.Generator, size: int, diameter: float) -> Drawn:
    """Draw rods and filaments that lie side by side and end to end: dense bacteria, chains of them.

    Parameters and results are those of `draw_colony`; the diameter is that of the circle of a rod's area.
    """
    stretch = float(np.exp(rng.uniform(np.log(1.8), np.log(10))))
    stretch = min(stretch, (diameter / 4) ** 2)  # thinner rods than 4 pixels cannot be told apart
    shape = MosaicShape(
        diameter,
        stretch=max(1.0, stretch),
        jitter=float(rng.uniform(0.03, 0.16)),
        size_variation=float(rng.uniform(0.02, 0.1)),
        missing=float(rng.choice([0, rng.uniform(0, 0.3)])),
        waviness=float(rng.uniform(0.0, 0.04)),
        bend=float(rng.uniform(0, 2.5)),
    )
    labels = lay_mosaic(rng, (size, size), shape)
    if rng.random() < 0.75:
        labels = open_mosaic(rng, labels, diameter, float(rng.uniform(0.2, 0.95)))
    labels = tidy_labels(labels, SMALLEST_SHARE * diameter**2)
    # The ends become round as the corners of the cells are lost to the gaps between them.
    width = diameter / np.sqrt(max(1.0, stretch))
    labels = _apart(rng, labels, rng.uniform(0.02, 0.14) * width + 0.4, corners=0.25 * width)
    labels = tidy_labels(labels, SMALLEST_SHARE * diameter**2)
    return _phase_of_rods(rng, labels, width)


def _finished(rng: np.random.Generator, labels: Labels, diameter: float) -> Drawn:
    """Let the cells of a layer be seen, with rounded cells and debris on top."""
    image = draw_crowded(rng, CrowdedCells.of(labels, diameter))
    image, labels = _with_rounded_cells(rng, image, labels, diameter)
    image = _with_debris(rng, image)
    labels = tidy_labels(labels, SMALLEST_SHARE * diameter**2 * 0.8)
    return photograph(rng, brought_to_range(rng, image)), labels


def _with_rounded_cells(
    rng: np.random.Generator, image: Image, labels: Labels, diameter: float
) -> tuple[Image, Labels]:
    """Put rounded cells with rings on an image, singly and in heaps, on the layer or beside it."""
    size = labels.shape[0]
    image, labels = image.copy(), labels.copy()
    number = min(40, rng.poisson(0.004 * (size / diameter) ** 2 * rng.uniform(0, 6)))
    heaps = rng.uniform(0, size, (max(1, number // 4), 2))
    heaped = rng.random() < 0.4
    bright = np.sign(rng.random() - 0.2)
    for _ in range(number):
        centre = rng.uniform(0, size, 2)
        if heaped:
            centre = heaps[rng.integers(len(heaps))] + rng.normal(0, 0.7 * diameter, 2)
        radius = diameter * rng.uniform(0.28, 0.5)
        _put_rounded_cell(rng, image, labels, centre, (radius, float(bright)))
    return image, labels


def _put_rounded_cell(
    rng: np.random.Generator,
    image: Image,
    labels: Labels,
    centre: NDArray[np.float64],
    how: tuple[float, float],
) -> None:
    """Draw one rounded cell in place; `how` is its radius in pixels and 1 for a bright, -1 for a dark one."""
    radius, sign = how
    reach = int(1.7 * radius) + 2
    low = np.maximum(np.floor(centre).astype(int) - reach, 0)
    high = np.minimum(np.floor(centre).astype(int) + reach + 1, labels.shape)
    if (high - low < 2).any():
        return
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    dy = np.arange(low[0], high[0], dtype=np.float32)[:, None] - np.float32(centre[0])
    dx = np.arange(low[1], high[1], dtype=np.float32)[None, :] - np.float32(centre[1])
    angle = np.arctan2(dy, dx)
    outline = np.ones_like(angle)
    for order in (2, 3, 4):
        phase = np.float32(rng.uniform(0, 2 * np.pi))
        outline += np.float32(rng.normal(0, 0.035)) * np.cos(order * angle + phase)
    distance = np.asarray(np.hypot(dy, dx) / (np.float32(radius) * outline), np.float32)
    strength = np.float32(rng.uniform(0.1, 0.6) * sign)
    inside = distance < 1
    rings = np.cos(distance * np.float32(rng.uniform(2, 7)))
    grain = np.float32(0.06) * rng.standard_normal(distance.shape, dtype=np.float32)
    part = image[window]
    part[inside] = (0.5 + strength * (0.5 + np.float32(0.4) * rings) + grain)[inside]
    part -= strength * np.float32(0.5) * np.exp(-(((distance - 1.05) / 0.12) ** 2))
    part += strength * np.float32(0.3) * np.exp(-(((distance - 1.3) / 0.15) ** 2))
    labels[window][inside] = labels.max() + 1


def _with_debris(rng: np.random.Generator, image: Image) -> Image:
    """Bits on and off the cells, each a dot with a ring of the other brightness."""
    size = image.shape[0]
    image = image.copy()
    for _ in range(rng.poisson(rng.uniform(0, 25) * (size / 256) ** 2)):
        y, x = rng.integers(0, size, 2)
        width, strength = rng.uniform(0.7, 2.4), rng.normal(0, 0.5)
        rows, columns = slice(max(0, y - 9), y + 10), slice(max(0, x - 9), x + 10)
        dy = np.arange(rows.start, min(size, rows.stop), dtype=np.float32)[:, None] - y
        dx = np.arange(columns.start, min(size, columns.stop), dtype=np.float32)[None, :] - x
        far = np.hypot(dy, dx)
        dot = np.exp(-((far / width) ** 2)) - 0.5 * np.exp(-(((far - 2 * width) / width) ** 2))
        image[rows, columns] += np.float32(strength) * dot
    return image


def _apart(rng: np.random.Generator, labels: Labels, gap: float, *, corners: float = 0.0) -> Labels:
    """Take what is within `gap` pixels of a border from all cells, and round their corners."""
    inside = cv2.distanceTransform(interior(labels), cv2.DIST_L2, 5)
    uneven = gap * (1 + 0.3 * smooth_noise(rng, (labels.shape[0], labels.shape[1]), 12.0))
    kept = inside > uneven
    if corners > 0.7:
        deep = (inside > uneven + corners).astype(np.uint8)
        kept &= cv2.distanceTransform(1 - deep, cv2.DIST_L2, 5) < corners + 0.5
    return np.where(kept, labels, 0).astype(np.int32)


def _phase_of_rods(rng: np.random.Generator, labels: Labels, width: float) -> Drawn:
    """Show rods as phase contrast does, dark with a bright surround, or as another contrast, bright."""
    cells = CrowdedCells.of(labels, 2 * width)
    depth = np.minimum(cells.from_border / np.float32(max(0.6, 0.45 * width)), 1)
    body = depth ** np.float32(rng.uniform(0.3, 1.2))
    differing = 1 + np.clip(cells.each(rng, rng.uniform(0.02, 0.25)), -0.8, 1)
    level = np.float32(rng.uniform(0.25, 0.6)) * differing
    outside = cells.labels == 0
    reach = np.float32(max(1.0, width * rng.uniform(0.25, 0.9)))
    halo = np.float32(rng.uniform(0, 0.5)) * outside * np.exp(-cells.from_border / reach)
    image = 0.5 - cells.covered * body * level + halo
    if rng.random() < 0.5:
        spots = smooth_noise(rng, labels.shape, max(1.5, width * rng.uniform(0.2, 0.6)))
        image += cells.covered * np.float32(rng.uniform(0, 0.08)) * spots
    if rng.random() < 0.35:
        image = 1 - image
    image = _with_debris(rng, np.asarray(image, np.float32))
    return photograph(rng, brought_to_range(rng, image), sharpest=0.4), labels
