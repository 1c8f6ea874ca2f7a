"""The decoding of flows on the device of the network, from tensors that are there already.

The walk along the flow and the diffusion of heat for the flow check, which take nearly all the time, run on
the device; grouping the end points and tidying labels are the compiled routines that `flow_decoding` uses.
Both ways follow the same rules and differ by rounding alone (positions are float32 here, float64 there).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_decoding import require_fitting_maps, tidy_labels
from dinocell_app.model.flow_dynamics import BIN_OFFSET, REST_DISTANCE, sinks_to_labels
from dinocell_app.model.flow_targets import SMALLEST_SLOPE, heat_sources

SMALLEST_SLOPE_FLOAT32 = 1e-5
"""`flow_targets.SMALLEST_SLOPE` for heat in float32."""

STEPS_BETWEEN_CHECKS = 8
"""Resting trajectories are set aside after this many steps; counting them stalls the device each time."""

NEIGHBOURS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
"""Offsets of the 3 x 3 neighbourhood in reading order."""


@torch.inference_mode()
def flows_to_labels_on_device(
    flows: torch.Tensor, cell_probability: torch.Tensor, parameters: DecodingParameters
) -> NDArray[np.int32]:
    """Decode flows and cell probability where they are.

    Parameters
    ----------
    flows : Tensor of shape (2, M, N), float
        (dy, dx), about 1 pixel long inside cells. Values that are not finite count as 0.
    cell_probability : Tensor of shape (M, N), float
        Probability that a pixel belongs to a cell, 0 to 1; on the same device.

    Returns
    -------
    ndarray of shape (M, N), int32
        Cells 1 to K in reading order of their first pixels, 0 is background.

    Raises
    ------
    InvalidParameterError
        When the shapes do not fit each other.
    """
    require_fitting_maps(tuple(flows.shape), tuple(cell_probability.shape))
    foreground = cell_probability > parameters.cell_probability_threshold
    starts = foreground.flatten().nonzero()[:, 0]  # [P]
    sinks = torch.full((foreground.numel(),), -1, dtype=torch.int64, device=flows.device)
    if len(starts):
        finite = flows.isfinite().all(0) & foreground
        field = torch.where(finite, flows, torch.zeros_like(flows)).float()
        sinks[starts] = follow_flows(field, starts, parameters.n_iterations)
    labels = sinks_to_labels(sinks.reshape(foreground.shape).cpu().numpy())

    def targets(masks: NDArray[np.int32]) -> NDArray[np.float32]:
        return labels_to_flows(masks, flows.device).cpu().numpy()

    return tidy_labels(
        labels, flows.float().cpu().numpy(), cell_probability.float().cpu().numpy(), parameters, targets
    )


def follow_flows(field: torch.Tensor, starts: torch.Tensor, n_iterations: int) -> torch.Tensor:
    """Walk from pixels along the flow, one step of the local flow at a time.

    Parameters
    ----------
    field : Tensor of shape (2, M, N), float32
        (dy, dx) of each pixel, finite, 0 outside the foreground.
    starts : Tensor of shape (P,), int64
        Flat indices of the pixels to start from.
    n_iterations : int
        Highest number of steps.

    Returns
    -------
    Tensor of shape (P,), int64
        Flat index of the pixel where each trajectory ends (the middle of its last two positions).
    """
    height, width = field.shape[1:]
    vectors = field.flatten(1).T.contiguous()  # [M * N, 2]
    limit = torch.tensor([height - 1, width - 1], dtype=torch.float32, device=field.device)
    position = torch.stack([starts // width, starts % width], 1).float()  # [P, 2]
    last = position.clone()
    ends = torch.empty_like(starts)
    walking = torch.arange(len(starts), device=field.device)
    moving = torch.ones(len(starts), 1, dtype=torch.bool, device=field.device)
    for step in range(n_iterations):
        following = (position + _interpolate(vectors, position, height, width)).clamp_min(0).minimum(limit)
        moved = (following - last).abs().amax(1, keepdim=True)
        last = torch.where(moving, position, last)
        position = torch.where(moving, following, position)
        moving &= moved >= REST_DISTANCE
        if (step + 1) % STEPS_BETWEEN_CHECKS == 0 or step + 1 == n_iterations:
            bins = ((last + position) / 2 + BIN_OFFSET).long()
            ends[walking] = bins[:, 0] * width + bins[:, 1]
            kept = moving[:, 0]
            walking, position, last, moving = walking[kept], position[kept], last[kept], moving[kept]
            if len(walking) == 0:
                break
    return ends


def labels_to_flows(labels: NDArray[np.int32], device: torch.device | str) -> torch.Tensor:
    """Compute flow targets on a device; see `flow_targets.labels_to_flows`.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids from 0 to K.
    device : device or str
        Where to compute. Without float64 (MPS), parts of very long cells may get flows of length 0.

    Returns
    -------
    Tensor of shape (2, M, N), float32
        (dy, dx) of length 1 inside cells and 0 elsewhere.
    """
    device = torch.device(device)
    height, width = labels.shape
    flows = torch.zeros(2, height * width, device=device)
    sources, steps = heat_sources(np.ascontiguousarray(labels, np.int32))
    if not (steps > 0).any():
        return flows.reshape(2, height, width)
    flat_labels = torch.from_numpy(labels.ravel().astype(np.int64)).to(device)
    rounds = torch.from_numpy(steps).to(device)[flat_labels]  # [M * N]
    # Pixels of cells that spread longest come first, so that each round works on the first few of them.
    order = torch.argsort(rounds, descending=True, stable=True)
    pixels = order[: int((rounds > 0).sum())]  # [P]
    place = torch.full((height * width,), len(pixels), dtype=torch.int64, device=device)
    place[pixels] = torch.arange(len(pixels), device=device)
    neighbours = _neighbours(flat_labels, pixels, place, (height, width))  # [9, P]
    cells = np.flatnonzero(steps)[np.argsort(-steps[steps > 0], kind="stable")]
    entries = place[torch.from_numpy(sources[cells]).to(device)]  # [K]
    sizes = np.bincount(labels.ravel(), minlength=len(steps))[cells].cumsum()
    active = np.searchsorted(-steps[cells], -np.arange(1, steps.max() + 1), side="right")
    # The last entry, heat 0, stands for every neighbour outside the cell.
    dtype, smallest_slope = torch.float64, SMALLEST_SLOPE
    if device.type == "mps":
        dtype, smallest_slope = torch.float32, SMALLEST_SLOPE_FLOAT32
    heat = torch.zeros(len(pixels) + 1, dtype=dtype, device=device)
    for n_cells in active:
        heat[entries[:n_cells]] += 1
        n_pixels = int(sizes[n_cells - 1])
        heat[:n_pixels] = heat[neighbours[:, :n_pixels]].sum(0) / 9
    up, left, right, down = heat[neighbours[1]], heat[neighbours[3]], heat[neighbours[5]], heat[neighbours[7]]
    gradient = torch.stack([down - up, right - left])  # [2, P]
    largest = gradient.abs().amax(0)
    sloping = largest > smallest_slope * heat[:-1]
    gradient = torch.where(sloping, gradient / largest, torch.zeros_like(gradient))
    length = torch.where(sloping, gradient.norm(dim=0), torch.ones_like(largest))
    flows[:, pixels] = (gradient / length).float()
    return flows.reshape(2, height, width)


def _interpolate(vectors: torch.Tensor, position: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Bilinear value of vectors [M * N, 2] at positions [P, 2] within the image."""
    corner = position.long()  # [P, 2]
    part = position - corner
    down, along = part[:, :1], part[:, 1:]  # [P, 1]
    top, left = corner[:, 0], corner[:, 1]
    below, beside = (top + 1).clamp_max(height - 1), (left + 1).clamp_max(width - 1)
    return (
        (1 - down) * (1 - along) * vectors[top * width + left]
        + (1 - down) * along * vectors[top * width + beside]
        + down * (1 - along) * vectors[below * width + left]
        + down * along * vectors[below * width + beside]
    )


def _neighbours(
    labels: torch.Tensor, pixels: torch.Tensor, place: torch.Tensor, shape: tuple[int, int]
) -> torch.Tensor:
    """Places [9, P] of the neighbours of pixels [P] in the same cell; the number of pixels for others."""
    height, width = shape
    rows, columns = pixels // width, pixels % width
    nowhere = len(pixels)
    neighbours = torch.empty(9, len(pixels), dtype=torch.int64, device=pixels.device)
    for k, (dy, dx) in enumerate(NEIGHBOURS):
        y, x = rows + dy, columns + dx
        within = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        index = torch.where(within, y * width + x, 0)
        same = within & (labels[index] == labels[pixels])
        neighbours[k] = torch.where(same, place[index], nowhere)
    return neighbours
