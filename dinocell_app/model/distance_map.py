"""The distance-map objective of SAMCell: how deep inside its cell a pixel lies (paper 3.2.3).

The target is the Euclidean distance to the nearest pixel of anything else, divided by the largest distance
in the cell. Cells are found again by a watershed from the places where the map is high.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from dinocell_app.model import label_cleaning
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_targets import compact_ids
from dinocell_app.model.objective import CPU, weighted_mean
from dinocell_app.model.row_bands import run_in_bands

MARKER_THRESHOLD = 0.5
"""Connected pixels above this are the middle of one cell."""

FOREGROUND_THRESHOLD = 0.05
"""Pixels above this belong to a cell."""


@dataclass(frozen=True)
class DistanceMapObjective:
    """One channel: the normalised distance to the cell's edge, 0 in the background."""

    name: ClassVar[str] = "distance_map"
    channel_names: ClassVar[tuple[str, ...]] = ("distance",)

    def targets(self, labels: NDArray[np.integer]) -> NDArray[np.float32]:
        """Compute the normalised distance map.

        Parameters
        ----------
        labels : ndarray of shape (M, N), int

        Returns
        -------
        ndarray of shape (1, M, N), float32
            See `labels_to_distance_map`.
        """
        return labels_to_distance_map(labels)[None]

    def losses(
        self, prediction: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Compute the mean-squared error of the map.

        Parameters
        ----------
        prediction, target : Tensor of shape (B, 1, H, W)
            Network maps and `targets`.
        weight : Tensor of shape (B, H, W)
            Weight of each pixel.

        Returns
        -------
        dict of str to Tensor of shape ()
            Term "distance".
        """
        return {"distance": weighted_mean((prediction[:, 0] - target[:, 0]) ** 2, weight)}

    def activate(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring the map into its range.

        Parameters
        ----------
        maps : ndarray of shape (1, M, N), float32
            Raw network map.

        Returns
        -------
        ndarray of shape (1, M, N), float32
            Map in 0 to 1.
        """
        return np.clip(maps, 0, 1)

    def decode(
        self, maps: NDArray[np.float32], parameters: DecodingParameters, device: torch.device = CPU
    ) -> NDArray[np.int32]:
        """Find cells by a watershed.

        Parameters
        ----------
        maps : ndarray of shape (1, M, N), float32
            Activated map.
        parameters : DecodingParameters
            Sizes and holes; what concerns flows and cell probability has no meaning here.
        device : device
            Has no meaning either: a watershed runs on the processor.

        Returns
        -------
        ndarray of shape (M, N), int32
            Labels 1..K in the frame of the map.
        """
        return distance_map_to_labels(maps[0], parameters)


def labels_to_distance_map(labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Compute how deep each pixel lies in its cell.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Label image, 0 is background; any ids. Touching cells are edges to each other, the edge of the image
        is none.

    Returns
    -------
    ndarray of shape (M, N), float32
        Exact Euclidean distance to the nearest pixel with another label, divided by the largest one of the
        cell: in (0, 1] inside cells, 0 in the background, 1 in a cell that fills the image.
    """
    index, ids = compact_ids(labels)
    distances = np.zeros(labels.shape)
    across = np.zeros(labels.shape)
    run_in_bands(lambda first, end: _row_distances(index, across, first, end), labels.shape[0])
    is_cell = ids != 0
    run_in_bands(
        lambda first, end: _column_distances(index, is_cell, across, distances, (first, end)), labels.shape[1]
    )
    peaks = _deepest(index, distances, len(ids))
    depth = np.where(np.isfinite(distances), distances / peaks[index], 1)
    return np.where(ids[index] == 0, 0, depth).astype(np.float32)


def distance_map_to_labels(
    distance_map: NDArray[np.float32], parameters: DecodingParameters
) -> NDArray[np.int32]:
    """Find cells in a distance map.

    Parameters
    ----------
    distance_map : ndarray of shape (M, N), float
        0 outside cells to 1 in their middle; values that are not finite count as 0.
    parameters : DecodingParameters
        `min_size`, `max_fraction` and `fill_holes` apply.

    Returns
    -------
    ndarray of shape (M, N), int32
        Cells 1 to K in reading order of their first pixels, 0 is background.
    """
    depth = np.where(np.isfinite(distance_map), distance_map, 0).astype(np.float32)
    markers = find_markers(depth > MARKER_THRESHOLD)
    if not markers.any():
        return np.zeros(depth.shape, np.int32)
    basins = watershed(-depth, markers, mask=depth > FOREGROUND_THRESHOLD)  # type: ignore[no-untyped-call]
    labels = basins.astype(np.int32)
    labels = label_cleaning.remove_large_cells(labels, parameters.max_fraction)
    if parameters.fill_holes:
        labels = label_cleaning.fill_holes(labels)
    return label_cleaning.renumber(label_cleaning.remove_small_cells(labels, parameters.min_size))


def find_markers(high: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Mark one pixel of each connected piece.

    Parameters
    ----------
    high : ndarray of shape (M, N), bool
        Pieces of pixels that touch along an edge or at a corner.

    Returns
    -------
    ndarray of shape (M, N), int32
        Number of the piece at its pixel nearest to its centroid, 0 elsewhere.
    """
    pieces = np.zeros(high.shape, np.int32)
    count = int(ndimage.label(high, structure=np.ones((3, 3)), output=pieces)) if high.size else 0
    return _nearest_to_centroids(pieces, count)


@njit(cache=True, nogil=True)
def _row_distances(index: NDArray[np.int32], across: NDArray[np.float64], first: int, end: int) -> None:
    """Distance along the row to the nearest pixel with another label, infinite where there is none."""
    width = index.shape[1]
    for y in range(first, end):
        nearest = np.inf
        for x in range(width):
            nearest = 1.0 if x > 0 and index[y, x] != index[y, x - 1] else nearest + 1
            across[y, x] = nearest
        nearest = np.inf
        for x in range(width - 1, -1, -1):
            nearest = 1.0 if x < width - 1 and index[y, x] != index[y, x + 1] else nearest + 1
            across[y, x] = min(across[y, x], nearest)


@njit(cache=True, nogil=True)
def _column_distances(
    index: NDArray[np.int32],
    is_cell: NDArray[np.bool_],
    across: NDArray[np.float64],
    distances: NDArray[np.float64],
    columns: tuple[int, int],
) -> None:
    """Distance in the plane: go up and down the column until nothing nearer can follow."""
    height = index.shape[0]
    for x in range(columns[0], columns[1]):
        for y in range(height):
            label = index[y, x]
            if not is_cell[label]:
                continue
            nearest = across[y, x] ** 2
            for direction in (-1, 1):
                row, step = y + direction, 1
                while 0 <= row < height and step * step < nearest:
                    if index[row, x] != label:
                        nearest = float(step * step)
                        break
                    nearest = min(nearest, step * step + across[row, x] ** 2)
                    row, step = row + direction, step + 1
            distances[y, x] = np.sqrt(nearest)


@njit(cache=True)
def _deepest(index: NDArray[np.int32], distances: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Largest finite distance of each index, 1 where there is none."""
    peaks = np.zeros(count)
    for y in range(index.shape[0]):
        for x in range(index.shape[1]):
            if np.isfinite(distances[y, x]):
                peaks[index[y, x]] = max(peaks[index[y, x]], distances[y, x])
    return np.where(peaks > 0, peaks, 1.0)


@njit(cache=True)
def _nearest_to_centroids(pieces: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    sums = np.zeros((count + 1, 3))
    height, width = pieces.shape
    for y in range(height):
        for x in range(width):
            sums[pieces[y, x], 0] += 1
            sums[pieces[y, x], 1] += y
            sums[pieces[y, x], 2] += x
    nearest = np.full(count + 1, np.inf)
    best = np.zeros((count + 1, 2), np.int64)
    for y in range(height):
        for x in range(width):
            piece = pieces[y, x]
            if piece > 0:
                size, sum_y, sum_x = sums[piece]
                distance = (y - sum_y / size) ** 2 + (x - sum_x / size) ** 2
                if distance < nearest[piece]:
                    nearest[piece] = distance
                    best[piece] = (y, x)
    markers = np.zeros(pieces.shape, np.int32)
    for piece in range(1, count + 1):
        markers[best[piece, 0], best[piece, 1]] = piece
    return markers
