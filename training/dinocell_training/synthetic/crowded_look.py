"""How crowded cultures look in transmitted light: grain, faint borders, nuclei that may not be seen.

A sum of parts, each drawn from the label image, rather than a model of optics: what makes such images hard is
that the grain of the cytoplasm is stronger than the borders between cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.relief import interior
from dinocell_training.synthetic.textures import blur, smooth_noise

Image = NDArray[np.float32]


@dataclass(frozen=True)
class CrowdedCells:
    """A label image with the distances that its look depends on.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Ids 1 to K.
    diameter : float
        Of a cell, in pixels.
    from_border : ndarray of shape (M, N), float32
        Distance to the border of the own cell; to the nearest cell outside of cells.
    from_background : ndarray of shape (M, N), float32
        Distance of cells to what is no cell; 0 there.
    """

    labels: NDArray[np.int32]
    diameter: float
    from_border: Image
    from_background: Image

    @classmethod
    def of(cls, labels: NDArray[np.int32], diameter: float) -> CrowdedCells:
        """Measure the distances of a label image."""
        inside = interior(labels)
        inside[labels == 0] = 1
        return cls(labels, diameter, _distance(inside), _distance((labels > 0).astype(np.uint8)))

    @property
    def count(self) -> int:
        """Number of cells."""
        return int(self.labels.max())

    @property
    def covered(self) -> Image:
        """1 in cells and 0 outside."""
        return (self.labels > 0).astype(np.float32)

    def each(self, rng: np.random.Generator, deviation: float) -> Image:
        """Draw a value for each cell and spread it over the cell's pixels."""
        return rng.normal(0, deviation, self.count + 1).astype(np.float32)[self.labels]


def draw_crowded(rng: np.random.Generator, cells: CrowdedCells, *, with_nuclei: bool = True) -> Image:
    """Draw the cells of a label image on a grey ground.

    Parameters
    ----------
    with_nuclei : bool
        Whether cells may have nuclei at all.

    Returns
    -------
    ndarray of shape (M, N), float32
        About 0.5 where there is nothing.
    """
    shape = cells.labels.shape
    image = np.full(shape, 0.5, np.float32)
    nuclei = np.zeros(shape, np.float32)
    strongest = 0.22
    has_nuclei = bool(with_nuclei and cells.count and rng.random() < 0.85)
    border = float(rng.normal(0, 0.13))
    if has_nuclei:
        nuclei, look = _nuclei(rng, cells)
        image += look
    elif abs(border) < 0.08:
        # Something must tell the cells apart, or the labels are a riddle that nobody can learn from.
        border, strongest = float(np.copysign(0.08, border)), 0.1
    image += cells.covered * (_body(rng, cells) + _grain(rng, cells, nuclei, strongest))
    image += _borders(rng, cells, border)
    image += _outer_edge(rng, cells)
    return image


def _distance(inside: NDArray[np.uint8]) -> Image:
    if inside.all():
        return np.full(inside.shape, 99, np.float32)
    return np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32)


def _body(rng: np.random.Generator, cells: CrowdedCells) -> Image:
    """Grey of the cells: flat as the ground, or domed, and differing from cell to cell."""
    body = np.float32(rng.normal(0, 0.06)) + cells.each(rng, float(rng.uniform(0, 0.09)))
    if rng.random() < 0.5:
        height = np.minimum(cells.from_border / np.float32(0.4 * cells.diameter), 1)
        body = body + np.float32(rng.uniform(-0.14, 0.14)) * height
    return np.asarray(body, np.float32)


def _grain(rng: np.random.Generator, cells: CrowdedCells, nuclei: Image, strongest: float) -> Image:
    """Granules of the cytoplasm, bright or dark or both, which stay out of the nuclei."""
    shape, diameter = cells.labels.shape, cells.diameter
    fine = _band(rng, shape, max(0.6, diameter * float(np.exp(rng.uniform(np.log(0.02), np.log(0.09))))))
    if rng.random() < 0.6:
        fine = np.float32(rng.choice([-1, 1])) * np.clip(fine - np.float32(rng.uniform(0, 1)), 0, 4)
    coarse = _band(rng, shape, max(0.8, diameter * rng.uniform(0.06, 0.15)))
    strength = np.float32(rng.uniform(0, strongest)) * (1 - np.float32(rng.uniform(0.5, 1)) * nuclei)
    strength = strength * (1 + np.clip(cells.each(rng, 0.35), -0.9, 2))
    return np.asarray(strength * fine + np.float32(rng.uniform(0, 0.08)) * coarse, np.float32)


def _nuclei(rng: np.random.Generator, cells: CrowdedCells) -> tuple[Image, Image]:
    """Smooth ellipses with a rim and nucleoli: where they are (0 to 1), and what they add to the image."""
    labels, count, diameter = cells.labels, cells.count, cells.diameter
    middle = _centres(labels, count) + rng.normal(0, 0.08 * diameter, (count + 1, 2))
    radius = diameter * rng.uniform(0.2, 0.32) * np.exp(rng.normal(0, 0.12, count + 1))
    nuclei, rim = _ellipses(rng, labels, middle, radius)
    if rng.random() < 0.3:
        # Some cells have two.
        aside = rng.normal(0, 0.3 * diameter, (count + 1, 2))
        aside[rng.random(count + 1) > rng.uniform(0.05, 0.3)] = 1e4
        second, second_rim = _ellipses(rng, labels, middle + aside, radius * 0.85)
        nuclei, rim = np.maximum(nuclei, second), np.maximum(rim, second_rim)
    seen = (rng.random(count + 1) < rng.choice([1.0, rng.uniform(0.4, 1)])).astype(np.float32)[labels]
    look = nuclei * (np.float32(rng.normal(0, 0.07)) + cells.each(rng, 0.03))
    look += rim * np.float32(rng.normal(0, 0.08)) * (1 + cells.each(rng, 0.5))
    look += _nucleoli(rng, cells, middle, radius)
    return nuclei * seen, np.asarray(cells.covered * seen * look, np.float32)


