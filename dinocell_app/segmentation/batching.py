"""How many tiles fit into the memory of the device."""

from __future__ import annotations

import gc

import torch

from dinocell_app.model.model_folder import SegmentationModel

CPU_BATCH_SIZE = 1
"""More tiles at once are no faster on a processor and cost memory."""

BYTES_PER_TILE_PIXEL = 3_000
"""Activations for one pixel of network input: generous for ViT-B at patch 8 in half precision."""

MAX_BATCH_SIZE = 64


def first_batch_size(model: SegmentationModel) -> int:
    """Choose the batch to begin with.

    Parameters
    ----------
    model : SegmentationModel

    Returns
    -------
    int
        Half of what the free memory of a CUDA device should hold, 1 on a processor, 4 elsewhere.
    """
    device = model.device
    if device.type == "cpu":
        return CPU_BATCH_SIZE
    if device.type != "cuda":
        return 4
    free, _ = torch.cuda.mem_get_info(device)
    per_tile = BYTES_PER_TILE_PIXEL * model.network.config.input_size**2
    return int(max(1, min(MAX_BATCH_SIZE, free // 2 // per_tile)))


def release_memory() -> None:
    """Give cached memory back, so that a smaller batch finds room."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
