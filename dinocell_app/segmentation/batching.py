"""How many tiles go through the network at once: as many as are faster together, within memory."""

from __future__ import annotations

import gc
import time

import torch

from dinocell_app.base.memory_errors import is_out_of_memory
from dinocell_app.base.speed_memory import processor_name, remember, remembered
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.precision import Precision, autocast, resolve_precision
from dinocell_app.model.segmenter import Segmenter

BYTES_PER_TILE_PIXEL = 3_000
"""Activations for one pixel of network input: generous for ViT-B at patch 8 in half precision."""

MAX_BATCH_SIZES = {"cuda": 64, "cpu": 4}
"""Tried at most; more tiles at once cost memory, and on a processor gain nothing."""

MAX_BATCH_SIZE_ELSEWHERE = 8

LEAST_GAIN = 0.05
"""Share of the time of a tile that twice as many at once must save to be worth their memory."""

SLOW_TILE_S = 0.2
"""Where a processor takes longer for a tile, what surrounds a pass does not count: more are not tried."""

PATIENCE_S = 1.0
"""Passes are repeated for so long, and at most four of them."""

_measured: dict[str, int] = {}


def first_batch_size(model: SegmentationModel, precision: Precision) -> int:
    """Choose the batch to begin with.

    Parameters
    ----------
    precision : {"auto", "fp32", "bf16", "fp16"}

    Returns
    -------
    int
        The fastest of 1, 2, 4 and so on, measured when the model is first used on this computer and
        remembered; on a CUDA device at most half of what its free memory should hold.
    """
    name = batch_size_name(model, precision)
    known = _measured.get(name) or int(remembered(name) or 0)
    if known < 1:
        known = fastest_batch_size(model.network, model.device, precision, _largest(model))
        remember(name, known)
    _measured[name] = known
    return min(known, _largest(model))


def fastest_batch_size(network: Segmenter, device: torch.device, precision: Precision, largest: int) -> int:
    """Time the network with ever more tiles at once, until more are no faster.

    Parameters
    ----------
    network : Segmenter
        On `device`, in evaluation mode.
    precision : {"auto", "fp32", "bf16", "fp16"}
    largest : int
        Not tried beyond.

    Returns
    -------
    int
        1, 2, 4 or another power of 2.
    """
    fastest, best = 1, float("inf")
    if largest <= 1:
        return fastest
    size = 1
    while size <= largest:
        try:
            seconds = _seconds_a_tile(network, device, precision, size)
        except RuntimeError as error:
            if not is_out_of_memory(error) or size == 1:
                raise
            release_memory()
            break
        if seconds > best * (1 - LEAST_GAIN):
            break
        fastest, best = size, seconds
        if device.type == "cpu" and seconds > SLOW_TILE_S:
            break
        size *= 2
    return fastest


def batch_size_name(model: SegmentationModel, precision: Precision) -> str:
    """Name the measurement in the memory of speeds.

    Parameters
    ----------
    precision : {"auto", "fp32", "bf16", "fp16"}

    Returns
    -------
    str
        With the model, the arithmetic, the device and the torch that it holds for.
    """
    device = model.device
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name()
    dtype = str(resolve_precision(precision, device)).removeprefix("torch.")
    what = f"{model.manifest.id} {model.manifest.sha256[:16]} in {dtype}"
    return f"tiles at once, {what}, {device.type} {where}, torch {torch.__version__}"


def release_memory() -> None:
    """Give cached memory back, so that a smaller batch finds room."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _seconds_a_tile(network: Segmenter, device: torch.device, precision: Precision, size: int) -> float:
    """Take the best of some passes; the first of them also prepares the device."""
    edge = network.config.tile_size
    tiles = torch.zeros(size, 3, edge, edge, device=device).contiguous(memory_format=torch.channels_last)
    best, spent = float("inf"), 0.0
    for _ in range(4):
        started = time.perf_counter()
        with torch.inference_mode(), autocast(precision, device):
            network(tiles).sum().item()  # waits for the device
        seconds = time.perf_counter() - started
        best, spent = min(best, seconds / size), spent + seconds
        if spent > PATIENCE_S:
            break
    return best


def _largest(model: SegmentationModel) -> int:
    """Limit what is tried, on a CUDA device to what is safely held."""
    device = model.device
    if device.type != "cuda":
        return MAX_BATCH_SIZES.get(device.type, MAX_BATCH_SIZE_ELSEWHERE)
    free, _ = torch.cuda.mem_get_info(device)
    per_tile = BYTES_PER_TILE_PIXEL * model.network.config.input_size**2
    return int(max(1, min(MAX_BATCH_SIZES["cuda"], free // 2 // per_tile)))
