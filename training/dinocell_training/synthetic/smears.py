"""Drawn blood smears in colour: red cells, white cells with lobed nuclei, platelets, stain and light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.camera import photograph
from dinocell_training.synthetic.crowded_look import CrowdedCells
from dinocell_training.synthetic.mosaics import tidy_labels
from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.placement import place_cells
from dinocell_training.synthetic.stains import AZURE, EOSIN, absorb, random_light, random_stain
from dinocell_training.synthetic.textures import add_spots, blur, smooth_noise

Image = NDArray[np.float32]
Labels = NDArray[np.int32]

HAEMOGLOBIN = (EOSIN[0] + 0.1, EOSIN[1], EOSIN[2] + 0.35)
"""Red cells in eosin: the dye and their own colour."""


def draw_smear(rng: np.random.Generator, size: int, diameter: float) -> tuple[Image, Labels]:
    """Draw a blood smear; red and white cells are labelled, platelets and stain are not.

    Parameters
    ----------
    size : int
        Edge of the image in pixels.
    diameter : float
        Of most cells, in pixels.

    Returns
    -------
    pixels : ndarray of shape (size, size, 3), float32
    labels : ndarray of shape (size, size), int32
    """
    mostly_white = rng.random() < 0.3
    red_diameter = diameter / rng.uniform(1.2, 1.9) if mostly_white else diameter
    red_diameter = max(6.0, red_diameter)
    labels = _red_cells(rng, size, red_diameter, crowded=not mostly_white)
    red_dye = _haemoglobin(rng, labels, red_diameter)
    cytoplasm = np.zeros((size, size), np.float32)
    chromatin = np.zeros((size, size), np.float32)
    area = (size / red_diameter) ** 2
    usual = 0.006 * area if not mostly_white else float(rng.uniform(0.01, 0.12)) * area
    alike = rng.random() < 0.5
    kind = int(rng.integers(3))
    for _ in range(min(30, rng.poisson(usual) + int(mostly_white))):
        radius = red_diameter * rng.uniform(0.6, 1.05)
        centre = rng.uniform(0, size, 2)
        cell = _white_cell(rng, (size, size), centre, radius, kind if alike else int(rng.integers(3)))
        if cell is None:
            continue
        window, body, nucleus, plasm = cell
        labels[window][body] = labels.max() + 1
        red_dye[window][body] *= np.float32(rng.uniform(0, 0.1))
        cytoplasm[window] = np.where(body, plasm, cytoplasm[window])
        chromatin[window] = np.where(body, nucleus, chromatin[window])
    _parasites(rng, labels, chromatin, red_diameter)
    _platelets(rng, labels, chromatin, red_diameter)
    image = absorb(
        random_light(rng),
        (
            red_dye * np.float32(rng.uniform(0.4, 1.2)),
            random_stain(rng, HAEMOGLOBIN, 0.45),
        ),
        (cytoplasm, random_stain(rng, (0.6, 0.6, 0.3), 0.4)),
        (chromatin * np.float32(rng.uniform(0.7, 1.4)), random_stain(rng, AZURE)),
    )
    return photograph(rng, image), tidy_labels(labels, 0.05 * red_diameter**2)


def _red_cells(rng: np.random.Generator, size: int, diameter: float, *, crowded: bool) -> Labels:
    density = float(rng.beta(1.6, 1.6) * 0.8) if crowded else float(rng.choice([0, rng.uniform(0, 0.7)]))
    scene = SceneParameters(
        height=size,
        width=size,
        modality="brightfield",
        shape="round",
        diameter_px=diameter,
        density=density,
        seed=0,
        arrangement=str(rng.choice(["scattered", "clumped"])),
        size_variation=float(rng.uniform(0.03, 0.18)),
    )
    return np.ascontiguousarray(place_cells(scene, rng).picture_labels, np.int32).copy()


def _haemoglobin(rng: np.random.Generator, labels: Labels, diameter: float) -> Image:
    """Thickness of the red cells: paler in their middle, with a rim, and differing from cell to cell."""
    cells = CrowdedCells.of(labels, diameter)
    depth = cells.from_border / np.float32(0.5 * diameter)
    pallor = np.float32(rng.choice([0, rng.uniform(0.2, 0.95)])) * (
        1 + np.clip(cells.each(rng, 0.3), -1, 0.3)
    )
    wide = np.float32(rng.uniform(0.25, 0.6))
    dye = 1 - pallor * np.exp(-((np.maximum(1 - depth, 0) / wide) ** 2))
    dye = dye * (1 + np.clip(cells.each(rng, rng.uniform(0.02, 0.2)), -0.6, 1))
    edge = np.float32(max(0.7, 0.05 * diameter))
    dye += np.float32(rng.uniform(0, 0.5)) * np.exp(-((cells.from_border / edge) ** 2))
    if rng.random() < 0.25:
        # Light that is bent at the border leaves a bright line around the cells.
        outside = (labels == 0) * np.exp(-((cells.from_border / edge) ** 2))
        return np.asarray(cells.covered * dye - np.float32(0.3) * outside, np.float32)
    return np.asarray(cells.covered * dye, np.float32)


Window = tuple[slice, slice]


def _white_cell(
    rng: np.random.Generator,
    canvas: tuple[int, int],
    centre: NDArray[np.float64],
    radius: float,
    kind: int,
) -> tuple[Window, NDArray[np.bool_], Image, Image] | None:
    """Window, body, chromatin and cytoplasm of a cell; its nucleus is lobed (0), bean-shaped (1) or round."""
    reach = int(1.4 * radius) + 2
    low = np.maximum(np.floor(centre).astype(int) - reach, 0)
    high = np.minimum(np.floor(centre).astype(int) + reach + 1, canvas)
    if (high - low < 3).any():
        return None
    dy = np.arange(low[0], high[0], dtype=np.float32)[:, None] - np.float32(centre[0])
    dx = np.arange(low[1], high[1], dtype=np.float32)[None, :] - np.float32(centre[1])
    shape = (dy.shape[0], dx.shape[1])
    uneven = 1 + np.float32(rng.uniform(0.02, 0.12)) * smooth_noise(rng, shape, max(3.0, radius * 0.8))
    distance = np.hypot(dy, dx) / (np.float32(radius) * uneven)
    nucleus = np.zeros(shape, np.float32)
    if kind == 2:
        size = rng.uniform(0.62, 0.93)
        shift = rng.normal(0, 0.3 * (1 - size), 2) * radius
        nucleus = _disc(dy - shift[0], dx - shift[1], radius * size)
    else:
        lobes = int(rng.integers(2, 6)) if kind == 0 else int(rng.integers(6, 9))
        turn, arc = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.6) if kind == 0 else 0.33
        for n in range(lobes):
            angle = turn + n * arc
            far = radius * (rng.uniform(0.25, 0.5) if kind == 0 else 0.4)
            lobe = radius * (rng.uniform(0.22, 0.38) if kind == 0 else 0.3)
            nucleus = np.maximum(nucleus, _disc(dy - far * np.sin(angle), dx - far * np.cos(angle), lobe))
    clumps = 1 + np.float32(rng.uniform(0.05, 0.25)) * smooth_noise(rng, shape, max(1.5, radius * 0.15))
    level, granules = rng.uniform(0.08, 0.45), rng.uniform(0, 0.5)
    plasm = np.float32(level) * (1 + np.float32(granules) * smooth_noise(rng, shape, max(1.0, radius * 0.08)))
    plasm = plasm + np.float32(rng.uniform(0, 0.2)) * np.exp(-(((distance - 1) / np.float32(0.08)) ** 2))
    window = (slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])))
    body = distance < 1
    return (
        window,
        body,
        np.asarray(nucleus * clumps, np.float32),
        np.asarray(np.maximum(plasm, 0.02), np.float32),
    )


def _disc(dy: Image, dx: Image, radius: float) -> Image:
    distance = (np.hypot(dy, dx) - np.float32(radius)) / np.float32(max(0.6, 0.06 * radius))
    return np.asarray(1 / (1 + np.exp(np.clip(distance, -20, 20))), np.float32)


def _parasites(rng: np.random.Generator, labels: Labels, chromatin: Image, diameter: float) -> None:
    """Put small rings and dots into some red cells, as of malaria, in place."""
    if rng.random() > 0.3 or not labels.any():
        return
    rows, columns = np.nonzero(labels)
    chosen = rng.integers(len(rows), size=int(rng.integers(1, 10)))
    ring = np.zeros_like(chromatin)
    for row, column in zip(rows[chosen], columns[chosen], strict=True):
        radius = max(1.2, diameter * rng.uniform(0.06, 0.2))
        thick = max(1, round(radius * 0.4)) if rng.random() < 0.6 else -1
        middle, level = (int(column), int(row)), float(rng.uniform(0.4, 1))
        cv2.circle(ring, middle, round(radius), level, thick, cv2.LINE_AA)
    chromatin += blur(ring, 0.6) * (labels > 0)


def _platelets(rng: np.random.Generator, labels: Labels, chromatin: Image, diameter: float) -> None:
    """Strew platelets and grains of stain, mostly between the cells, in place."""
    number = int(rng.poisson(rng.uniform(0, 0.03) * labels.size / diameter**2))
    if not number:
        return
    radius = np.maximum(0.8, diameter * rng.uniform(0.04, 0.16, number))
    spots = np.column_stack(
        [
            rng.uniform(0, labels.shape[0], number),
            rng.uniform(0, labels.shape[1], number),
            radius,
            radius * rng.uniform(1, 1.5, number),
            rng.uniform(0, np.pi, number),
            rng.uniform(0.15, 0.7, number),
            rng.uniform(0.4, 1.0, number),
        ]
    )
    add_spots(chromatin, spots, labels, np.where(rng.random(number) < 0.85, 0, -1).astype(np.int32))