def _ellipses(
    rng: np.random.Generator,
    labels: NDArray[np.int32],
    middle: NDArray[np.float64],
    radius: NDArray[np.float64],
) -> tuple[Image, Image]:
    """Fill and rim of an ellipse for each cell, each only within its cell."""
    count = len(radius)
    aspect, angle = np.exp(rng.normal(0, 0.2, count)), rng.uniform(0, np.pi, count)
    table = np.stack(
        [middle[:, 0], middle[:, 1], 1 / (radius * aspect), aspect / radius, np.cos(angle), np.sin(angle)]
    ).astype(np.float32)
    row, column, along, across, cosine, sine = (part[labels] for part in table)
    dy = np.arange(labels.shape[0], dtype=np.float32)[:, None] - row
    dx = np.arange(labels.shape[1], dtype=np.float32)[None, :] - column
    distance = np.hypot((dy * cosine + dx * sine) * along, (dx * cosine - dy * sine) * across)
    distance[labels == 0] = 9
    edge = np.clip((distance - 1) / np.float32(0.12), -20, 20)
    return np.asarray(1 / (1 + np.exp(edge)), np.float32), np.asarray(np.exp(-(edge**2)), np.float32)


def _nucleoli(
    rng: np.random.Generator,
    cells: CrowdedCells,
    middle: NDArray[np.float64],
    radius: NDArray[np.float64],
) -> Image:
    height, width = cells.labels.shape
    spots = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        at = np.round(middle + rng.normal(0, 0.35, middle.shape) * radius[:, None]).astype(int)[1:]
        at = at[rng.random(len(at)) < 0.8]
        at = at[(at >= 0).all(axis=1) & (at < (height, width)).all(axis=1)]
        spots[at[:, 0], at[:, 1]] = 1
    size = max(0.7, cells.diameter * rng.uniform(0.03, 0.07))
    spots = blur(spots, size) * np.float32(2 * np.pi * size * size)
    return np.asarray(np.minimum(spots, 1.3) * np.float32(rng.normal(0, 0.22)), np.float32)


def _borders(rng: np.random.Generator, cells: CrowdedCells, strength: float) -> Image:
    """Thin lines between cells: bright or dark, double, and over stretches invisible."""
    shape, diameter = cells.labels.shape, cells.diameter
    width = np.float32(max(0.6, rng.uniform(0.015, 0.06) * diameter))
    between = (cells.labels > 0) & (cells.from_background > 2.2)
    seen = np.clip(0.5 + np.float32(0.9) * smooth_noise(rng, shape, max(3.0, diameter * 0.7)), 0, 1.4)
    line = np.exp(-((cells.from_border / width) ** 2))
    if rng.random() < 0.4:
        line = line - np.float32(rng.uniform(0, 0.7)) * np.exp(
            -(((cells.from_border - 2 * width) / width) ** 2)
        )
    return np.asarray(between * line * np.float32(strength) * seen, np.float32)


def _outer_edge(rng: np.random.Generator, cells: CrowdedCells) -> Image:
    """Halo outside the colony, a line along its edge and the shade within it."""
    diameter = cells.diameter
    outside = cells.labels == 0
    halo = np.float32(rng.uniform(0, 0.5) if rng.random() < 0.75 else 0)
    reach = np.float32(max(1.0, rng.uniform(0.06, 0.35) * diameter))
    edge = outside * halo * np.exp(-cells.from_border / reach)
    edge = edge * (1 + np.float32(0.3) * smooth_noise(rng, cells.labels.shape, max(3.0, diameter)))
    width = np.float32(max(0.8, rng.uniform(0.02, 0.09) * diameter))
    edge += ~outside * np.exp(-((cells.from_background / width) ** 2)) * np.float32(rng.normal(0, 0.15))
    if rng.random() < 0.5:
        edge -= ~outside * np.float32(rng.uniform(0, 0.15)) * np.exp(-cells.from_background / (2 * reach))
    return np.asarray(edge, np.float32)


def _band(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> Image:
    """Draw noise of features of one size, in pixels, with a deviation of 1."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    band = blur(noise, scale) - blur(noise, scale * 1.8)
    return np.asarray(band / (band.std() + np.float32(1e-6)), np.float32)


def _centres(labels: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Row and column of the centroid of each label; row 0 is the background's."""
    flat = labels.ravel()
    areas = np.maximum(np.bincount(flat, minlength=count + 1), 1)
    rows, columns = np.indices(labels.shape, np.float64).reshape(2, -1)
    return np.stack(
        [np.bincount(flat, weights=axis, minlength=count + 1) / areas for axis in (rows, columns)], axis=1
    )
