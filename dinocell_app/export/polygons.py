"""Outlines of cells along pixel edges, and the way back: polygons filled into pixels.

Corners of pixels are the vertices: pixel (row, column) covers the square from (row, column) to
(row + 1, column + 1), its centre lies at (row + 0.5, column + 0.5). A region drawn from such a polygon by
the rule "the pixel centre lies inside", which ImageJ, QuPath and most libraries follow, is the region
that was traced, pixel for pixel, so nothing shrinks between export and import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from skimage import measure


@dataclass(frozen=True)
class Polygon:
    """One 4-connected part of a cell.

    Rings are not closed (the first vertex is not repeated), have a vertex at each turn only, and no ring
    touches itself, so geometry libraries accept them as valid.

    Parameters
    ----------
    exterior : ndarray of shape (K, 2), int32
        Pixel corners (row, column), clockwise as seen on the screen.
    holes : tuple of ndarray of shape (K, 2), int32
        Pixel corners around background or other cells, counter-clockwise as seen on the screen.
    """

    exterior: NDArray[np.int32]
    holes: tuple[NDArray[np.int32], ...] = ()

    @property
    def rings(self) -> tuple[NDArray[np.int32], ...]:
        """The exterior followed by the holes."""
        return (self.exterior, *self.holes)


@dataclass(frozen=True)
class CellOutline:
    """All parts of one cell.

    Parameters
    ----------
    label : int
        The id of the cell in the label image.
    polygons : tuple of Polygon
        One for each 4-connected part, in reading order of their first pixels.
    """

    label: int
    polygons: tuple[Polygon, ...]

    @property
    def rings(self) -> tuple[NDArray[np.int32], ...]:
        """The rings of all parts."""
        return tuple(ring for polygon in self.polygons for ring in polygon.rings)

    @property
    def is_simple(self) -> bool:
        """Whether one ring says it all: one part, no hole."""
        return len(self.polygons) == 1 and not self.polygons[0].holes


def trace_outlines(labels: NDArray[np.integer]) -> list[CellOutline]:
    """Trace every cell of a label image along its pixel edges.

    Parts that touch by a corner only are separate polygons. Where the parts of a hole meet at a corner
    they are separate holes, which keeps each ring free of self-contact.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background; any ids.

    Returns
    -------
    list of CellOutline
        In ascending order of label; empty when there is no cell.
    """
    if labels.size == 0:
        return []
    parts = measure.label(  # type: ignore[no-untyped-call, unused-ignore]
        labels, background=0, connectivity=1
    ).astype(np.int32)
    vertices, starts, owners, is_exterior = _trace_rings(np.pad(parts, 1))
    if owners.size == 0:
        return []
    rings = np.split(vertices, starts[1:])
    exteriors: dict[int, NDArray[np.int32]] = {}
    holes: dict[int, list[NDArray[np.int32]]] = {}
    for ring, owner, exterior in zip(rings, owners.tolist(), is_exterior.tolist(), strict=True):
        if exterior:
            exteriors[owner] = ring
        else:
            holes.setdefault(owner, []).append(ring)
    polygons_of: dict[int, list[Polygon]] = {}
    for part, exterior_ring in exteriors.items():
        row, column = exterior_ring[0]
        cell = int(labels[row, column])
        polygons_of.setdefault(cell, []).append(Polygon(exterior_ring, tuple(holes.get(part, ()))))
    return [CellOutline(cell, tuple(polygons_of[cell])) for cell in sorted(polygons_of)]


FARTHEST_CORNER = 1e9
"""Pixels; a corner of an outline beyond is damage, and would overrun the numbers that count pixels."""


def fill_rings(rings: Sequence[NDArray[np.number]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centre lies inside rings by the even-odd rule; the inverse of tracing one cell.

    Parameters
    ----------
    rings : sequence of ndarray of shape (K, 2)
        Vertices (row, column) in units of pixels, pixel corners at integers; parts may lie outside the
        image. A ring inside another is a hole.
    shape : tuple of int
        Rows and columns of the image.

    Returns
    -------
    ndarray of shape `shape`, bool
    """
    mask = np.zeros(shape, np.bool_)
    mask.flat[pixels_inside(rings, shape)] = True
    return mask


def pixels_inside(rings: Sequence[NDArray[np.number]], shape: tuple[int, int]) -> NDArray[np.int64]:
    """Positions of the pixels whose centre lies inside rings, without a mask of the whole image.

    Parameters
    ----------
    rings : sequence of ndarray of shape (K, 2)
        As in `fill_rings`.
    shape : tuple of int
        Rows and columns of the image.

    Returns
    -------
    ndarray of shape (n,), int64
        row * columns of the image + column, ascending.

    Raises
    ------
    ValueError
        If a corner is farther away than `FARTHEST_CORNER`, or no number.
    """
    window = _window(rings, shape)
    if window is None:
        return np.empty(0, np.int64)
    rows, columns = np.nonzero(_fill_window(rings, window))
    return (rows + window[0]).astype(np.int64) * shape[1] + columns + window[1]


def rasterise_outlines(outlines: Iterable[CellOutline], shape: tuple[int, int]) -> NDArray[np.uint32]:
    """Draw outlines into a label image; the inverse of `trace_outlines`.

    Parameters
    ----------
    outlines : iterable of CellOutline
        Cells that do not overlap.
    shape : tuple of int
        Rows and columns of the image.

    Returns
    -------
    ndarray of shape `shape`, uint32
    """
    labels = np.zeros(shape, np.uint32)
    for outline in outlines:
        labels.flat[pixels_inside(outline.rings, shape)] = outline.label
    return labels


