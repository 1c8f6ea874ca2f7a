"""Outlines of cells: closed polygons of equivalent diameter 1, one function a kind of cell.

A cell is a list of polygons whose union it is: the body first, then thin processes that start in it.
Points are (row, column) around the origin.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Polygon = NDArray[np.float64]

_RASTER = 128  # pixels to a unit when a template's area is measured


def draw_template(shape: str, rng: np.random.Generator) -> list[Polygon]:
    """Draw one cell of a kind.

    Parameters
    ----------
    shape : str
        A name of `dinocell_training.synthetic.parameters.SHAPES`.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    list of ndarray of shape (K, 2), float64
        Polygons whose union has the area of a circle of diameter 1.
    """
    parts = _OUTLINES[shape](rng)
    area = _union_area(parts)
    scale = np.sqrt(np.pi / 4 / max(area, 1e-3))
    return [part * scale for part in parts]


def draw_templates(shape: str, count: int, rng: np.random.Generator) -> list[list[Polygon]]:
    """Draw several cells of a kind.

    Parameters
    ----------
    shape : str
        A name of `dinocell_training.synthetic.parameters.SHAPES`.
    count : int
        Number of cells.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    list of list of ndarray of shape (K, 2), float64
        As `draw_template` gives them; rods differ in length and share their width, as bacteria do.
    """
    templates = [draw_template(shape, rng) for _ in range(count)]
    if shape == "rod":
        lengths = np.array([np.ptp(template[0][:, 1]) for template in templates])
        scales = lengths / np.median(lengths)
        templates = [[template[0] * scale] for template, scale in zip(templates, scales, strict=True)]
    return templates


def _union_area(parts: list[Polygon]) -> float:
    points = np.concatenate(parts)
    low = points.min(axis=0)
    zoom = _RASTER / max(float(np.ptp(points, axis=0).max()), 1e-6)
    mask = np.zeros((_RASTER + 2, _RASTER + 2), np.uint8)
    for part in parts:
        corners = np.round(((part - low) * zoom)[:, ::-1]).astype(np.int32)
        cv2.fillPoly(mask, [corners], 1)
    return float(mask.sum()) / zoom**2


def _angles(count: int) -> NDArray[np.float64]:
    return np.linspace(0, 2 * np.pi, count, endpoint=False)


def _from_radius(radius: NDArray[np.float64], aspect: float = 1.0) -> Polygon:
    theta = _angles(len(radius))
    return np.column_stack(
        [radius * np.sin(theta) / np.sqrt(aspect), radius * np.cos(theta) * np.sqrt(aspect)]
    )


def _waves(rng: np.random.Generator, count: int, orders: range, amplitude: float) -> NDArray[np.float64]:
    theta = _angles(count)
    radius = np.ones(count)
    for order in orders:
        radius += amplitude / order * rng.normal() * np.cos(order * theta + rng.uniform(0, 2 * np.pi))
    return np.maximum(radius, 0.25)


def _round(rng: np.random.Generator) -> list[Polygon]:
    return [_from_radius(_waves(rng, 40, range(2, 6), rng.uniform(0.0, 0.14)), rng.uniform(1.0, 1.5))]


def _spindle(rng: np.random.Generator) -> list[Polygon]:
    along = np.linspace(-1, 1, 30)
    belly, tail = rng.uniform(1.0, 2.2), rng.uniform(0.6, 1.8)
    width = (1 - np.abs(along) ** belly) ** tail
    width *= 1 + rng.uniform(-0.6, 0.6) * along + 0.1 * np.sin(along * rng.uniform(3, 9) + rng.uniform(0, 6))
    width = np.maximum(width, 0) + 0.03 * (np.abs(along) < 1)
    bend = rng.normal(0, 0.12) * along**2 + rng.normal(0, 0.08) * np.sin(2.5 * along)
    thickness = 1 / rng.uniform(2.5, 8.0)
    upper = np.column_stack([bend + width * thickness, along])
    lower = np.column_stack([bend - width * thickness, along])
    parts = [np.concatenate([upper, lower[::-1]])]
    if rng.random() < 0.3:
        parts.append(_process(rng, np.array([bend[15], 0.0]), rng.uniform(0, 2 * np.pi), 0.5, 0.07))
    return parts


def _spread(rng: np.random.Generator) -> list[Polygon]:
    count = 72
    theta = _angles(count)
    radius = 0.55 * _waves(rng, count, range(2, 9), rng.uniform(0.05, 0.3))
    reach = 0.5
    for _ in range(int(rng.integers(1, 8))):
        centre = rng.uniform(0, 2 * np.pi)
        sharpness = np.exp(rng.uniform(np.log(2), np.log(60)))
        height = rng.uniform(0.15, 0.9)
        radius += height * np.exp(sharpness * (np.cos(theta - centre) - 1))
        reach = max(reach, 0.5 + height)
    if rng.random() < 0.4:  # ruffled lamellipodium
        radius *= 1 + rng.uniform(0.01, 0.05) * np.sin(theta * int(rng.integers(9, 17)))
    parts = [_from_radius(radius, rng.uniform(1.0, 2.2))]
    if rng.random() < 0.45:
        for _ in range(int(rng.integers(1, 5))):
            length = reach * rng.uniform(0.8, 1.7)
            parts.append(
                _process(rng, np.zeros(2), rng.uniform(0, 2 * np.pi), length, rng.uniform(0.04, 0.1))
            )
    return parts


def _rod(rng: np.random.Generator) -> list[Polygon]:
    half = rng.uniform(0.6, 3.2)  # half the length of the straight part, in radii
    caps = np.linspace(-np.pi / 2, np.pi / 2, 10)
    right = np.column_stack([np.sin(caps), half + np.cos(caps)])
    outline = np.concatenate([right, -right])
    if rng.random() < 0.3:  # septum of a dividing cell
        outline[:, 0] *= 1 - rng.uniform(0.1, 0.3) * np.exp(-((outline[:, 1] / 0.5) ** 2))
    dense = _subdivide(outline, 3)
    dense[:, 0] += rng.normal(0, 0.04) * dense[:, 1] ** 2
    return [dense]


def _budding(rng: np.random.Generator) -> list[Polygon]:
    mother = _from_radius(np.full(36, 1.0), rng.uniform(1.0, 1.35))
    parts = [mother]
    if rng.random() < 0.35:
        size = rng.uniform(0.3, 0.65)
        direction = rng.normal(0, 0.6)
        bud = _from_radius(np.full(24, size), rng.uniform(1.0, 1.3))
        tip = np.array([np.sin(direction), np.cos(direction) * np.sqrt(1.15)])
        parts.append(bud + tip * (1 + size * 0.75))
    return parts


def _polygonal(rng: np.random.Generator) -> list[Polygon]:
    sides = int(rng.integers(4, 8))
    theta = np.sort(_angles(sides) + rng.uniform(-0.3, 0.3, sides))
    corners = np.column_stack([np.sin(theta), np.cos(theta)]) * rng.uniform(0.8, 1.2, (sides, 1))
    return [_smooth(_subdivide(corners, 6), 2) * np.array([1.0, rng.uniform(1.0, 1.5)])]


def _neuron(rng: np.random.Generator) -> list[Polygon]:
    parts = [_from_radius(_waves(rng, 36, range(2, 5), 0.25), rng.uniform(1.0, 1.7))]
    for _ in range(int(rng.integers(2, 6))):
        length, width = rng.uniform(1.5, 5.0), rng.uniform(0.1, 0.25)
        parts.append(_process(rng, np.zeros(2), rng.uniform(0, 2 * np.pi), length, width))
        if rng.random() < 0.5:
            trunk = parts[-1]
            fork = trunk[len(trunk) // 4]
            parts.append(_process(rng, fork, rng.uniform(0, 2 * np.pi), length * 0.4, width * 0.6))
    return parts


def _process(
    rng: np.random.Generator, start: NDArray[np.float64], direction: float, length: float, width: float
) -> Polygon:
    """Draw a tapering, wavy process as a closed ribbon."""
    steps = 14
    headings = direction + np.cumsum(rng.normal(0, 0.13, steps))
    tangent = np.column_stack([np.sin(headings), np.cos(headings)])
    line = start + np.cumsum(tangent, axis=0) * (length / steps)
    line = np.concatenate([start[None], line])
    along = np.linspace(0, 1, steps + 1)
    flare, tip = rng.uniform(2, 6), rng.uniform(0.15, 0.5)
    taper = width * (np.exp(-flare * along) + tip * np.sqrt(1 - along**2))
    normal = np.column_stack([np.cos(headings), -np.sin(headings)])
    normal = np.concatenate([normal[:1], normal]) * taper[:, None]
    return np.concatenate([line + normal, (line - normal)[::-1]])


def _subdivide(polygon: Polygon, pieces: int) -> Polygon:
    fraction = np.linspace(0, 1, pieces, endpoint=False)[None, :, None]
    following = np.roll(polygon, -1, axis=0)
    return (polygon[:, None] * (1 - fraction) + following[:, None] * fraction).reshape(-1, 2)


def _smooth(polygon: Polygon, times: int) -> Polygon:
    for _ in range(times):
        polygon = (np.roll(polygon, 1, axis=0) + 2 * polygon + np.roll(polygon, -1, axis=0)) / 4
    return polygon


_OUTLINES: dict[str, Callable[[np.random.Generator], list[Polygon]]] = {
    "round": _round,
    "spindle": _spindle,
    "spread": _spread,
    "rod": _rod,
    "budding": _budding,
    "epithelium": _polygonal,
    "neuron": _neuron,
}
