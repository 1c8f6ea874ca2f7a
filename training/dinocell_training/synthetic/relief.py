"""Optical thickness of placed cells: body, nucleus with nucleoli, granules; and the debris between them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.placement import Placement
from dinocell_training.synthetic.textures import add_spots, blur, fractal_noise

Image = NDArray[np.float32]

# (exponent of the edge, lowest and highest height in radians of phase): flat, thick and rod-like cells.
_BODIES = {
    "round": ((0.35, 0.6), (1.2, 4.5)),
    "spindle": ((0.5, 1.1), (0.6, 2.6)),
    "spread": ((0.5, 1.2), (0.4, 2.0)),
    "rod": ((0.4, 0.7), (0.4, 1.5)),
    "budding": ((0.35, 0.55), (2.0, 5.5)),
    "epithelium": ((0.3, 0.9), (0.5, 2.4)),
    "neuron": ((0.4, 0.8), (0.8, 3.0)),
}


@dataclass(frozen=True)
class Relief:
    """What light meets on the canvas; every array has the shape of the canvas, (M, N).

    Parameters
    ----------
    labels : ndarray, int32
        Label image.
    depth : ndarray, float32
        Distance to the border of the own cell, in pixels; 0 outside cells.
    depth_fraction : ndarray, float32
        `depth` over its greatest value in the cell, 0 to 1.
    thickness : ndarray, float32
        Phase delay of cells in radians; 0 outside cells.
    nuclei : ndarray, float32
        1 in nuclei, falling to 0 at their edges.
    nucleoli : ndarray, float32
        Amount of nucleolus.
    granules : ndarray, float32
        Signed density of organelles; about 1 at granules.
    debris : ndarray, float32
        Phase delay of unlabelled bits in radians.
    expression : ndarray of shape (K + 1,), float32
        Brightness of each cell, by id; 0 for the background.
    """

    labels: NDArray[np.int32]
    depth: Image
    depth_fraction: Image
    thickness: Image
    nuclei: Image
    nucleoli: Image
    granules: Image
    debris: Image
    expression: NDArray[np.float32]


def build_relief(placement: Placement, parameters: SceneParameters, rng: np.random.Generator) -> Relief:
    """Give placed cells a height and an inside.

    Parameters
    ----------
    placement : Placement
        The cells.
    parameters : SceneParameters
        The scene.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Relief
        Maps on the placement's canvas.
    """
    labels = placement.labels
    count = len(placement.types)
    depth = cv2.distanceTransform(interior(labels), cv2.DIST_L2, 3) + np.float32(0.6)
    depth[labels == 0] = 0
    deepest = _deepest(labels, depth, count)
    fraction = depth / np.maximum(deepest[:, 2], 0.6).astype(np.float32)[labels]
    nuclei, nucleoli = _nuclei(labels, deepest, parameters, rng)
    granules = _granules(labels, fraction, parameters, rng)
    grain = np.float32(0.03 + rng.beta(1.0, 3.0) * (0.15 if parameters.shape == "rod" else 0.5))
    density = rng.uniform(-0.5, 0.1) if parameters.shape == "budding" else rng.uniform(-0.05, 0.35)
    inside = np.float32(1) + np.float32(density) * nuclei
    inside += np.float32(rng.uniform(0.1, 0.5)) * nucleoli
    inside += grain * granules * (1 - np.float32(rng.uniform(0.2, 0.9)) * nuclei)
    return Relief(
        labels=labels,
        depth=depth,
        depth_fraction=fraction,
        thickness=_body(placement, parameters, fraction, depth, rng) * np.maximum(inside, np.float32(0.05)),
        nuclei=nuclei,
        nucleoli=nucleoli,
        granules=granules,
        debris=_debris(labels, parameters, rng),
        expression=_expression(count, rng),
    )


@njit(cache=True)
def interior(labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """1 where the pixel and its four neighbours have one label; the canvas' border is no cell's border."""
    height, width = labels.shape
    interior = np.zeros((height, width), np.uint8)
    for i in range(height):
        for j in range(width):
            label = labels[i, j]
            interior[i, j] = (
                label != 0
                and labels[max(i - 1, 0), j] == label
                and labels[min(i + 1, height - 1), j] == label
                and labels[i, max(j - 1, 0)] == label
                and labels[i, min(j + 1, width - 1)] == label
            )
    return interior


@njit(cache=True)
def _deepest(labels: NDArray[np.int32], depth: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """Row, column and depth of the innermost pixel, and the area, of every label; row 0 is the background."""
    table = np.zeros((count + 1, 4))
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            label = labels[i, j]
            if label == 0:
                continue
            table[label, 3] += 1
            if depth[i, j] > table[label, 2]:
                table[label, 0], table[label, 1], table[label, 2] = i, j, depth[i, j]
    return table


def _body(
    placement: Placement,
    parameters: SceneParameters,
    fraction: Image,
    depth: Image,
    rng: np.random.Generator,
) -> Image:
    """Height of the cell bodies: a power of the depth, smoothed, higher for rounded cells."""
    (low_power, high_power), (low, high) = _BODIES[parameters.shape]
    ball = np.array([False, *(kind == "round" for kind in placement.types)])
    count = len(placement.types)
    height = np.full(count + 1, rng.uniform(low, high)) * np.exp(rng.normal(0, 0.25, count + 1))
    if parameters.shape != "round":
        height = np.where(ball, rng.uniform(2.5, 6.0) * np.exp(rng.normal(0, 0.2, count + 1)), height)
    height[0] = 0
    power = np.full(count + 1, rng.uniform(low_power, high_power))
    power = np.where(ball, rng.uniform(0.4, 0.6), power).astype(np.float32)
    labels = placement.labels
    # Between cells that touch, the layer is rarely as thin as at a free edge.
    bridge = np.float32(rng.uniform(0, 0.65)) if rng.random() < 0.7 else np.float32(0)
    free_depth = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 3)
    level = np.minimum(free_depth / np.float32(0.4 * parameters.diameter_px), 1)
    fraction = np.maximum(fraction, bridge * level)
    depth = np.maximum(depth, bridge * free_depth)
    body = np.power(fraction, power[labels]) * height.astype(np.float32)[labels]
    # The distance transform has ridges that no cell has: smooth, but let nothing leak out of the cells.
    width = max(0.6, rng.uniform(0.02, 0.07) * parameters.diameter_px)
    smooth = blur(body, width)
    share = blur((labels > 0).astype(np.float32), width)
    body = smooth / np.maximum(share, np.float32(0.2)) * np.minimum(depth / np.float32(1.5), 1)
    return np.asarray(body * (labels > 0), np.float32)


def _nuclei(
    labels: NDArray[np.int32],
    deepest: NDArray[np.float64],
    parameters: SceneParameters,
    rng: np.random.Generator,
) -> tuple[Image, Image]:
    """Soft ellipses at the innermost points of the cells, with one to four nucleoli each."""
    nuclei, nucleoli = np.zeros(labels.shape, np.float32), np.zeros(labels.shape, np.float32)
    cells = np.flatnonzero(deepest[:, 3] > 0)
    if parameters.shape == "rod" or len(cells) == 0:
        return nuclei, nucleoli
    size = np.sqrt(deepest[cells, 3] / np.pi)
    radius = np.minimum(deepest[cells, 2] * 0.92, size * rng.uniform(0.3, 0.65, len(cells)))
    aspect = np.sqrt(rng.uniform(1.0, 1.5, len(cells)))
    spots = np.column_stack(
        [
            deepest[cells, 0] + rng.normal(0, 0.08, len(cells)) * radius,
            deepest[cells, 1] + rng.normal(0, 0.08, len(cells)) * radius,
            np.maximum(radius / aspect, 0.7),
            np.maximum(radius * aspect, 0.7),
            rng.uniform(0, np.pi, len(cells)),
            np.ones(len(cells)),
            np.full(len(cells), rng.uniform(0.2, 0.6)),
        ]
    )
    add_spots(nuclei, spots, labels, cells.astype(np.int32))
    owner = np.repeat(np.arange(len(cells)), rng.integers(1, 5, len(cells)))
    heading, reach = rng.uniform(0, 2 * np.pi, len(owner)), rng.uniform(0, 0.65, len(owner)) * radius[owner]
    small = np.maximum(radius[owner] * rng.uniform(0.1, 0.25, len(owner)), 0.6)
    dots = np.column_stack(
        [
            deepest[cells, 0][owner] + reach * np.sin(heading),
            deepest[cells, 1][owner] + reach * np.cos(heading),
            small,
            small * rng.uniform(1.0, 1.6, len(owner)),
            heading,
            np.ones(len(owner)),
            np.full(len(owner), 0.7),
        ]
    )
    add_spots(nucleoli, dots, labels, cells[owner].astype(np.int32))
    return nuclei, nucleoli


def _granules(
    labels: NDArray[np.int32], fraction: Image, parameters: SceneParameters, rng: np.random.Generator
) -> Image:
    """Fine structure of the cytoplasm: a fractal field, and dots that gather around the nucleus."""
    scale = max(2.0, parameters.diameter_px * rng.uniform(0.06, 0.2))
    granules = np.float32(0.5) * fractal_noise(rng, labels.shape, scale)
    number = int(min(4000, labels.size * rng.uniform(0.0, 0.02)))
    rows = rng.integers(0, labels.shape[0], number)
    columns = rng.integers(0, labels.shape[1], number)
    perinuclear = rng.random(number) < fraction[rows, columns] ** rng.uniform(0.3, 1.5)
    rows, columns = rows[perinuclear], columns[perinuclear]
    radius = np.maximum(0.9, parameters.diameter_px * 0.02 * np.exp(rng.normal(0, 0.5, len(rows))))
    dots = np.column_stack(
        [
            rows,
            columns,
            radius,
            radius,
            np.zeros(len(rows)),
            rng.uniform(0.5, 2.5, len(rows)) * rng.choice([-1, 1], len(rows), p=[0.25, 0.75]),
            np.ones(len(rows)),
        ]
    ).astype(np.float64)
    add_spots(granules, dots, labels, labels[rows, columns])
    return granules


def _debris(labels: NDArray[np.int32], parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Bits that are no cell: crumbs, vesicles and shrunken remains, all well below a cell's size."""
    debris = np.zeros(labels.shape, np.float32)
    number = int(rng.poisson(parameters.debris * labels.size / 2500))
    if number == 0:
        return debris
    largest = min(0.2 * parameters.diameter_px, 8.0)
    radius = np.maximum(0.7, largest * rng.beta(0.6, 3.0, number))
    rows, columns = rng.uniform(0, labels.shape[0], number), rng.uniform(0, labels.shape[1], number)
    spots = np.column_stack(
        [
            rows,
            columns,
            radius,
            radius * rng.uniform(1.0, 2.0, number),
            rng.uniform(0, np.pi, number),
            rng.uniform(0.3, 4.0, number) * np.minimum(radius / 3, 1),
            rng.uniform(0.3, 1.0, number),
        ]
    )
    # Mostly between the cells: on them the bits would be read as organelles anyway.
    beside = np.where(rng.random(number) < 0.8, 0, -1).astype(np.int32)
    add_spots(debris, spots, labels, beside)
    return debris


def _expression(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Brightness of the cells: log-normal, in some scenes with very dim cells among bright ones."""
    level = np.exp(rng.normal(0, rng.uniform(0.05, 0.6), count + 1))
    if rng.random() < 0.3:
        level *= np.where(rng.random(count + 1) < rng.uniform(0.1, 0.6), rng.uniform(0.08, 0.35), 1.0)
    level[0] = 0
    return np.asarray(level, np.float32)
