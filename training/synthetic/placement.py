"""Where cells lie: centres, clumps, streams, colonies and closed layers, painted into a label image."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.synthetic.label_cleaning import (
    cell_areas,
    equivalent_diameters,
    keep_largest_components,
    narrow_to_median,
)
from training.synthetic.parameters import SceneParameters
from training.synthetic.shapes import Polygon, draw_template
from training.synthetic.textures import smooth_noise

Labels = NDArray[np.int32]

SMALLEST_LABEL = 12  # pixels
_TOLERANCE = 0.18  # of the median diameter, before the cells are drawn again at another scale
_ATTEMPTS = 4
_TEMPLATES = 24
_MOST_CELLS = 2500


@dataclass(frozen=True)
class Placement:
    """Cells on a canvas that is larger than the picture, so that cells cut by its border are cut as in life.

    Parameters
    ----------
    labels : ndarray of shape (M + 2 * margin, N + 2 * margin), int32
        Label image of the canvas; ids 1 to `n_labelled` lie at least partly in the picture.
    margin : int
        Pixels between the border of the canvas and the picture.
    n_labelled : int
        Number of cells in the picture.
    types : tuple of str
        Shape of each cell of the canvas, by ascending id.
    """

    labels: Labels
    margin: int
    n_labelled: int
    types: tuple[str, ...]

    @property
    def picture_labels(self) -> Labels:
        """Label image of the picture, a view of shape (M, N)."""
        height, width = self.labels.shape
        return self.labels[self.margin : height - self.margin, self.margin : width - self.margin]


def place_cells(parameters: SceneParameters, rng: np.random.Generator) -> Placement:
    """Place cells so that the median diameter in the picture is the one asked for.

    Parameters
    ----------
    parameters : SceneParameters
        What to place.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Placement
        The cells.
    """
    margin = int(np.clip(0.6 * parameters.diameter_px, 8, 40))
    canvas = (parameters.height + 2 * margin, parameters.width + 2 * margin)
    if parameters.density <= 0:
        return Placement(np.zeros(canvas, np.int32), margin, 0, ())
    scale = 1.0
    for _ in range(_ATTEMPTS):
        if parameters.arrangement == "layer" or parameters.shape == "epithelium":
            labels, types = _lay_layer(parameters, canvas, scale, rng)
        else:
            labels, types = _scatter(parameters, canvas, scale, rng)
        placement = _finish(labels, types, margin)
        diameters = equivalent_diameters(placement.picture_labels, placement.n_labelled)
        if len(diameters):
            ratio = float(np.median(diameters)) / parameters.diameter_px
            if abs(ratio - 1) <= _TOLERANCE:
                return placement
            scale = float(np.clip(scale / ratio, 0.4, 2.5))
    keep = narrow_to_median(diameters, parameters.diameter_px, _TOLERANCE)
    return _keep_only(placement, keep)


def _finish(labels: Labels, types: list[str], margin: int) -> Placement:
    """Give every cell of the picture one piece and the ids 1 to n; pieces dropped leave the canvas too."""
    labels = np.ascontiguousarray(labels)
    height, width = labels.shape
    keep_largest_components(labels, SMALLEST_LABEL)
    picture = np.ascontiguousarray(labels[margin : height - margin, margin : width - margin])
    keep_largest_components(picture, SMALLEST_LABEL)
    labels[margin : height - margin, margin : width - margin] = picture
    return _renumber(labels, types, margin, cell_areas(picture, len(types)) > 0)


def _keep_only(placement: Placement, keep: NDArray[np.bool_]) -> Placement:
    labels = placement.labels.copy()
    kept = np.ones(len(placement.types) + 1, np.int32)
    kept[1 : placement.n_labelled + 1] = keep
    labels *= kept[labels]
    in_picture = np.zeros(len(placement.types), bool)
    in_picture[: placement.n_labelled] = keep
    return _renumber(labels, list(placement.types), placement.margin, in_picture)


def _renumber(labels: Labels, types: list[str], margin: int, in_picture: NDArray[np.bool_]) -> Placement:
    present = cell_areas(labels, len(types)) > 0
    first, second = np.flatnonzero(in_picture), np.flatnonzero(present & ~in_picture)
    order = np.concatenate([first, second])
    table = np.zeros(len(types) + 1, np.int32)
    table[order + 1] = np.arange(1, len(order) + 1)
    return Placement(table[labels], margin, len(first), tuple(types[i] for i in order))


# ---------------------------------------------------------------------------------------- single cells


def _scatter(
    parameters: SceneParameters, canvas: tuple[int, int], scale: float, rng: np.random.Generator
) -> tuple[Labels, list[str]]:
    diameter = parameters.diameter_px * scale
    # The number of cells follows the diameter asked for, so that another try does not change the density.
    count = parameters.density * canvas[0] * canvas[1] / (np.pi / 4 * parameters.diameter_px**2)
    count = int(np.clip(round(count), 1, _MOST_CELLS))
    sizes = diameter * np.exp(rng.normal(0, parameters.size_variation, count))
    rounded = rng.random(count) < parameters.rounded_fraction
    sizes = np.where(rounded, sizes * rng.uniform(0.45, 0.8), sizes)
    templates = [draw_template(parameters.shape, rng) for _ in range(min(count, _TEMPLATES))]
    balls = [draw_template("round", rng) for _ in range(3)]
    centres, angles = _choose_poses(parameters, canvas, sizes, rng)
    painter = _Painter(canvas, rng)
    types = []
    mirror = rng.random(count) < 0.5
    for k in range(count):
        pool = balls if rounded[k] else templates
        template = pool[int(rng.integers(len(pool)))]
        if painter.paint(template, centres[k], angles[k], sizes[k], bool(mirror[k])):
            types.append("round" if rounded[k] else parameters.shape)
    return painter.labels, types


class _Painter:
    """Paints cells one after the other in windows of their own size and settles who owns an overlap."""

    def __init__(self, canvas: tuple[int, int], rng: np.random.Generator) -> None:
        self.labels = np.zeros(canvas, np.int32)
        self._score = np.zeros(canvas, np.float32)
        self._count = 0
        self._rule = str(rng.choice(["share", "over", "under", "apart"], p=[0.5, 0.2, 0.1, 0.2]))
        self._most_overlap = {"share": rng.uniform(0.15, 0.5), "apart": 0.0}.get(
            self._rule, rng.uniform(0.05, 0.35)
        )

    def paint(
        self, template: list[Polygon], centre: NDArray[np.float64], angle: float, size: float, mirror: bool
    ) -> bool:
        """Paint a cell unless too much of it would overlap others; True when it was painted."""
        cosine, sine = np.cos(angle) * size, np.sin(angle) * size
        turn = np.array([[cosine, sine], [-sine, cosine]])
        if mirror:
            turn[0] *= -1
        # Half a pixel: fillPoly takes in the pixels its outline runs through.
        parts = [part @ turn + centre for part in template]
        low = np.floor(np.min([part.min(axis=0) for part in parts], axis=0)).astype(int) - 1
        high = np.ceil(np.max([part.max(axis=0) for part in parts], axis=0)).astype(int) + 2
        canvas = self.labels.shape
        if low[0] >= canvas[0] or low[1] >= canvas[1] or high[0] <= 0 or high[1] <= 0:
            return False
        mask = np.zeros((high[0] - low[0], high[1] - low[1]), np.uint8)
        for part in parts:
            corners = np.round((part - low)[:, ::-1] * 16).astype(np.int32)
            cv2.fillPoly(mask, [corners], 1, shift=4)
        if self._rule == "share":
            score = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
        else:
            score = np.full(mask.shape, -self._count if self._rule != "over" else self._count + 1, np.float32)
        label = self._count + 1
        gap = self._rule == "apart"
        if _merge(
            self.labels, self._score, mask, score, np.array([low[0], low[1], label, gap]), self._most_overlap
        ):
            self._count = label
            return True
        return False


@njit(cache=True)
def _merge(
    labels: NDArray[np.int32],
    scores: NDArray[np.float32],
    mask: NDArray[np.uint8],
    score: NDArray[np.float32],
    where: NDArray[np.int64],
    most_overlap: float,
) -> bool:
    """Enter a cell's mask into the canvas; a contested pixel goes to the higher score."""
    top, left, label, gap = where[0], where[1], where[2], where[3]
    area, overlap = 0, 0
    rows = range(max(0, -top), min(mask.shape[0], labels.shape[0] - top))
    columns = range(max(0, -left), min(mask.shape[1], labels.shape[1] - left))
    for i in rows:
        for j in columns:
            if mask[i, j]:
                area += 1
                if labels[top + i, left + j] or (gap and _has_neighbour(labels, top + i, left + j)):
                    overlap += 1
    if area == 0 or overlap > most_overlap * area:
        return False
    for i in rows:
        for j in columns:
            free = labels[top + i, left + j] == 0
            if mask[i, j] and (free or score[i, j] > scores[top + i, left + j]):
                labels[top + i, left + j] = label
                scores[top + i, left + j] = score[i, j]
    return True


