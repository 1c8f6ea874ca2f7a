"""Whether the processor computes faster in bfloat16: measured in a fifth of a second, and remembered.

Processors with matrix units for it (Intel AMX, AVX-512 BF16, and their likes) are two to three times as fast;
those without are slower than in single precision. Names of processors and their flags differ between systems
and their virtual machines, so that the time itself is asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch.nn import functional

from dinocell_app.base.speed_memory import processor_name, remember, remembered, speed_memory_path

BFLOAT16_PAYS = 1.3
"""Times as fast that bfloat16 must be: less is not worth three digits."""

_REPEATS = 8
_TOKENS, _WIDTH, _HIDDEN = 1024, 384, 1536
_CHANNELS, _EDGE = 128, 64

DAYS_KEPT = 90
"""Drivers, firmware and virtual machines change."""

DAYS_KEPT_BUSY = 1
BUSY = 1.5
"""Times as long as the processor worked that the measurement took: others held the processor, and its caches
and clock were not ours."""

_UNTIL = ", good until"

_measuring = threading.Lock()


@dataclass(frozen=True)
class Gain:
    """What was measured.

    Parameters
    ----------
    times : float
        Processor time in single precision divided by that in bfloat16.
    waiting : float
        How many times as long it all took as the processor worked; 1 on a computer that does nothing else.
    """

    times: float
    waiting: float


def bfloat16_gain() -> float:
    """Say how many times as fast as single precision the processor is in bfloat16.

    Returns
    -------
    float
        Measured when first asked on this computer with this torch, then remembered: for some months, or until
        tomorrow if the computer was busy. Within a process it is decided once.
    """
    with _measuring:
        return _decided(gain_name(), speed_memory_path())


@cache
def _decided(name: str, path: Path) -> float:
    until = remembered(f"{name}{_UNTIL}")
    known = remembered(name)
    if known is not None and (until is None or time.time() < until):
        return known
    gain = measure_bfloat16_gain()
    days = DAYS_KEPT if gain.waiting < BUSY else DAYS_KEPT_BUSY
    remember(name, round(gain.times, 2))
    remember(f"{name}{_UNTIL}", round(time.time() + days * 86_400))
    return round(gain.times, 2)


def gain_name() -> str:
    """Name the measurement in the memory of speeds.

    Returns
    -------
    str
        With the processor and the torch that it holds for.
    """
    return f"bfloat16 gain by processor time, {processor_name()}, torch {torch.__version__}"


def measure_bfloat16_gain() -> Gain:
    """Time what a network consists of, matrix products and convolutions, in both precisions.

    The time is that of the processor in one thread, which other programs hardly change; the precisions take
    turns, and the best of each counts.
    """
    best = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    works = {dtype: _work(dtype) for dtype in best}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for work in works.values():
            work()
        started, worked = time.perf_counter(), time.thread_time()
        for _ in range(_REPEATS):
            for dtype, work in works.items():
                before = time.thread_time()
                work()
                best[dtype] = min(best[dtype], time.thread_time() - before)
        took, worked = time.perf_counter() - started, time.thread_time() - worked
    finally:
        torch.set_num_threads(threads)
    # A clock that ticks slowly may show no time at all.
    shortest = max(best[torch.bfloat16], 1e-9)
    return Gain(best[torch.float32] / shortest, took / max(worked, 1e-9))


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
