"""Labels that are corrected, as the viewer shows them: the same array, with lists that follow each change."""

from __future__ import annotations

import numpy as np

from dinocell_app.display.loading import LoadedLabels
from dinocell_app.display.neighbour_colours import neighbour_colours
from dinocell_app.display.pyramid import label_pyramid
from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.deltas import Delta
from dinocell_app.export.palette import PALETTE

MORE_CELLS = 4096
"""Room for new cells; when it is used up, lists are made anew."""

NEIGHBOUR_PX = 4


def live_labels(canvas: LabelCanvas, next_label: int) -> LoadedLabels:
    """Show a canvas.

    Parameters
    ----------
    next_label : int
        The first label that no cell ever had.

    Returns
    -------
    LoadedLabels
        Of the array of the canvas itself; `follow` keeps the rest up to date.
    """
    levels = label_pyramid(canvas.labels.view(np.int32))
    room = next_label + MORE_CELLS
    areas, colours = np.zeros(room, np.int64), np.zeros(room, np.uint8)
    boxes: list[tuple[slice, slice] | None] = [None] * (room - 1)
    for label in canvas.cells:
        areas[label] = canvas.area(label)
        box = canvas.box_of(label)
        boxes[label - 1] = box.slices if box is not None else None
    known = neighbour_colours(levels, next_label - 1, len(PALETTE))
    colours[: len(known)] = known
    return LoadedLabels(levels, areas, boxes, colours)


def follow(labels: LoadedLabels, canvas: LabelCanvas, delta: Delta) -> bool:
    """Take over a change of the canvas.

    Parameters
    ----------
    labels : LoadedLabels
        From `live_labels` of this canvas.
    canvas : LabelCanvas
        After the change.

    Returns
    -------
    bool
        False when there is no room for a new cell: make the labels anew.
    """
    if max(delta.cells, default=0) >= len(labels.areas):
        return False
    for label in delta.cells:
        labels.areas[label] = canvas.area(label)
        box = canvas.box_of(label)
        labels.boxes[label - 1] = box.slices if box is not None else None
        if box is not None and not labels.colours[label]:
            around = canvas.labels[box.grown(NEIGHBOUR_PX, canvas.shape).slices]
            taken = set(labels.colours[np.unique(around)].tolist())
            free = [colour for colour in range(1, len(PALETTE) + 1) if colour not in taken]
            labels.colours[label] = free[label % len(free)] if free else 1 + label % len(PALETTE)
    return True
