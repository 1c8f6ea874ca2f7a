"""What a person sees of a cell at a glance: how large, how bright and how long it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.projections import grey_of_rgb
from dinocell_app.references.types import N_LOOKS as N_LOOKS

PER_AREA, PER_BRIGHTNESS, PER_ELONGATION = 0.2, 0.5, 0.3
"""Cosine similarity that is lost with e times the area, with the whole range of grey values, and with e times
the ratio of the axes; chosen once on blood cells, red cells, nuclei and drawn cells together."""

MOST_PIXELS = 1 << 24
"""The range of grey values of larger pictures is that of evenly spaced pixels."""


def looks_of_cells(
    labels: NDArray[np.integer], ids: NDArray[np.integer], pixels: NDArray[np.generic], scale: float
) -> NDArray[np.float32]:
    """Measure size, brightness and elongation in units of lost similarity.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.
    ids : ndarray of shape (K,), int
        Cells to measure, ascending.
    pixels : ndarray of shape (M, N) or (M, N, 3)
        Grey values, of any depth, or colours, which count by their luminance. Brightness counts from the
        median of the background, in units of the range between the 1st and the 99th percentile, so that
        exposure and depth do not matter.
    scale : float
        Edge of a pixel in pixels of the network's image. Areas are compared at the network's scale, where
        pictures of other magnifications have cells of the same size.

    Returns
    -------
    ndarray of shape (K, N_LOOKS), float32
        0 for an id without a pixel.
    """
    rows, columns = np.nonzero(labels)
    found = labels[rows, columns]
    position = np.searchsorted(ids, found)
    asked = position < len(ids)
    asked[asked] = ids[position[asked]] == found[asked]
    position, rows, columns = position[asked], rows[asked], columns[asked]

    def total(values: NDArray[np.generic] | None = None) -> NDArray[np.float64]:
        return np.bincount(position, values, minlength=len(ids)).astype(np.float64)

    area = total()
    some = np.maximum(area, 1)
    brightness = total(_brightness(labels, pixels)[rows, columns]) / some
    down, across = rows - (total(rows) / some)[position], columns - (total(columns) / some)[position]
    # A pixel is a square: 1/12 is its own second moment, without which a line would be infinitely long.
    vertical, horizontal = total(down**2) / some + 1 / 12, total(across**2) / some + 1 / 12
    tilt = np.hypot(vertical - horizontal, 2 * total(down * across) / some)
    elongation = np.log((vertical + horizontal + tilt) / (vertical + horizontal - tilt)) / 2
    looks = np.stack(
        [PER_AREA * np.log(some * scale**2), PER_BRIGHTNESS * brightness, PER_ELONGATION * elongation], axis=1
    )
    return np.where(area[:, None] > 0, looks, 0).astype(np.float32)


def _brightness(labels: NDArray[np.integer], pixels: NDArray[np.generic]) -> NDArray[np.float32]:
    """Grey values from the background, as a share of the picture's range."""
    grey = pixels if pixels.ndim == 2 else grey_of_rgb(*np.moveaxis(pixels, -1, 0))
    values = np.asarray(grey, np.float32)
    step = int(np.ceil(np.sqrt(values.size / MOST_PIXELS)))
    seen, background = values[::step, ::step], labels[::step, ::step] == 0
    finite = np.isfinite(seen)
    if not finite.any():
        return np.zeros_like(values)
    low, high = np.percentile(seen[finite], [1, 99])
    around = seen[finite & background] if (finite & background).any() else seen[finite]
    reach = float(high - low) or 1.0
    brightness: NDArray[np.float32] = np.nan_to_num((values - np.median(around)) / reach, posinf=0, neginf=0)
    return brightness
