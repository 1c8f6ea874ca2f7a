"""What less exact arithmetic on the processor costs in accuracy and gains in time.

    python tests/benchmarks/precision.py --data ../shared/data [--only usiigaci_phase ...] [--compile]

First the bare network: seconds for a tile in single precision (fp32), bfloat16 (bf16) and with the matrices
of the transformer in 8-bit integers (int8, quantised as torch does at run time), one by one and in batches,
the kinds taking turns. Then, with `--data`, AP at IoU 0.5 and 0.75 on the test pictures in each of them, at
the true median diameter. `--compile` also times the network as torch.compile makes it, and the making.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from classical_baseline import TEST_SETS, chosen_pairs
from dinocell_training.datasets import LabelledPair
from dinocell_training.evaluation import evaluate_labels

from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.model.precision import Precision, autocast
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from dinocell_app.segmentation.scale import typical_diameter

CPU = torch.device("cpu")


def kinds_of(model: SegmentationModel) -> dict[str, tuple[SegmentationModel, Precision]]:
    """The model in each kind of arithmetic."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch moves its quantisation to a package of its own
        quantised = torch.ao.quantization.quantize_dynamic(
            copy.deepcopy(model.network), {torch.nn.Linear}, dtype=torch.qint8
        )
    return {
        "fp32": (model, "fp32"),
        "bf16": (model, "bf16"),
        "int8": (replace(model, network=quantised), "fp32"),
    }


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def forward(network: torch.nn.Module, tiles: torch.Tensor, precision: Precision) -> Callable[[], None]:
    def run() -> None:
        with torch.inference_mode(), autocast(precision, CPU):
            network(tiles)

    return run


def compare_speed(model: SegmentationModel, repeats: int, *, compiled: bool) -> None:
    edge = model.network.config.tile_size
    tiles = torch.rand(8, 3, edge, edge).contiguous(memory_format=torch.channels_last)
    works = {
        (name, size): forward(each.network, tiles[:size], precision)
        for name, (each, precision) in kinds_of(model).items()
        for size in (1, 2, 4, 8)
    }
    for name in ("fp32", "bf16") if compiled else ():
        work = forward(torch.compile(model.network), tiles[:1], name)
        print(f"torch.compile, {name}: {seconds(work):.0f} s to make", flush=True)
        works[f"{name} compiled", 1] = work
    best = dict.fromkeys(works, np.inf)
    for work in works.values():
        work()
    for _ in range(repeats):
        for key, work in works.items():
            best[key] = min(best[key], seconds(work) / key[1])
    print("\n| arithmetic | tiles at once | seconds a tile | fp32 one by one takes |\n|---|---|---|---|")
    for (name, size), value in best.items():
        print(f"| {name} | {size} | {value:.3f} | {best['fp32', 1] / value:.2f} times as long |")


def scored(pair: LabelledPair, model: SegmentationModel, precision: Precision) -> tuple[float, float, float]:
    """AP at 0.5 and 0.75, and seconds."""
    pixels, labels = pair.read()
    parameters = SegmentationParameters(diameter_px=typical_diameter(labels), precision=precision)
    started = time.perf_counter()
    result = segment_image(pixels, model, parameters)
    elapsed = time.perf_counter() - started
    found = evaluate_labels(result.labels.astype(np.int64), labels).to_row()
    return float(found["ap_0.5"]), float(found["ap_0.75"]), elapsed


def compare_accuracy(
    data: Path, only: Sequence[str], kinds: Mapping[str, tuple[SegmentationModel, Precision]]
) -> None:
    names = list(kinds)
    heads = [f"{name} {column}" for name in names for column in ("AP 0.5", "AP 0.75", "s")]
    print(f"\n| test images | n | {' | '.join(heads)} |\n|---|---|{'---|' * len(heads)}")
    for test_set in TEST_SETS:
        folder = data / test_set.name / "test"
        if (only and test_set.name not in only) or not folder.is_dir():
            continue
        pairs = chosen_pairs(folder, test_set.beginning, test_set.channel)
        rows = [[scored(pair, *kinds[name]) for name in names] for pair in pairs]
        values = np.asarray(rows)  # pictures, kinds, (AP 0.5, AP 0.75, seconds)
        cells = []
        for index, name in enumerate(names):
            means = values[:, index].mean(axis=0)
            change = (values[:, index] - values[:, 0]).mean(axis=0)
            signs = ["", ""] if name == names[0] else [f" ({value:+.4f})" for value in change[:2]]
            cells += [
                f"{means[0]:.3f}{signs[0]}",
                f"{means[1]:.3f}{signs[1]}",
                f"{means[2] * len(pairs):.0f}",
            ]
        print(f"| {test_set.title} | {len(pairs)} | {' | '.join(cells)} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="dinocell-s8", help="name or folder of a model")
    parser.add_argument("--data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--only", nargs="*", default=(), help="names of data sets, all when left out")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--compile", action="store_true", help="time torch.compile, too")
    options = parser.parse_args(arguments)
    model = load_model(find_model(options.model), CPU)
    units = torch.backends.cpu.get_cpu_capability()
    print(f"{units}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    compare_speed(model, options.repeats, compiled=options.compile)
    if options.data:
        compare_accuracy(options.data, options.only, kinds_of(model))


if __name__ == "__main__":
    main()
