"""Speed of flow targets and of decoding, as ratios to Cellpose in one run on one scene.

    python tests/benchmarks/flows.py --side 2048 --cells 2025

Both sides get the same labels, flows and threads, and ours is measured after its loops are compiled. Without
the package `cellpose` only our side is measured. Ours is the best of three runs, Cellpose's is one run.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_decoding import flows_to_labels
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.model.flows import FLOW_SCALE
from dinocell_app.model.row_bands import thread_count

WANTED_RATIOS = {"targets": 50, "decoding": 10, "decoding with flow check": 50}
NOISE = 0.2


def draw_cells(side: int, n_cells: int) -> NDArray[np.int32]:
    """Draw ellipses on a jittered grid, some of them touching."""
    rng = np.random.default_rng(0)
    labels = np.zeros((side, side), np.int32)
    per_row = int(np.ceil(np.sqrt(n_cells)))
    pitch = side / per_row
    reach = int(0.55 * pitch)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    for label in range(1, n_cells + 1):
        row, column = divmod(label - 1, per_row)
        jitter = rng.integers(-int(0.06 * pitch), int(0.06 * pitch) + 1, 2)
        y, x = int((row + 0.5) * pitch) + jitter[0], int((column + 0.5) * pitch) + jitter[1]
        axes, turn = rng.uniform(0.3 * pitch, 0.52 * pitch, 2), rng.uniform(0, np.pi)
        along = rows * np.cos(turn) + columns * np.sin(turn)
        across = columns * np.cos(turn) - rows * np.sin(turn)
        ellipse = (along / axes[0]) ** 2 + (across / axes[1]) ** 2 <= 1
        inside = ellipse & (rows + y >= 0) & (rows + y < side) & (columns + x >= 0) & (columns + x < side)
        labels[rows[inside] + y, columns[inside] + x] = label
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)


def add_noise(flows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add smooth waves of the size a network's errors have."""
    waves = np.random.default_rng(1).normal(size=flows.shape)
    waves = ndimage.gaussian_filter(waves, (0, 2, 2))
    return (flows + NOISE * waves / waves.std()).astype(np.float32)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Measure the shortest of a few runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def our_work(
    labels: NDArray[np.int32], flows: NDArray[np.float32], probability: NDArray[np.float32]
) -> dict[str, Callable[[], object]]:
    """Name what is measured, as done by this package."""
    unchecked, checked = DecodingParameters(flow_threshold=0), DecodingParameters(flow_threshold=0.4)
    return {
        "targets": lambda: labels_to_flows(labels),
        "decoding": lambda: flows_to_labels(flows, probability, unchecked),
        "decoding with flow check": lambda: flows_to_labels(flows, probability, checked),
    }


def cellpose_work(
    dynamics: ModuleType,
    labels: NDArray[np.int32],
    flows: NDArray[np.float32],
    probability: NDArray[np.float32],
) -> dict[str, Callable[[], object]]:
    """Name what is measured, as done by Cellpose on the processor."""
    torch = importlib.import_module("torch")
    device = torch.device("cpu")
    scaled, logit = FLOW_SCALE * flows, 10 * probability - 5
    return {
        "targets": lambda: dynamics.masks_to_flows_gpu(labels.astype(np.int64), device=device),
        "decoding": lambda: dynamics.compute_masks(
            scaled, logit, flow_threshold=0, min_size=15, device=device
        ),
        "decoding with flow check": lambda: dynamics.compute_masks(
            scaled, logit, flow_threshold=0.4, min_size=15, device=device
        ),
    }


def import_cellpose() -> ModuleType | None:
    """Return Cellpose's flow module, or None where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module("cellpose.dynamics")
        except ImportError:
            return None


def main() -> None:
    """Print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--side", type=int, default=2048, help="rows and columns of the scene")
    parser.add_argument("--cells", type=int, default=2025, help="cells in the scene")
    arguments = parser.parse_args()
    labels = draw_cells(arguments.side, arguments.cells)
    flows, probability = add_noise(labels_to_flows(labels)), (labels > 0).astype(np.float32)
    ours = our_work(labels, flows, probability)
    for work in ours.values():
        work()
    dynamics = import_cellpose()
    print(
        f"{labels.max()} cells in {arguments.side} x {arguments.side}, {(labels > 0).sum()} pixels, "
        f"{thread_count()} threads"
    )
    theirs = {}
    if dynamics is None:
        print("cellpose is not installed: no ratios, only our times")
    else:
        importlib.import_module("torch").set_num_threads(thread_count())
        warnings.simplefilter("ignore")
        theirs = cellpose_work(dynamics, labels, flows, probability)
    for name, work in ours.items():
        own = seconds(work, 3)
        line = f"{name}: {own:.3f} s"
        if name in theirs:
            other = seconds(theirs[name], 1)
            line += f", Cellpose {other:.1f} s, ratio {other / own:.0f} (wanted {WANTED_RATIOS[name]})"
        print(line, flush=True)


if __name__ == "__main__":
    main()
