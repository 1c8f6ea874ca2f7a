"""From flows to labels: follow the flow from every pixel, and call pixels that end together a cell.

The steps and their constants are those of Cellpose (Stringer et al. 2021, Methods): 200 unit steps with
bilinear interpolation, a histogram of the end points, its 5 x 5 maxima of more than 10 pixels as seeds,
which take in neighbouring bins of more than 2 pixels up to 5 pixels away; then masks whose own flows
disagree with the predicted ones are dropped. Trajectories stop as soon as they rest or swing between two
points, because further steps would not move their end.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.errors import InvalidParameterError
from dinocell_app.model import label_cleaning
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.model.row_bands import run_in_bands

SEED_REACH = 2
"""A seed has the highest count within this many pixels along each axis (a window of 5 x 5)."""

SEED_COUNT = 10
"""A seed holds the ends of more trajectories than this."""

GROWTH_REACH = 5
"""Bins up to this many pixels from a seed may join it (a window of 11 x 11)."""

GROWTH_COUNT = 2
"""A bin that joins a seed holds the ends of more trajectories than this."""

REST_DISTANCE = 1e-3
"""A trajectory rests when two steps move it by less than this, in pixels."""

BIN_OFFSET = 0.25
"""End points are binned by floor(position + 0.25): both kinds of sinks that occur on a pixel grid, at the
centre of a pixel and midway between two, then lie well inside a bin instead of on its edge."""


def flows_to_labels(
    flows: NDArray[np.float32], cell_probability: NDArray[np.float32], parameters: DecodingParameters
) -> NDArray[np.int32]:
    """Decode flows and cell probability.

    Parameters
    ----------
    flows : ndarray of shape (2, M, N), float
        (dy, dx), about 1 pixel long inside cells. Values that are not finite count as 0.
    cell_probability : ndarray of shape (M, N), float
        Probability that a pixel belongs to a cell, 0 to 1.
    parameters : DecodingParameters

    Returns
    -------
    ndarray of shape (M, N), int32
        Cells 1 to K in reading order of their first pixels, 0 is background.

    Raises
    ------
    InvalidParameterError
        When the shapes do not fit each other.
    """
    require_fitting_maps(flows.shape, cell_probability.shape)
    foreground = np.ascontiguousarray(cell_probability > parameters.cell_probability_threshold)
    if not foreground.any():
        return np.zeros(foreground.shape, np.int32)
    field = _foreground_flows(np.asarray(flows, np.float32), foreground)
    sinks = follow_flows(field, foreground, parameters.n_iterations)
    labels = sinks_to_labels(sinks, foreground)
    return tidy_labels(labels, flows, parameters)


def require_fitting_maps(flows_shape: tuple[int, ...], probability_shape: tuple[int, ...]) -> None:
    """Refuse flows and a probability that do not belong to one image.

    Parameters
    ----------
    flows_shape : tuple of int
        Shape of the flows.
    probability_shape : tuple of int
        Shape of the cell probability.

    Raises
    ------
    InvalidParameterError
        Unless they are (2, M, N) and (M, N).
    """
    if len(probability_shape) != 2 or tuple(flows_shape) != (2, *probability_shape):
        raise InvalidParameterError(
            f"Flows of shape {tuple(flows_shape)} and a cell probability of shape {tuple(probability_shape)} "
            "do not belong together",
            remedy="Give flows of shape (2, rows, columns) and a probability of shape (rows, columns)",
        )


def follow_flows(
    field: NDArray[np.float32], foreground: NDArray[np.bool_], n_iterations: int
) -> NDArray[np.int64]:
    """Walk from each foreground pixel along the flow, one step of the local flow at a time.

    Parameters
    ----------
    field : ndarray of shape (M, N, 2), float32
        (dy, dx) of each pixel, finite, 0 outside the foreground.
    foreground : ndarray of shape (M, N), bool
        Pixels to start from.
    n_iterations : int
        Highest number of steps.

    Returns
    -------
    ndarray of shape (M, N), int64
        Flat index of the pixel where each trajectory ends (the middle of its last two positions), -1 in
        the background.
    """
    sinks = np.full(foreground.shape, -1, np.int64)
    run_in_bands(
        lambda first, end: _follow_rows(field, foreground, n_iterations, (first, end), sinks),
        foreground.shape[0],
    )
    return sinks


def sinks_to_labels(sinks: NDArray[np.int64], foreground: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Group pixels whose trajectories end in the same place.

    Parameters
    ----------
    sinks : ndarray of shape (M, N), int64
        Flat index of each pixel's end, -1 in the background.
    foreground : ndarray of shape (M, N), bool
        Pixels with an end.

    Returns
    -------
    ndarray of shape (M, N), int32
        Label of each pixel, 0 where no seed was reached.
    """
    counts = _count_sinks(sinks)
    seeds = _find_seeds(counts)
    # The seed with the most trajectories is grown last, and so wins bins that several seeds reach.
    order = np.lexsort((-seeds, counts.ravel()[seeds]))
    bins = _grow_seeds(counts, seeds[order])
    labels = np.zeros(foreground.shape, np.int32)
    _look_up(bins, sinks, labels)
    return labels


