"""The outline of one cell along the edges of its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainterPath

from dinocell_app.display.loading import LoadedLabels


def cell_outline(labels: LoadedLabels, label: int) -> QPainterPath:
    """Follow the pixel edges around a cell.

    Returns
    -------
    QPainterPath
        In pixels of the label image, (x, y); empty when there is no such cell.
    """
    path = QPainterPath()
    box = labels.box(label)
    if box is None:
        return path
    rows, columns = box
    for x1, y1, x2, y2 in pixel_edges(labels.levels[0][box] == label):
        path.moveTo(x1 + columns.start, y1 + rows.start)
        path.lineTo(x2 + columns.start, y2 + rows.start)
    return path


def pixel_edges(mask: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """List the pixel edges between a mask and what is around it.

    Parameters
    ----------
    mask : ndarray of shape (M, N), bool

    Returns
    -------
    list of (x1, y1, x2, y2)
        Runs of edges in pixel corners; pixel (row, column) has corners (column, row) to
        (column + 1, row + 1).
    """
    padded = np.pad(mask, 1)
    edges: list[tuple[int, int, int, int]] = []
    for across, flip in (
        (padded[1:, 1:-1] != padded[:-1, 1:-1], False),
        (padded[1:-1, 1:] != padded[1:-1, :-1], True),
    ):
        lines = across.T if flip else across
        for at, line in enumerate(lines):
            steps = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
            for start, stop in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True):
                edges.append((at, start, at, stop) if flip else (start, at, stop, at))
    return edges
