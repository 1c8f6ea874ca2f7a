"""Closed layers of cells: epithelium, and fibroblasts grown together."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.poses import throw_darts
from dinocell_training.synthetic.textures import smooth_noise

Labels = NDArray[np.int32]


def lay_layer(
    parameters: SceneParameters, canvas: tuple[int, int], diameter: float, rng: np.random.Generator
) -> tuple[Labels, list[str]]:
    """Cover a canvas with the Voronoi cells of scattered centres, stretched and with warped borders.

    Parameters
    ----------
    parameters : SceneParameters
        The scene; a density below 1 leaves holes or islands.
    canvas : tuple of int
        (M, N).
    diameter : float
        Diameter of the cells in pixels.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    labels : ndarray of shape (M, N), int32
        Label image, ids 1 to K.
    types : list of str
        Shape of each cell.
    """
    stretch = (
        float(rng.uniform(1.0, 1.6)) if parameters.shape == "epithelium" else float(rng.uniform(1.3, 3.0))
    )
    angle, waves = rng.uniform(0, np.pi), diameter * rng.uniform(0.2, 0.7)
    warp = rng.uniform(0.02, 0.28) * waves  # more would fold the map
    # Grid of rest positions: the canvas turned and squeezed, larger than it so that no border shows.
    side = int(np.hypot(*canvas) * np.sqrt(stretch)) + 8
    count = int(np.clip(side * side / (np.pi / 4 * diameter**2), 1, 10_000))
    spacing = rng.uniform(0.35, 0.9) * diameter
    centres = throw_darts(np.array([side, side], np.float64), count, spacing, rng)
    seeds = np.full((side, side), 255, np.uint8)
    cells = np.clip(centres, 0, side - 1).astype(int)
    seeds[cells[:, 0], cells[:, 1]] = 0
    distance, nearest = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    rows, columns = np.meshgrid(*(np.arange(n, dtype=np.float32) - n / 2 for n in canvas), indexing="ij")
    rows = rows + np.float32(warp) * smooth_noise(rng, canvas, waves)
    columns = columns + np.float32(warp) * smooth_noise(rng, canvas, waves)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    root = np.float32(np.sqrt(stretch))
    map_rows = (cosine * rows - sine * columns) / root + np.float32(side / 2)
    map_columns = (sine * rows + cosine * columns) * root + np.float32(side / 2)
    layer = cv2.remap(nearest.astype(np.float32), map_columns, map_rows, cv2.INTER_NEAREST)
    labels = np.asarray(layer, np.int32)
    if parameters.density < 0.98:
        reach = np.asarray(cv2.remap(distance, map_columns, map_rows, cv2.INTER_LINEAR), np.float32)
        labels = _open_layer(labels, reach, parameters, diameter, rng)
    ids = np.unique(labels)
    ids = ids[ids > 0]
    table = np.zeros(int(labels.max()) + 1, np.int32)
    table[ids] = np.arange(1, len(ids) + 1)
    return table[labels], [parameters.shape] * len(ids)


def _open_layer(
    labels: Labels,
    reach: NDArray[np.float32],
    parameters: SceneParameters,
    diameter: float,
    rng: np.random.Generator,
) -> Labels:
    """Take whole cells out of a layer until it covers what it should; cells left at a hole round off."""
    field = smooth_noise(rng, labels.shape, rng.uniform(1.5, 6) * diameter)
    count = int(labels.max()) + 1
    areas = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    level = np.bincount(labels.ravel(), weights=field.ravel(), minlength=count) / areas
    threshold = np.quantile(field, 1 - parameters.density)
    labels = labels * (level > threshold)[labels]
    return np.where(reach < rng.uniform(0.6, 0.95) * diameter, labels, 0).astype(np.int32)