def _window(rings: Sequence[NDArray[np.number]], shape: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Row, column, height and width of the part of the image that rings can reach."""
    filled = [ring for ring in rings if len(ring) >= 3]
    if not filled:
        return None
    if not all((np.abs(ring) < FARTHEST_CORNER).all() for ring in filled):
        raise ValueError("a corner of an outline lies outside of any image")
    low = np.floor(np.min([ring.min(axis=0) for ring in filled], axis=0))
    high = np.ceil(np.max([ring.max(axis=0) for ring in filled], axis=0))
    row, column = (int(max(v, 0)) for v in low)
    height, width = int(min(high[0], shape[0])) - row, int(min(high[1], shape[1])) - column
    return (row, column, height, width) if height > 0 and width > 0 else None


def _fill_window(rings: Sequence[NDArray[np.number]], window: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    row, column, height, width = window
    closed = [np.vstack([ring, ring[:1]]).astype(np.float64) for ring in rings if len(ring) >= 3]
    edges = np.vstack([np.hstack([ring[:-1], ring[1:]]) for ring in closed])
    edges -= np.array([row, column, row, column], np.float64)
    inside: NDArray[np.bool_] = _toggle_crossings(edges, height, width)
    return inside


@njit(cache=True)
def _toggle_crossings(edges, height, width):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Flip every pixel right of each edge once: what was flipped an odd number of times is inside.

    `edges` is (E, 4): row and column of both ends. A row of pixel centres belongs to an edge from its
    upper end inclusive to its lower end exclusive, so a vertex on the row counts once.
    """
    odd = np.zeros((height, width + 1), np.bool_)
    for edge in range(edges.shape[0]):
        row_0, column_0, row_1, column_1 = edges[edge]
        if row_0 > row_1:
            row_0, column_0, row_1, column_1 = row_1, column_1, row_0, column_0
        first = max(int(np.ceil(row_0 - 0.5)), 0)
        last = min(int(np.ceil(row_1 - 0.5)), height)
        for row in range(first, last):
            crossing = column_0 + (row + 0.5 - row_0) * (column_1 - column_0) / (row_1 - row_0)
            column = min(max(int(np.ceil(crossing - 0.5)), 0), width)
            odd[row, column] = not odd[row, column]
    inside = np.zeros((height, width), np.bool_)
    for row in range(height):
        state = False
        for column in range(width):
            state = state != odd[row, column]
            inside[row, column] = state
    return inside


@njit(cache=True)
def _follow_ring(parts, visited, first, vertices, n_vertices):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Append the corners of one ring to `vertices`, beginning at the top left of the pixel `first`."""
    step_row, step_column = (0, 1, 0, -1), (1, 0, -1, 0)  # right, down, left, up
    row, column = first
    part = parts[row, column]
    direction = turned = 0
    while True:
        if turned != direction or not visited[first]:
            if n_vertices == vertices.shape[0]:
                vertices = np.concatenate((vertices, np.empty_like(vertices)))
            # An edge starts at the corner of its pixel: top left, top right, bottom right or bottom left
            # for right, down, left and up. The frame of `parts` shifts both by one.
            vertices[n_vertices, 0] = row - 1 + (1 if turned >= 2 else 0)
            vertices[n_vertices, 1] = column - 1 + (1 if turned == 1 or turned == 2 else 0)
            n_vertices += 1
        direction = turned
        if direction == 0:
            visited[row, column] = True
        left = (direction + 3) % 4
        ahead_row, ahead_column = row + step_row[direction], column + step_column[direction]
        beside_row, beside_column = ahead_row + step_row[left], ahead_column + step_column[left]
        if parts[beside_row, beside_column] == part:
            turned, row, column = left, beside_row, beside_column
        elif parts[ahead_row, ahead_column] == part:
            row, column = ahead_row, ahead_column
        else:
            turned = (direction + 1) % 4
        if turned == 0 and row == first[0] and column == first[1]:
            return vertices, n_vertices


@njit(cache=True)
def _trace_rings(parts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Follow the cracks between pixels of different parts, the part on the right-hand side.

    `parts` is (M + 2, N + 2) with a frame of 0 and one number for each 4-connected part. Each ring goes
    to the right along the top edge of at least one pixel, so visiting unmarked top edges in reading order
    finds each ring once, and the first ring of a part is its exterior. Where two pixels of one part meet
    at a corner only, the ring crosses over to the other: the gap between them then has a ring of its own
    and no ring touches itself.
    """
    rows, columns = parts.shape
    visited = np.zeros((rows, columns), np.bool_)
    has_exterior = np.zeros(parts.max() + 1, np.bool_)
    vertices = np.empty((1024, 2), np.int32)
    starts, owners, exterior = np.empty(256, np.int64), np.empty(256, np.int64), np.empty(256, np.bool_)
    n_vertices = n_rings = 0
    for row in range(1, rows - 1):
        for column in range(1, columns - 1):
            part = parts[row, column]
            if part == 0 or visited[row, column] or parts[row - 1, column] == part:
                continue
            if n_rings == starts.shape[0]:
                starts = np.concatenate((starts, starts))
                owners = np.concatenate((owners, owners))
                exterior = np.concatenate((exterior, exterior))
            starts[n_rings], owners[n_rings] = n_vertices, part
            exterior[n_rings] = not has_exterior[part]
            has_exterior[part] = True
            n_rings += 1
            vertices, n_vertices = _follow_ring(parts, visited, (row, column), vertices, n_vertices)
    return vertices[:n_vertices], starts[:n_rings], owners[:n_rings], exterior[:n_rings]
