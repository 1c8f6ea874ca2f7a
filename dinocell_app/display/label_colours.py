"""Labels in colour: fills and outlines that people who cannot tell red from green see as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dinocell_app.export.palette import PALETTE

_CASING = (0, 0, 0, 255)
_LEAST_LUMA = 140.0

LabelMode = Literal["fill", "outline", "both", "off"]


@dataclass(frozen=True)
class LabelStyle:
    """How labels are drawn.

    Parameters
    ----------
    mode : {"fill", "outline", "both", "off"}
    opacity : float
        Of the fill, 0 to 1; outlines are solid.
    outline_width : int
        In pixels of what is painted, counted inwards from the edge of the cell.
    outline_colour : str
        As "#rrggbb"; empty for a colour of each cell's own.
    """

    mode: LabelMode = "outline"
    opacity: float = 0.35
    outline_width: int = 2
    outline_colour: str = ""


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
        solid = np.concatenate([_outline_inks(inks, style), np.full((len(inks), 1), 255)], axis=1)
        band = outline(labels, style.outline_width)
        painted[band > 0] = solid.astype(np.uint8)[numbers[band > 0]]
        if style.outline_width > 1:
            # A dark line within the bright one: one of the two stands out from any tissue or background.
            painted[band == style.outline_width] = _CASING
    return painted


def _outline_inks(inks: NDArray[np.float32], style: LabelStyle) -> NDArray[np.float32]:
    """Brighten dark colours, which would not be seen on stained tissue."""
    if style.outline_colour:
        red, green, blue = bytes.fromhex(style.outline_colour[1:])
        return np.broadcast_to(np.array([blue, green, red], np.float32), inks.shape)
    luma = inks @ np.array([0.114, 0.587, 0.299], np.float32)
    missing = np.clip((_LEAST_LUMA - luma) / (255 - luma), 0, 1)[:, None]
    brightened: NDArray[np.float32] = inks + missing * (255 - inks)
    return brightened


def outline(labels: NDArray[np.integer], width: int = 1) -> NDArray[np.uint8]:
    """Find the pixels of cells that are near the edge of their cell.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int

    Returns
    -------
    ndarray of shape (M, N), uint8
        1 for pixels with a neighbour (of four) that is not of the cell, 2 for those with a neighbour that
        has 1, and so on up to `width`; 0 for the others and the background. The border of the array is no
        outline by itself: a tile shows the middle of a cell as such.
    """
    band = np.zeros(labels.shape, np.uint8)
    within = np.asarray(labels)
    for step in range(1, width + 1):
        edge = _edge(within)
        band[edge] = step
        within = np.where(edge, 0, within)
    return band


def _edge(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    edge = np.zeros(labels.shape, bool)
    down = labels[1:] != labels[:-1]
    edge[1:] |= down
    edge[:-1] |= down
    across = labels[:, 1:] != labels[:, :-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    return edge & (labels > 0)
