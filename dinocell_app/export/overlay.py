"""Overlay pictures: cells outlined and tinted on the image they came from, at full resolution."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_app.export.cell_colours import PALETTE, colour_indices
from dinocell_app.export.labelled_image import LabelledImage, label_ids
from dinocell_app.export.writing import write_bytes

FILL_OPACITY = 0.25
DISPLAY_PERCENTILES = (0.5, 99.5)
"""Percentiles of the image shown as black and as white."""

_SAMPLED_PIXELS = 4_000_000  # more do not move a percentile that is used for display
_ROWS_AT_A_TIME = 1024  # keeps the float copies of large images small


def draw_overlay(image: LabelledImage) -> NDArray[np.uint8]:
    """Draw each cell as an opaque outline of one pixel and a translucent fill.

    Parameters
    ----------
    image : LabelledImage
        Labels and pixels are used; without pixels the background is black.

    Returns
    -------
    ndarray of shape (M, N, 3), uint8
        Red, green, blue. Outlines lie on the outermost pixels inside the cells; neighbouring cells have
        different colours.
    """
    labels = image.labels
    picture = stretch_for_display(image.pixels, (labels.shape[0], labels.shape[1]))
    ids = label_ids(labels)
    if ids.size == 0:
        return picture
    colours = PALETTE[colour_indices(labels, ids)]
    outline = outline_pixels(labels)
    for top in range(0, labels.shape[0], _ROWS_AT_A_TIME):
        rows = slice(top, top + _ROWS_AT_A_TIME)
        inside = labels[rows] != 0
        tint = colours[np.searchsorted(ids, labels[rows][inside])]
        opacity = np.where(outline[rows][inside], 1.0, FILL_OPACITY).astype(np.float32)[:, None]
        shown = picture[rows]
        shown[inside] = np.rint(shown[inside] * (1 - opacity) + tint * opacity).astype(np.uint8)
    return picture


def outline_pixels(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Pixels of cells with an edge to anything else, the border of the image included.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.

    Returns
    -------
    ndarray of shape (M, N), bool
    """
    edge = np.zeros(labels.shape, np.bool_)
    vertical = labels[1:] != labels[:-1]
    edge[1:] |= vertical
    edge[:-1] |= vertical
    horizontal = labels[:, 1:] != labels[:, :-1]
    edge[:, 1:] |= horizontal
    edge[:, :-1] |= horizontal
    edge[:1] = edge[-1:] = True
    edge[:, :1] = edge[:, -1:] = True
    edge &= labels != 0
    return edge


def stretch_for_display(pixels: NDArray[np.generic] | None, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Bring an image of any depth to 8-bit colours.

    Parameters
    ----------
    pixels : ndarray of shape (M, N) or (M, N, 3), or None
        Grey images are stretched between `DISPLAY_PERCENTILES`, colour images with one stretch for all
        channels so that hues stay. NaN and infinities are black.
    shape : tuple of int
        Rows and columns, for a picture without pixels.

    Returns
    -------
    ndarray of shape (M, N, 3), uint8
    """
    picture = np.zeros((*shape, 3), np.uint8)
    if pixels is None or pixels.size == 0:
        return picture
    step = max(1, int(np.sqrt(pixels.size / _SAMPLED_PIXELS)))
    sample = pixels[::step, ::step].astype(np.float32)
    known = sample[np.isfinite(sample)]
    if known.size == 0:
        return picture
    low, high = (float(v) for v in np.percentile(known, DISPLAY_PERCENTILES))
    if high <= low:
        low, high = float(known.min()), float(known.max())
    scale = 255 / (high - low) if high > low else 0.0
    for top in range(0, shape[0], _ROWS_AT_A_TIME):
        rows = slice(top, top + _ROWS_AT_A_TIME)
        values = pixels[rows].astype(np.float32)
        grey = np.clip((np.where(np.isfinite(values), values, low) - low) * scale, 0, 255)
        picture[rows] = grey.astype(np.uint8) if grey.ndim == 3 else grey.astype(np.uint8)[..., None]
    return picture


def write_overlay(path: Path, image: LabelledImage) -> None:
    """Write the overlay of an image as PNG.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    image : LabelledImage
        As in `draw_overlay`.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    picture = np.ascontiguousarray(draw_overlay(image)[..., ::-1])  # OpenCV takes blue first
    _, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    write_bytes(path, encoded.tobytes())
