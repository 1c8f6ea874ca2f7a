"""Pictures of several types: cells of other pictures pasted into one, as the paper does (2.2.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dinocell_training.reference_training.typed_pictures import TypedCells

HALO_PX = 3
"""A cell is pasted with what its optics do around it."""

RING_PX = 6
FEATHER_PX = 1.5
MOST_CONTRAST = 2.0
TRIES = 12
FEWEST_PIXELS = 30


def paste_cells(host: TypedCells, donor: TypedCells, count: int, rng: np.random.Generator) -> TypedCells:
    """Paste whole cells of one picture into free places of another.

    Grey values are matched: the background around a cell becomes that of its new place, and the contrast that
    of the host. Edges are blended over some pixels, and cells are turned and mirrored by chance.

    Parameters
    ----------
    host, donor : TypedCells
        Both at the scale at which they shall be seen.
    count : int
        Of cells, at most.

    Returns
    -------
    TypedCells
        The host's cells come first and keep their ids; as many of the donor's as found a place follow.
    """
    pixels, labels, types = host.pixels.astype(np.float32), host.labels.copy(), list(host.types)
    contrast = float(np.clip(_spread(host.pixels) / _spread(donor.pixels), 1 / MOST_CONTRAST, MOST_CONTRAST))
    chosen = [label for label in rng.permutation(len(donor.types)) + 1 if donor.types[label - 1]]
    pasted = 0
    for label in chosen:
        if pasted == count:
            break
        cut = _cut_out(donor, int(label), int(rng.integers(8)))
        place = _free_place(labels, cut[1], rng) if cut is not None else None
        if cut is None or place is None:
            continue
        _blend(pixels, labels, cut, place, contrast)
        types.append(donor.types[label - 1])
        inside = (slice(place[0], place[0] + cut[1].shape[0]), slice(place[1], place[1] + cut[1].shape[1]))
        labels[inside][cut[1]] = len(types)
        pasted += 1
    return TypedCells(pixels, labels, tuple(types))


def mix(
    host: TypedCells, donors: Sequence[TypedCells], most_cells: int, rng: np.random.Generator
) -> TypedCells:
    """Paste cells of several pictures.

    Parameters
    ----------
    most_cells : int
        Of each donor; how many is left to chance.
    """
    for donor in donors:
        host = paste_cells(host, donor, int(rng.integers(1, most_cells + 1)), rng)
    return host


def _cut_out(
    donor: TypedCells, label: int, turn: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | None:
    """Cut a cell with some room around it; None when it touches the border of its picture."""
    found = ndimage.find_objects((donor.labels == label).astype(np.uint8))
    room = HALO_PX + RING_PX
    if not found:
        return None
    box = found[0]
    if any(
        side.start < room or side.stop > edge - room
        for side, edge in zip(box, donor.labels.shape, strict=True)
    ):
        return None
    wide = tuple(slice(side.start - room, side.stop + room) for side in box)
    mask = donor.labels[wide] == label
    if mask.sum() < FEWEST_PIXELS:
        return None
    values = donor.pixels[wide].astype(np.float32)
    around = _ring(mask) & (donor.labels[wide] == 0)
    values = values - np.median(values[around] if around.any() else values[~mask])
    # Other cells beside it are not pasted along.
    values[(donor.labels[wide] > 0) & ~mask] = 0
    if turn & 4:
        values, mask = values[:, ::-1], mask[:, ::-1]
    return np.rot90(values, turn & 3).copy(), np.rot90(mask, turn & 3).copy()


def _free_place(
    labels: NDArray[np.int32], mask: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[int, int] | None:
    """Find a place for the whole cell where there is none; None when there is no room."""
    taken = ndimage.binary_dilation(mask, iterations=HALO_PX)
    room = [edge - size for edge, size in zip(labels.shape, mask.shape, strict=True)]
    if min(room) < 0:
        return None
    for _ in range(TRIES):
        row, column = (int(rng.integers(each + 1)) for each in room)
        part = labels[row : row + mask.shape[0], column : column + mask.shape[1]]
        if not (part[taken] > 0).any():
            return row, column
    return None


def _blend(
    pixels: NDArray[np.float32],
    labels: NDArray[np.int32],
    cut: tuple[NDArray[np.float32], NDArray[np.bool_]],
    place: tuple[int, int],
    contrast: float,
) -> None:
    values, mask = cut
    inside = (slice(place[0], place[0] + mask.shape[0]), slice(place[1], place[1] + mask.shape[1]))
    around = _ring(mask) & (labels[inside] == 0)
    level = np.median(pixels[inside][around] if around.any() else pixels[inside])
    wide = ndimage.binary_dilation(mask, iterations=HALO_PX).astype(np.float32)
    share = np.maximum(ndimage.gaussian_filter(wide, FEATHER_PX), mask)
    share[labels[inside] > 0] = 0
    pixels[inside] = pixels[inside] * (1 - share) + (values * contrast + level) * share


def _ring(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    near = ndimage.binary_dilation(mask, iterations=HALO_PX)
    ring: NDArray[np.bool_] = ndimage.binary_dilation(near, iterations=RING_PX) & ~near
    return ring


def _spread(pixels: NDArray[np.generic]) -> float:
    low, high = np.percentile(np.asarray(pixels, np.float32), [2, 98])
    return max(float(high - low), 1e-6)
