"""Labels in colour: fills and outlines that people who cannot tell red from green see as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dinocell_app.export.palette import PALETTE

LabelMode = Literal["fill", "outline", "both", "off"]


@dataclass(frozen=True)
class LabelStyle:
    """How labels are drawn.

    Parameters
    ----------
    mode : {"fill", "outline", "both", "off"}
    opacity : float
        Of the fill, 0 to 1; outlines are solid.
    """

    mode: LabelMode = "outline"
    opacity: float = 0.35


def paint_labels(
    labels: NDArray[np.integer], colours: NDArray[np.uint8], style: LabelStyle
) -> NDArray[np.uint8]:
    """Draw labels with see-through background.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    colours : ndarray of shape (K + 1,), uint8
        Place of each label in `PALETTE`, counted from 1; 0 for background.

    Returns
    -------
    ndarray of shape (M, N, 4), uint8
        Blue, green, red and alpha, the colours multiplied with alpha as Qt's premultiplied format has it.
    """
    alpha = np.zeros(len(PALETTE) + 1, np.float32)
    if style.mode in ("fill", "both"):
        alpha[1:] = style.opacity
    inks = np.array([(0, 0, 0), *PALETTE], np.float32)[:, ::-1]
    fill = np.concatenate([inks * alpha[:, None], 255 * alpha[:, None]], axis=1).astype(np.uint8)
    numbers = colours[labels]
    painted: NDArray[np.uint8] = fill[numbers]
    if style.mode in ("outline", "both"):
        solid = np.concatenate([inks, np.full((len(inks), 1), 255)], axis=1).astype(np.uint8)
        edge = outline(labels)
        painted[edge] = solid[numbers[edge]]
    return painted


def outline(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Find the pixels of cells that have a neighbour (of four) that is not of the cell.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int

    Returns
    -------
    ndarray of shape (M, N), bool
        The border of the array is no outline by itself: a tile shows the middle of a cell as such.
    """
    edge = np.zeros(labels.shape, bool)
    down = labels[1:] != labels[:-1]
    edge[1:] |= down
    edge[:-1] |= down
    across = labels[:, 1:] != labels[:, :-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    return edge & (labels > 0)