@njit(cache=True)
def _has_neighbour(labels: NDArray[np.int32], row: int, column: int) -> bool:
    height, width = labels.shape
    for i in range(max(0, row - 1), min(height, row + 2)):
        for j in range(max(0, column - 1), min(width, column + 2)):
            if labels[i, j]:
                return True
    return False


def _choose_poses(
    parameters: SceneParameters,
    canvas: tuple[int, int],
    sizes: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    count = len(sizes)
    if parameters.arrangement == "clumped":
        per_clump = float(np.exp(rng.uniform(np.log(3), np.log(60))))
        clumps = max(1, round(count / per_clump))
        pack = (0.72, 1.02) if parameters.shape != "rod" else (0.5, 1.0)
        centres, angles = _grow_clumps(
            np.array(canvas, np.float64), sizes, clumps, rng.uniform(*pack), int(rng.integers(2**31))
        )
        if parameters.shape != "rod":
            angles = rng.uniform(0, 2 * np.pi, count)
    else:
        spacing = rng.uniform(0.3, 0.95) * float(np.median(sizes))
        centres = _throw_darts(np.array(canvas, np.float64), count, spacing, int(rng.integers(2**31)))
        angles = rng.uniform(0, 2 * np.pi, count)
    if parameters.shape in ("spindle", "spread") and rng.random() < 0.5:
        field = smooth_noise(rng, canvas, rng.uniform(2, 8) * parameters.diameter_px)
        rows = np.clip(centres[:, 0], 0, canvas[0] - 1).astype(int)
        columns = np.clip(centres[:, 1], 0, canvas[1] - 1).astype(int)
        stream = rng.uniform(0, np.pi) + 0.7 * field[rows, columns]
        angles = stream + rng.normal(0, rng.uniform(0.1, 0.5), count)
    return centres, angles


@njit(cache=True)
def _throw_darts(canvas: NDArray[np.float64], count: int, spacing: float, seed: int) -> NDArray[np.float64]:
    """Uniform centres with a least distance, given up for a cell that finds no room in 12 throws."""
    np.random.seed(seed)  # numba's own generator, apart from numpy's global one
    centres = np.empty((count, 2))
    for k in range(count):
        for _ in range(12):
            row, column = np.random.random() * canvas[0], np.random.random() * canvas[1]
            free = True
            for other in range(k):
                if (centres[other, 0] - row) ** 2 + (centres[other, 1] - column) ** 2 < spacing**2:
                    free = False
                    break
            centres[k] = row, column
            if free:
                break
    return centres


@njit(cache=True)
def _grow_clumps(
    canvas: NDArray[np.float64], sizes: NDArray[np.float64], clumps: int, pack: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres and angles of clumps: every further cell is put beside an earlier one, roughly parallel."""
    np.random.seed(seed)
    count = len(sizes)
    centres, angles = np.empty((count, 2)), np.empty(count)
    for k in range(count):
        angles[k] = np.random.random() * 2 * np.pi
        centres[k] = np.random.random() * canvas[0], np.random.random() * canvas[1]
        if k < clumps:
            continue
        for _ in range(15):
            host = np.random.randint(0, k)
            step = 0.5 * (sizes[host] + sizes[k]) * pack
            heading = np.random.random() * 2 * np.pi
            row = centres[host, 0] + step * np.sin(heading)
            column = centres[host, 1] + step * np.cos(heading)
            free = 0 <= row < canvas[0] and 0 <= column < canvas[1]
            for other in range(k):
                least = 0.45 * (sizes[other] + sizes[k]) * pack
                if (centres[other, 0] - row) ** 2 + (centres[other, 1] - column) ** 2 < least**2:
                    free = False
                    break
            centres[k] = row, column
            angles[k] = angles[host] + np.random.normal() * 0.25
            if free:
                break
    return centres, angles


# --------------------------------------------------------------------------------------- closed layers


def _lay_layer(
    parameters: SceneParameters, canvas: tuple[int, int], scale: float, rng: np.random.Generator
) -> tuple[Labels, list[str]]:
    """A closed layer: Voronoi cells of scattered centres, stretched and with warped borders."""
    diameter = parameters.diameter_px * scale
    stretch = (
        float(rng.uniform(1.0, 1.6)) if parameters.shape == "epithelium" else float(rng.uniform(1.3, 3.0))
    )
    angle, warp = rng.uniform(0, np.pi), rng.uniform(0.02, 0.2) * diameter
    # Grid of rest positions: the canvas turned and squeezed, larger than it so that no border shows.
    side = int(np.hypot(*canvas) * np.sqrt(stretch)) + 8
    count = int(np.clip(side * side / (np.pi / 4 * diameter**2), 1, 4 * _MOST_CELLS))
    spacing = rng.uniform(0.35, 0.9) * diameter
    centres = _throw_darts(np.array([side, side], np.float64), count, spacing, int(rng.integers(2**31)))
    seeds = np.full((side, side), 255, np.uint8)
    cells = np.clip(centres, 0, side - 1).astype(int)
    seeds[cells[:, 0], cells[:, 1]] = 0
    distance, nearest = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    rows, columns = np.meshgrid(*(np.arange(n, dtype=np.float32) - n / 2 for n in canvas), indexing="ij")
    rows = rows + np.float32(warp) * smooth_noise(rng, canvas, diameter * rng.uniform(0.2, 0.6))
    columns = columns + np.float32(warp) * smooth_noise(rng, canvas, diameter * rng.uniform(0.2, 0.6))
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    root = np.float32(np.sqrt(stretch))
    map_rows = (cosine * rows - sine * columns) / root + np.float32(side / 2)
    map_columns = (sine * rows + cosine * columns) * root + np.float32(side / 2)
    layer = cv2.remap(nearest.astype(np.float32), map_columns, map_rows, cv2.INTER_NEAREST)
    labels = np.asarray(layer, np.int32)
    if parameters.density < 0.98:
        reach = cv2.remap(distance, map_columns, map_rows, cv2.INTER_LINEAR)
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
