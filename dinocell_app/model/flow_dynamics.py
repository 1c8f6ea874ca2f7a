"""Follow the flow from every pixel to its sink, and group pixels by their sinks, with compiled loops.

The steps and their constants are those of Cellpose (Stringer et al. 2021, Methods): 200 steps along the
bilinearly interpolated flow, a histogram of the end points, its 5 x 5 maxima of more than 10 pixels as
seeds, which take in neighbouring bins of more than 2 pixels up to 5 pixels away.

Two things save work without changing the outcome. A trajectory stops when it rests or swings between two
points. And where the four corners of a small block end in one sink, the few pixels between them do so too;
the others are followed one by one. `flow_dynamics_torch` does the same on the device of the network.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

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

BLOCK = 3
"""Corners of blocks are this many pixels apart: at most 2 x 2 pixels inside a block are not followed."""

LANES = 4
"""Trajectories that one loop advances together: their arithmetic overlaps, which one alone cannot."""


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
    pending = np.zeros_like(foreground)
    pending[::BLOCK, ::BLOCK] = foreground[::BLOCK, ::BLOCK]
    _follow_pending(field, pending, n_iterations, sinks)
    pending[::BLOCK, ::BLOCK] = False
    run_in_bands(
        lambda first, end: _fill_blocks(sinks, foreground, pending, first, end),
        -(-foreground.shape[0] // BLOCK),
    )
    _follow_pending(field, pending, n_iterations, sinks)
    return sinks


def foreground_flows(flows: NDArray[np.float32], foreground: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Lay out flows for `follow_flows`.

    Parameters
    ----------
    flows : ndarray of shape (2, M, N), float32
        (dy, dx).
    foreground : ndarray of shape (M, N), bool
        Pixels of cells.

    Returns
    -------
    ndarray of shape (M, N, 2), float32
        dy and dx side by side, 0 outside the foreground and where one of them is not finite.
    """
    field = np.zeros((*foreground.shape, 2), np.float32)
    run_in_bands(lambda first, end: _lay_out_rows(flows, foreground, field, first, end), foreground.shape[0])
    return field


def sinks_to_labels(sinks: NDArray[np.int64]) -> NDArray[np.int32]:
    """Group pixels whose trajectories end in the same place.

    Parameters
    ----------
    sinks : ndarray of shape (M, N), int64
        Flat index of each pixel's end, -1 in the background.

    Returns
    -------
    ndarray of shape (M, N), int32
        Label of each pixel, 0 where no seed was reached.
    """
    counts = _count_sinks(sinks)
    bins = grow_seeds(counts, _find_seeds(counts))
    labels = np.zeros(sinks.shape, np.int32)
    run_in_bands(lambda first, end: _look_up_rows(bins, sinks, labels, first, end), sinks.shape[0])
    return labels


def grow_seeds(counts: NDArray[np.int32], seeds: NDArray[np.int64]) -> NDArray[np.int32]:
    """Give the bins around each seed to it.

    Parameters
    ----------
    counts : ndarray of shape (M, N), int32
        How many trajectories end in each pixel.
    seeds : ndarray of shape (K,), int64
        Flat indices of the seeds, ascending.

    Returns
    -------
    ndarray of shape (M, N), int32
        Label 1 to K of each bin, 0 elsewhere. A bin that several seeds reach belongs to the one with most
        trajectories, and of equal ones to the first in reading order.
    """
    order = np.lexsort((-seeds, counts.ravel()[seeds]))
    return _grow_in_turn(counts, seeds[order])


def _follow_pending(
    field: NDArray[np.float32], pending: NDArray[np.bool_], n_iterations: int, sinks: NDArray[np.int64]
) -> None:
    starts = np.flatnonzero(pending)
    run_in_bands(
        lambda first, end: _follow_starts(field, starts[first:end], n_iterations, sinks), len(starts)
    )


