"""Regions of interest: named polygons in an image, and which cells they count, leave out or let through."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

COUNT, EXCLUDE, LIMIT = "count", "exclude", "limit"
KINDS = (COUNT, EXCLUDE, LIMIT)
"""Cells inside are counted; cells inside are left out; cells outside all such regions are left out."""

KIND_TEXTS = {
    COUNT: "Count cells inside",
    EXCLUDE: "Leave out cells inside",
    LIMIT: "Keep only cells inside",
}

RULE = (
    "A cell belongs to a region when its centroid, the mean of its pixels, lies inside the outline; it is "
    "then in the region as a whole. The area of a region is that of the pixels whose centre lies inside it, "
    "less those in regions that leave cells out and those outside regions that keep only cells inside."
)
"""How cells and areas are assigned, for people."""

FEWEST_CORNERS = 3
BETWEEN_NAMES = "; "
"""Between the names of regions that overlap at a cell."""


@dataclass(frozen=True)
class Region:
    """A polygon in an image.

    Parameters
    ----------
    corners : tuple of (float, float)
        (x, y) in pixels, where pixel (row, column) covers [column, column + 1] by [row, row + 1]; the last is
        joined to the first.
    kind : str
        Of `KINDS`.
    colour : str
        As "#rrggbb".
    """

    name: str
    corners: tuple[tuple[float, float], ...]
    kind: str = COUNT
    colour: str = "#ffd54a"


def checksum(regions: Sequence[Region]) -> str:
    """Sum up regions in a text by which equal ones are known: results with others are other results.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    text = json.dumps([asdict(region) for region in regions], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def inside(region: Region, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie inside a region.

    Where the outline crosses itself, what it goes around twice is outside (the even-odd rule).

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        In the frame of the corners.

    Returns
    -------
    ndarray of shape (n,), bool
        A point on a left or upper edge is inside, on a right or lower one outside.
    """
    found = np.zeros(np.shape(x), np.bool_)
    ends = np.asarray(region.corners, np.float64)
    for (x1, y1), (x2, y2) in zip(ends, np.roll(ends, -1, axis=0), strict=True):
        if y1 != y2:
            crosses = (y1 <= y) != (y2 <= y)
            found ^= crosses & (x >= x1 + (y - y1) * ((x2 - x1) / (y2 - y1)))
    return found


def pixels_inside(region: Region, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which pixels have their centre inside a region.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.

    Returns
    -------
    ndarray of shape `shape`, bool
    """
    mask = np.zeros(shape, np.bool_)
    ends = np.asarray(region.corners, np.float64)
    first = max(0, int(np.floor(ends[:, 1].min())))
    last = min(shape[0], int(np.ceil(ends[:, 1].max())) + 1)
    following = np.roll(ends, -1, axis=0)
    for row in range(first, last):
        y = row + 0.5
        crosses = (ends[:, 1] <= y) != (following[:, 1] <= y)
        (x1, y1), (x2, y2) = ends[crosses].T, following[crosses].T
        at = np.sort(x1 + (y - y1) * ((x2 - x1) / (y2 - y1)))
        for left, right in zip(at[::2], at[1::2], strict=True):
            start, stop = (int(np.clip(np.ceil(edge - 0.5), 0, shape[1])) for edge in (left, right))
            mask[row, start:stop] = True
    return mask


def allowed_pixels(regions: Sequence[Region], shape: tuple[int, int]) -> NDArray[np.bool_] | None:
    """Tell which pixels may hold cells.

    Parameters
    ----------
    shape : (int, int)

    Returns
    -------
    ndarray of shape `shape`, bool, or None
        None when regions leave nothing out.
    """
    limits = [region for region in regions if region.kind == LIMIT]
    excluded = [region for region in regions if region.kind == EXCLUDE]
    if not limits and not excluded:
        return None
    allowed = np.full(shape, not limits)
    for region in limits:
        allowed |= pixels_inside(region, shape)
    for region in excluded:
        allowed &= ~pixels_inside(region, shape)
    return allowed


def allowed_points(
    regions: Sequence[Region], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell at which centroids cells are kept.

    Parameters
    ----------
    x, y : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,), bool
        Outside every region that leaves cells out and, where there are some that limit, inside one of them.
    """
    limits = [region for region in regions if region.kind == LIMIT]
    kept = np.full(np.shape(x), not limits)
    for region in limits:
        kept |= inside(region, x, y)
    for region in regions:
        if region.kind == EXCLUDE:
            kept &= ~inside(region, x, y)
    return kept


def names_at(regions: Sequence[Region], x: NDArray[np.float64], y: NDArray[np.float64]) -> list[str]:
    """Name the counting regions each point lies in.

    Parameters
    ----------
    x, y : ndarray of shape (n,)

    Returns
    -------
    list of str
        Empty outside all; several names are joined by `BETWEEN_NAMES`.
    """
    counting = [(region.name, inside(region, x, y)) for region in regions if region.kind == COUNT]
    return [
        BETWEEN_NAMES.join(dict.fromkeys(name for name, found in counting if found[place]))
        for place in range(len(x))
    ]