def tidy_labels(
    labels: NDArray[np.int32], flows: NDArray[np.float32], parameters: DecodingParameters
) -> NDArray[np.int32]:
    """Drop masks that cannot be cells, fill holes and renumber.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids 0 to K.
    flows : ndarray of shape (2, M, N), float
        Predicted unit flows (dy, dx).
    parameters : DecodingParameters

    Returns
    -------
    ndarray of shape (M, N), int32
        Cells 1 to K in reading order.
    """
    labels = label_cleaning.remove_large_cells(labels, parameters.max_fraction)
    labels = label_cleaning.remove_small_cells(labels, parameters.min_size)
    if parameters.flow_threshold > 0:
        errors = flow_errors(labels, flows)
        labels = label_cleaning.keep_cells(labels, errors <= parameters.flow_threshold)
    if parameters.fill_holes:
        labels = label_cleaning.fill_holes(labels)
    return label_cleaning.renumber(labels)


def flow_errors(labels: NDArray[np.int32], flows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compare predicted flows with those that the labels would have.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids 0 to K.
    flows : ndarray of shape (2, M, N), float
        Predicted unit flows (dy, dx); values that are not finite count as 0.

    Returns
    -------
    ndarray of shape (K + 1,), float64
        Mean over each cell of the squared length of the difference; 0 for ids without pixels.
    """
    highest = int(labels.max(initial=0))
    if highest == 0:
        return np.zeros(1)
    return _mean_squared_difference(labels, labels_to_flows(labels), np.asarray(flows, np.float32), highest)


@njit(cache=True)
def _foreground_flows(flows: NDArray[np.float32], foreground: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Put dy and dx side by side, 0 outside the foreground and where they are not finite."""
    height, width = foreground.shape
    field = np.zeros((height, width, 2), np.float32)
    for y in range(height):
        for x in range(width):
            if foreground[y, x] and np.isfinite(flows[0, y, x]) and np.isfinite(flows[1, y, x]):
                field[y, x, 0] = flows[0, y, x]
                field[y, x, 1] = flows[1, y, x]
    return field


@njit(cache=True, nogil=True)
def _follow_rows(
    field: NDArray[np.float32],
    foreground: NDArray[np.bool_],
    n_iterations: int,
    rows: tuple[int, int],
    sinks: NDArray[np.int64],
) -> None:
    height, width = foreground.shape
    bottom, right = float(height - 1), float(width - 1)
    for start_y in range(rows[0], rows[1]):
        for start_x in range(width):
            if not foreground[start_y, start_x]:
                continue
            y, x = float(start_y), float(start_x)
            last_y, last_x = y, x
            for _ in range(n_iterations):
                top, left = int(y), int(x)
                below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
                down, along = y - top, x - left
                a, b = (1 - down) * (1 - along), (1 - down) * along
                c, d = down * (1 - along), down * along
                dy = (
                    a * field[top, left, 0]
                    + b * field[top, beside, 0]
                    + c * field[below, left, 0]
                    + d * field[below, beside, 0]
                )
                dx = (
                    a * field[top, left, 1]
                    + b * field[top, beside, 1]
                    + c * field[below, left, 1]
                    + d * field[below, beside, 1]
                )
                next_y = min(max(y + dy, 0.0), bottom)
                next_x = min(max(x + dx, 0.0), right)
                resting = abs(next_y - last_y) < REST_DISTANCE and abs(next_x - last_x) < REST_DISTANCE
                last_y, last_x, y, x = y, x, next_y, next_x
                if resting:
                    break
            end_y = int((last_y + y) / 2 + BIN_OFFSET)
            end_x = int((last_x + x) / 2 + BIN_OFFSET)
            sinks[start_y, start_x] = end_y * width + end_x


@njit(cache=True)
def _count_sinks(sinks: NDArray[np.int64]) -> NDArray[np.int32]:
    counts = np.zeros(sinks.shape, np.int32)
    flat = counts.ravel()
    for sink in sinks.ravel():
        if sink >= 0:
            flat[sink] += 1
    return counts


@njit(cache=True)
def _find_seeds(counts: NDArray[np.int32]) -> NDArray[np.int64]:
    """Flat indices of the maxima, ascending; of equal neighbours the first in reading order."""
    height, width = counts.shape
    seeds = []
    for y in range(height):
        for x in range(width):
            count = counts[y, x]
            if count <= SEED_COUNT:
                continue
            highest = True
            for ny in range(max(y - SEED_REACH, 0), min(y + SEED_REACH + 1, height)):
                for nx in range(max(x - SEED_REACH, 0), min(x + SEED_REACH + 1, width)):
                    earlier = ny < y or (ny == y and nx < x)
                    if counts[ny, nx] > count or (earlier and counts[ny, nx] == count):
                        highest = False
            if highest:
                seeds.append(y * width + x)
    return np.array(seeds, np.int64)


@njit(cache=True)
def _grow_seeds(counts: NDArray[np.int32], seeds: NDArray[np.int64]) -> NDArray[np.int32]:
    """Label of each bin: its seed's place in `seeds` plus 1; later seeds overwrite earlier ones."""
    height, width = counts.shape
    bins = np.zeros(counts.shape, np.int32)
    size = 2 * GROWTH_REACH + 1
    queue = np.empty((size * size, 3), np.int64)
    for k in range(len(seeds)):
        seen = np.zeros((size, size), np.bool_)
        seed_y, seed_x = seeds[k] // width, seeds[k] % width
        queue[0] = (seed_y, seed_x, 0)
        seen[GROWTH_REACH, GROWTH_REACH] = True
        first, end = 0, 1
        while first < end:
            y, x, distance = queue[first]
            first += 1
            bins[y, x] = k + 1
            if distance == GROWTH_REACH:
                continue
            for ny in range(max(y - 1, 0), min(y + 2, height)):
                for nx in range(max(x - 1, 0), min(x + 2, width)):
                    row, column = ny - seed_y + GROWTH_REACH, nx - seed_x + GROWTH_REACH
                    if counts[ny, nx] > GROWTH_COUNT and not seen[row, column]:
                        seen[row, column] = True
                        queue[end] = (ny, nx, distance + 1)
                        end += 1
    return bins


@njit(cache=True)
def _look_up(bins: NDArray[np.int32], sinks: NDArray[np.int64], labels: NDArray[np.int32]) -> None:
    flat_bins, flat_labels = bins.ravel(), labels.ravel()
    for pixel, sink in enumerate(sinks.ravel()):
        if sink >= 0:
            flat_labels[pixel] = flat_bins[sink]


@njit(cache=True)
def _mean_squared_difference(
    labels: NDArray[np.int32], targets: NDArray[np.float32], flows: NDArray[np.float32], highest: int
) -> NDArray[np.float64]:
    sums = np.zeros(highest + 1)
    sizes = np.zeros(highest + 1, np.int64)
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            label = labels[y, x]
            if label > 0:
                dy, dx = flows[0, y, x], flows[1, y, x]
                if not (np.isfinite(dy) and np.isfinite(dx)):
                    dy, dx = np.float32(0), np.float32(0)
                sums[label] += (targets[0, y, x] - dy) ** 2 + (targets[1, y, x] - dx) ** 2
                sizes[label] += 1
    return sums / np.maximum(sizes, 1)