@njit(cache=True, nogil=True)
def _follow_starts(
    field: NDArray[np.float32], starts: NDArray[np.int64], n_iterations: int, sinks: NDArray[np.int64]
) -> None:
    height, width = sinks.shape
    flat_flows, flat_sinks = field.reshape(-1), sinks.reshape(-1)
    bottom, right = float(height - 1), float(width - 1)
    y, x = np.empty(LANES), np.empty(LANES)
    last_y, last_x = np.empty(LANES), np.empty(LANES)
    moving = np.empty(LANES, np.bool_)
    for base in range(0, len(starts), LANES):
        for lane in range(LANES):
            start = starts[min(base + lane, len(starts) - 1)]
            y[lane], x[lane] = start // width, start % width
            last_y[lane], last_x[lane], moving[lane] = y[lane], x[lane], True
        for _ in range(n_iterations):
            n_moving = 0
            for lane in range(LANES):
                here_y, here_x = y[lane], x[lane]
                top, left = int(here_y), int(here_x)
                below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
                down, along = here_y - top, here_x - left
                a, b = (1 - down) * (1 - along), (1 - down) * along
                c, d = down * (1 - along), down * along
                i, j = 2 * (top * width + left), 2 * (top * width + beside)
                k, m = 2 * (below * width + left), 2 * (below * width + beside)
                dy = a * flat_flows[i] + b * flat_flows[j] + c * flat_flows[k] + d * flat_flows[m]
                dx = (
                    a * flat_flows[i + 1]
                    + b * flat_flows[j + 1]
                    + c * flat_flows[k + 1]
                    + d * flat_flows[m + 1]
                )
                next_y = min(max(here_y + dy, 0.0), bottom)
                next_x = min(max(here_x + dx, 0.0), right)
                moved = max(abs(next_y - last_y[lane]), abs(next_x - last_x[lane]))
                # A trajectory that rests stays where it is, whatever its neighbours in the loop still do.
                move = moving[lane]
                last_y[lane] = here_y if move else last_y[lane]
                last_x[lane] = here_x if move else last_x[lane]
                y[lane] = next_y if move else here_y
                x[lane] = next_x if move else here_x
                moving[lane] = move and moved >= REST_DISTANCE
                n_moving += moving[lane]
            if n_moving == 0:
                break
        for lane in range(min(LANES, len(starts) - base)):
            end_y = int((last_y[lane] + y[lane]) / 2 + BIN_OFFSET)
            end_x = int((last_x[lane] + x[lane]) / 2 + BIN_OFFSET)
            flat_sinks[starts[base + lane]] = end_y * width + end_x


@njit(cache=True, nogil=True)
def _fill_blocks(
    sinks: NDArray[np.int64],
    foreground: NDArray[np.bool_],
    pending: NDArray[np.bool_],
    first: int,
    end: int,
) -> None:
    """Give blocks with one sink at all corners that sink; mark the pixels of the others as pending."""
    height, width = foreground.shape
    for top in range(first * BLOCK, min(end * BLOCK, height), BLOCK):
        for left in range(0, width, BLOCK):
            bottom, right = top + BLOCK, left + BLOCK
            sink = sinks[top, left]
            uniform = (
                bottom < height
                and right < width
                and sinks[top, right] == sink
                and sinks[bottom, left] == sink
                and sinks[bottom, right] == sink
                and sink >= 0
            )
            for y in range(top, min(bottom, height)):
                for x in range(left, min(right, width)):
                    if not foreground[y, x] or (y == top and x == left):
                        continue
                    if uniform:
                        sinks[y, x] = sink
                    else:
                        pending[y, x] = True


@njit(cache=True, nogil=True)
def _lay_out_rows(
    flows: NDArray[np.float32],
    foreground: NDArray[np.bool_],
    field: NDArray[np.float32],
    first: int,
    end: int,
) -> None:
    for y in range(first, end):
        for x in range(foreground.shape[1]):
            dy, dx = flows[0, y, x], flows[1, y, x]
            if foreground[y, x] and np.isfinite(dy) and np.isfinite(dx):
                field[y, x, 0] = dy
                field[y, x, 1] = dx


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
def _grow_in_turn(counts: NDArray[np.int32], seeds: NDArray[np.int64]) -> NDArray[np.int32]:
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


@njit(cache=True, nogil=True)
def _look_up_rows(
    bins: NDArray[np.int32], sinks: NDArray[np.int64], labels: NDArray[np.int32], first: int, end: int
) -> None:
    flat_bins = bins.ravel()
    for y in range(first, end):
        for x in range(sinks.shape[1]):
            if sinks[y, x] >= 0:
                labels[y, x] = flat_bins[sinks[y, x]]
