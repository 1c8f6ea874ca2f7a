"""Tools that make cells of others: split, merge, delete, and cells that a network found."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.deltas import Box, Delta, delta_of
from dinocell_app.editing.strokes import Point

SMALLEST_PART_PX = 4
"""Smaller crumbs beside a cut go to the part next to them."""

LARGEST_GAP_PX = 8
"""Cells further apart than twice this are not merged: they would stay two pieces."""


def split(canvas: LabelCanvas, label: int, line: Sequence[Point], new_label: int) -> Delta | None:
    """Cut a cell along a drawn line; the largest part keeps the label.

    Parameters
    ----------
    line : sequence of (row, column)
    new_label : int
        Of the second part; further parts get those after it.

    Returns
    -------
    Delta or None
        None when the line does not cut the cell in two.
    """
    from scipy.ndimage import distance_transform_edt
    from scipy.ndimage import label as parts_of
    from skimage.draw import line as pixels_of_line

    box = canvas.box_of(label)
    if box is None or len(line) < 2:
        return None
    before = canvas.labels[box.slices]
    whole = before == label
    cut = whole.copy()
    points = np.rint(np.asarray(line, float)).astype(int) - (box.top, box.left)
    for start, end in pairwise(points):
        rows, columns = pixels_of_line(*start, *end)  # type: ignore[no-untyped-call] # scikit-image has no types
        inside = (rows >= 0) & (rows < box.height) & (columns >= 0) & (columns < box.width)
        cut[rows[inside], columns[inside]] = False
    # A line of pixels that touch by corners parts what touches by edges.
    parts, n_parts = parts_of(cut)
    sizes = np.bincount(parts.reshape(-1), minlength=n_parts + 1)[1:]
    order = [part + 1 for part in np.argsort(-sizes, kind="stable") if sizes[part] >= SMALLEST_PART_PX]
    if len(order) < 2:
        return None
    named = np.zeros(n_parts + 1, np.uint32)
    named[order[0]] = label
    for number, part in enumerate(order[1:]):
        named[part] = new_label + number
    parts = named[parts]
    nearest = distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    return delta_of(canvas.labels, box, np.where(whole, parts[tuple(nearest)], before))


def split_all(
    canvas: LabelCanvas, labels: Sequence[int], line: Sequence[Point], new_label: int
) -> Delta | None:
    """Cut every cell that a drawn line crosses from side to side.

    Parameters
    ----------
    labels : sequence of int
        Cells that the line touches.
    line : sequence of (row, column)
    new_label : int
        Of the first new part; further parts get those after it.

    Returns
    -------
    Delta or None
        None when the line cuts no cell in two.
    """
    cuts = []
    for label in labels:
        cut = split(canvas, label, line, new_label)
        if cut is not None:
            cuts.append(cut)
            new_label = int(cut.after.max()) + 1
    if not cuts:
        return None
    top, left = min(cut.top for cut in cuts), min(cut.left for cut in cuts)
    bottom = max(cut.top + cut.box.height for cut in cuts)
    right = max(cut.left + cut.box.width for cut in cuts)
    box = Box(top, left, bottom - top, right - left)
    after = canvas.labels[box.slices].copy()
    for cut in cuts:
        part = after[cut.top - top :, cut.left - left :][: cut.box.height, : cut.box.width]
        changed = cut.before != cut.after
        part[changed] = cut.after[changed]
    return delta_of(canvas.labels, box, after)


def merge(canvas: LabelCanvas, cells: Sequence[int]) -> Delta | None:
    """Make one cell of several; gaps of free ground between them are closed.

    Parameters
    ----------
    cells : sequence of int
        The first keeps its label.

    Returns
    -------
    Delta or None
        None with fewer than two cells, or if a gap is too wide or another cell lies in it.
    """
    wanted = list(dict.fromkeys(cell for cell in cells if canvas.area(cell)))
    around = canvas.box_of_all(frozenset(wanted))
    if around is None or len(wanted) < 2 or not _are_near(canvas, wanted):
        return None
    box = around.grown(LARGEST_GAP_PX + 1, canvas.shape)
    before = canvas.labels[box.slices]
    union = np.isin(before, np.array(wanted, np.uint32))
    joined = _joined(union, before == 0)
    if joined is None:
        return None
    return delta_of(canvas.labels, box, np.where(joined, np.uint32(wanted[0]), before))


def delete(canvas: LabelCanvas, cells: Sequence[int]) -> Delta | None:
    """Take cells away.

    Returns
    -------
    Delta or None
        None when none of them is there.
    """
    box = canvas.box_of_all(frozenset(cells))
    if box is None:
        return None
    before = canvas.labels[box.slices]
    gone = np.isin(before, np.array(sorted(set(cells)), np.uint32))
    return delta_of(canvas.labels, box, np.where(gone, 0, before))


def cells_in_box(canvas: LabelCanvas, box: Box) -> list[int]:
    """List the cells that lie in a box by more than half.

    Returns
    -------
    list of int
        Ascending.
    """
    inside = box.grown(0, canvas.shape)
    found, counts = np.unique(canvas.labels[inside.slices], return_counts=True)
    return [
        int(label)
        for label, count in zip(found, counts, strict=True)
        if label and 2 * count > canvas.area(int(label))
    ]


def insert(
    canvas: LabelCanvas, found: NDArray[np.integer], top: int, left: int, first_label: int
) -> Delta | None:
    """Add cells that were found in a part of the image, where there is free ground.

    Parameters
    ----------
    found : ndarray of shape (h, w), int
        Labels of the part.
    top, left : int
        Where it is.
    first_label : int
        Of the first new cell; the others follow.

    Returns
    -------
    Delta or None
        None when there is no new cell. A cell of which half or more is taken already is left out.
    """
    from dinocell_app.editing.cell_shapes import largest_piece

    box = Box(top, left, *found.shape).grown(0, canvas.shape)
    found = found[box.top - top :, box.left - left :][: box.height, : box.width]
    after = canvas.labels[box.slices].copy()
    label = first_label
    for number in np.unique(found[found > 0]):
        cell = found == number
        free = cell & (after == 0)
        if 2 * int(free.sum()) > int(cell.sum()):
            after[largest_piece(free)] = label
            label += 1
    return delta_of(canvas.labels, box, after)


def _are_near(canvas: LabelCanvas, cells: Sequence[int]) -> bool:
    """Tell, from their boxes alone, whether cells could be joined: pixels far apart need not be looked at."""
    boxes = {cell: canvas.box_of(cell) for cell in cells}
    reached = [cells[0]]
    for cell in reached:
        here = boxes[cell]
        for other, there in boxes.items():
            if other not in reached and here is not None and there is not None:
                reach = here.grown(2 * LARGEST_GAP_PX + 1, canvas.shape)
                apart = (
                    there.top >= reach.top + reach.height
                    or there.left >= reach.left + reach.width
                    or reach.top >= there.top + there.height
                    or reach.left >= there.left + there.width
                )
                if not apart:
                    reached.append(other)
    return len(reached) == len(cells)


def _joined(union: NDArray[np.bool_], free: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Close gaps, as little as is needed, until all is one piece."""
    from scipy.ndimage import distance_transform_edt
    from scipy.ndimage import label as pieces_of

    touching = np.ones((3, 3))
    if pieces_of(union, touching)[1] == 1:
        return union
    outside = distance_transform_edt(~union)
    for radius in range(1, LARGEST_GAP_PX + 1):
        # Grown by a radius and shrunk by it again: what was nearer than that from both sides is closed.
        near = outside <= radius
        closed = near if near.all() else distance_transform_edt(near) > radius
        joined = union | (closed & free)
        if pieces_of(joined, touching)[1] == 1:
            return np.asarray(joined)
    return None
