"""Whether the processor computes faster in bfloat16: measured once, in a fifth of a second, and remembered.

Processors with matrix units for it (Intel AMX, AVX-512 BF16, and their likes) are two to three times as fast;
those without are slower than in single precision. Names of processors and their flags differ between systems
and their virtual machines, so that the time itself is asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache

import torch
from torch.nn import functional

from dinocell_app.base.speed_memory import processor_name, remember, remembered

BFLOAT16_PAYS = 1.3
"""Times as fast that bfloat16 must be: less is not worth three digits."""

_REPEATS = 8
_TOKENS, _WIDTH, _HIDDEN = 1024, 384, 1536
_CHANNELS, _EDGE = 128, 64

_measuring = threading.Lock()


def bfloat16_gain() -> float:
    """Say how many times as fast as single precision the processor is in bfloat16.

    Returns
    -------
    float
        Measured when first asked on this computer with this torch, then remembered.
    """
    name = gain_name()
    with _measuring:
        known = remembered(name)
        if known is None:
            known = _measured_once()
            remember(name, known)
    return known


def gain_name() -> str:
    """Name the measurement in the memory of speeds.

    Returns
    -------
    str
        With the processor and the torch that it holds for.
    """
    return f"bfloat16 gain, {processor_name()}, torch {torch.__version__}"


@cache
def _measured_once() -> float:
    """Kept in the process too, for a computer on which nothing can be written."""
    return round(measure_bfloat16_gain(), 2)


def measure_bfloat16_gain() -> float:
    """Time what a network consists of, matrix products and convolutions, in both precisions.

    Returns
    -------
    float
        Time in single precision divided by time in bfloat16; the two take turns and the best of each counts.
    """
    best = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    works = {dtype: _work(dtype) for dtype in best}
    for work in works.values():
        work()
    for _ in range(_REPEATS):
        for dtype, work in works.items():
            started = time.perf_counter()
            work()
            best[dtype] = min(best[dtype], time.perf_counter() - started)
    return best[torch.float32] / best[torch.bfloat16]


def _work(dtype: torch.dtype) -> Callable[[], None]:
    """One layer of a transformer's hidden part and one of a decoder, of the size of a laptop's network."""
    tokens = torch.ones(1, _TOKENS, _WIDTH)
    rising = torch.full((_HIDDEN, _WIDTH), 0.01)
    falling = torch.full((_WIDTH, _HIDDEN), 0.01)
    maps = torch.ones(1, _CHANNELS, _EDGE, _EDGE).contiguous(memory_format=torch.channels_last)
    kernel = torch.full((_CHANNELS, _CHANNELS, 3, 3), 0.01).contiguous(memory_format=torch.channels_last)

    def run() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            functional.linear(functional.gelu(functional.linear(tokens, rising)), falling)
            functional.conv2d(maps, kernel, padding=1)

    return run
