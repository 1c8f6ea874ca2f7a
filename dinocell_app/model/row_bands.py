"""Share a loop over rows or cells among threads, with results that do not depend on their number.

Compiled kernels that release the interpreter lock run in ordinary threads. Numba's own parallel loops
are avoided on purpose: their thread pools do not survive a fork (data loaders of the training), and the
portable one aborts the process when two threads enter it at once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba


def run_in_bands(kernel: Callable[[int, int], None], count: int, bands_per_thread: int = 4) -> None:
    """Call `kernel(first, end)` for bands that together cover 0 to `count`.

    Parameters
    ----------
    kernel : callable
        Works on the items first, ..., end - 1 and writes nothing that another band reads or writes; it
        should release the interpreter lock.
    count : int
        Number of items.
    bands_per_thread : int, default 4
        More bands than threads even out unequal work.
    """
    n_threads = min(thread_count(), count)
    if n_threads <= 1:
        if count:
            kernel(0, count)
        return
    n_bands = min(count, n_threads * bands_per_thread)
    edges = [band * count // n_bands for band in range(n_bands + 1)]
    with ThreadPoolExecutor(n_threads) as pool:
        for outcome in [pool.submit(kernel, first, end) for first, end in pairwise(edges)]:
            outcome.result()


def thread_count() -> int:
    """Say how many threads compiled loops may use.

    Returns
    -------
    int
        At least 1; the environment variable NUMBA_NUM_THREADS decides.
    """
    return max(1, int(vars(numba.config)["NUMBA_NUM_THREADS"]))
