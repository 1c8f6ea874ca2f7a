"""Where cells lie: centres, clumps, streams, colonies and closed layers, painted into a label image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.label_cleaning import (
    cell_areas,
    equivalent_diameters,
    keep_largest_components,
    narrow_to_median,
)
from dinocell_training.synthetic.layers import lay_layer
from dinocell_training.synthetic.painting import CellPainter
from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.poses import choose_poses
from dinocell_training.synthetic.shapes import draw_template, draw_templates

Labels = NDArray[np.int32]

SMALLEST_LABEL = 12  # pixels
_TOLERANCE = 0.18  # of the median diameter, before the cells are drawn again at another scale
_ATTEMPTS = 3
_FIRST_SCALE = 1.04  # cells lose a little to neighbours and to the border
_LEAST_KEPT = 0.6  # of the cells, when the odd ones are dropped instead
_TEMPLATES = 24
_MOST_CELLS = 2500
_CANDIDATES = 1.7


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
    scale = _FIRST_SCALE
    for _ in range(_ATTEMPTS):
        placement = _finish(*_draw(parameters, canvas, scale, rng), margin)
        diameters = equivalent_diameters(placement.picture_labels, placement.n_labelled)
        keep = narrow_to_median(diameters, parameters.diameter_px, _TOLERANCE)
        if keep.sum() >= max(1, _LEAST_KEPT * len(keep)):
            break
        if len(diameters):
            scale = float(np.clip(scale * parameters.diameter_px / np.median(diameters), 0.4, 2.5))
    if not keep.any():
        return _finish(*_draw_one(parameters, canvas, rng), margin)
    return _keep_only(placement, keep)


def _draw(
    parameters: SceneParameters, canvas: tuple[int, int], scale: float, rng: np.random.Generator
) -> tuple[Labels, list[str]]:
    if parameters.arrangement == "layer" or parameters.shape == "epithelium":
        return lay_layer(parameters, canvas, scale * parameters.diameter_px, rng)
    return _scatter(parameters, canvas, scale, rng)


def _draw_one(
    parameters: SceneParameters, canvas: tuple[int, int], rng: np.random.Generator
) -> tuple[Labels, list[str]]:
    """Draw a single cell in the middle: a sparse scene whose cells all fell outside the picture."""
    painter = CellPainter(canvas, rng)
    template = draw_template(parameters.shape, rng)
    angle = float(rng.uniform(0, 2 * np.pi))
    painter.paint(template, np.array(canvas) / 2, angle, parameters.diameter_px, mirror=False)
    return painter.labels, [parameters.shape]


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


def _scatter(
    parameters: SceneParameters, canvas: tuple[int, int], scale: float, rng: np.random.Generator
) -> tuple[Labels, list[str]]:
    diameter = parameters.diameter_px * scale
    # The number of cells follows the diameter asked for, so that another try does not change the density.
    count = parameters.density * canvas[0] * canvas[1] / (np.pi / 4 * parameters.diameter_px**2)
    # Candidates in excess make up for those that find no room.
    count = int(np.clip(round(count * _CANDIDATES), 2, _MOST_CELLS))
    wanted_area = parameters.density * canvas[0] * canvas[1]
    sizes = diameter * np.exp(rng.normal(0, parameters.size_variation, count))
    rounded = rng.random(count) < parameters.rounded_fraction
    sizes = np.where(rounded, sizes * rng.uniform(0.45, 0.8), sizes)
    templates = draw_templates(parameters.shape, min(count, _TEMPLATES), rng)
    balls = [draw_template("round", rng) for _ in range(3)]
    centres, angles = choose_poses(parameters, canvas, sizes, rng)
    painter = CellPainter(canvas, rng)
    types = []
    mirror = rng.random(count) < 0.5
    for k in range(count):
        if painter.covered >= wanted_area:
            break
        pool = balls if rounded[k] else templates
        template = pool[int(rng.integers(len(pool)))]
        if painter.paint(template, centres[k], angles[k], sizes[k], bool(mirror[k])):
            types.append("round" if rounded[k] else parameters.shape)
    return painter.labels, types
