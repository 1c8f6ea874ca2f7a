"""Everything worth knowing about a graphics card, in under 8 minutes and without a network, as one JSON file.

    python tests/benchmarks/gpu.py --output gpu.json                # on the card
    python tests/benchmarks/gpu.py --miniature --output mini.json   # on the processor, in minutes

Parity: each shipped model on the card and on the processor, in single precision and in what "auto" is there;
a training's first losses on both. Speed: tiles a second at several batch sizes, in bfloat16 with and without
torch.compile; a folder, and the share of its time in which the device is idle; steps a second of fine-tuning
and adaptation. A part that fails is told in the file, and one that would begin too late is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import folder as folder_benchmark

import dinocell_app
import training as training_benchmark
from dinocell_app.base.files import write_json
from dinocell_app.doctor.self_test import compare_labels, drawn_sample
from dinocell_app.model.catalogue import list_models
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.model.precision import Precision, autocast
from dinocell_app.pipeline import segmentation_job
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Extent:
    """How much is done.

    Attributes
    ----------
    budget_s : float
        No part begins later.
    sample_px, side_px : int
        Edges of the image for parity, and of those in the folder.
    """

    device: torch.device
    budget_s: float
    sample_px: int
    batch_sizes: tuple[int, ...]
    repeats: int
    n_images: int
    side_px: int
    training: tuple[str, ...]
    steps: int


WHOLE = Extent(
    torch.device("cuda"), 420, 512, (1, 2, 4, 8, 16, 32, 64), 5, 24, 1024, ("--batch-size", "8"), 8
)
MINIATURE = Extent(
    CPU, 420, 128, (1, 2), 1, 2, 256,
    ("--batch-size", "2", "--crop-size", "64", "--view-size", "56", "--device", "cpu"), 2,
)  # fmt: skip


def synchronised(device: torch.device) -> float:
    """The time when everything asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def machine(extent: Extent) -> dict[str, Any]:
    told: dict[str, Any] = {"version": dinocell_app.__version__, "torch": torch.__version__}
    if extent.device.type == "cuda":
        found = torch.cuda.get_device_properties(extent.device)
        told |= {"device": found.name, "memory_gib": found.total_memory / 2**30, "cuda": torch.version.cuda}
        told["bfloat16"] = torch.cuda.is_bf16_supported()
    else:
        told["device"] = f"cpu, {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}"
    return told


def parity(extent: Extent) -> list[dict[str, Any]]:
    """Each shipped model on the processor in single precision, and on the device."""
    sample = drawn_sample(extent.sample_px)
    rows = []
    for entry in list_models()[0]:
        exact = segmented(entry.folder, CPU, "fp32", sample)
        for precision in ("fp32", "auto"):
            started = time.perf_counter()
            found = segmented(entry.folder, extent.device, precision, sample)
            rows.append(
                {
                    "model": entry.manifest.id,
                    "precision": precision,
                    "n_cells": [int(exact.max()), int(found.max())],
                    "pixels_unlike": compare_labels(exact, found),
                    "seconds": time.perf_counter() - started,
                }
            )
    return rows


def segmented(
    model: Path, device: torch.device, precision: Precision, sample: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    loaded = load_model(model, device)
    parameters = SegmentationParameters(diameter_px=loaded.manifest.cell_diameter_px, precision=precision)
    return segment_image(sample, loaded, parameters).labels


def network_parity(extent: Extent) -> list[dict[str, Any]]:
    """How far the bare network's outputs are from those of the processor in single precision."""
    rows = []
    for entry in list_models()[0]:
        one = load_model(entry.folder, CPU)
        other = load_model(entry.folder, extent.device)
        tiles = some_tiles(one, 1)
        with torch.inference_mode():
            exact = one.network(tiles)
            for precision in ("fp32", "bf16"):
                with autocast(precision, extent.device):
                    found = other.network(tiles.to(extent.device))
                rows.append(
                    {
                        "model": entry.manifest.id,
                        "precision": precision,
                        "largest_difference": float((found.float().cpu() - exact.float()).abs().max()),
                        "largest_output": float(exact.abs().max()),
                    }
                )
    return rows


def some_tiles(model: SegmentationModel, count: int) -> torch.Tensor:
    edge = model.network.config.tile_size
    channels = 3
    noise = torch.rand(count, channels, edge, edge, generator=torch.Generator().manual_seed(0))
    return noise.contiguous(memory_format=torch.channels_last)


def throughput(extent: Extent) -> list[dict[str, Any]]:
    """Tiles a second of the shipped model in bfloat16."""
    model = load_model(list_models()[0][0].folder, extent.device)
    networks: dict[str, Callable[[torch.Tensor], object]] = {"eager": model.network}
    rows: list[dict[str, Any]] = []
    if extent.device.type == "cuda":  # on the processor making it takes longer than the rest
        networks["compiled"] = torch.compile(model.network)
    for how, network in networks.items():
        for size in extent.batch_sizes:
            tiles = some_tiles(model, size).to(extent.device)
            try:
                with torch.inference_mode(), autocast("bf16", extent.device):
                    began = synchronised(extent.device)
                    network(tiles)
                    first = synchronised(extent.device) - began
                    began = synchronised(extent.device)
                    for _ in range(extent.repeats):
                        network(tiles)
                    seconds = (synchronised(extent.device) - began) / extent.repeats
            except torch.OutOfMemoryError:
                rows.append({"how": how, "batch": size, "out_of_memory": True})
                break
            rows.append(
                {"how": how, "batch": size, "tiles_per_second": size / seconds, "first_seconds": first}
            )
    return rows


def folder_throughput(extent: Extent) -> list[dict[str, Any]]:
    """A folder from files to tables, one image after the other and several beside each other."""
    model = str(list_models()[0][0].folder)
    device = str(extent.device)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for part, count in (("warm", 1), ("images", extent.n_images)):
            (root / part).mkdir()
            folder_benchmark.write_images(root / part, count, extent.side_px)
        folder_benchmark.segment_folder(root / "warm", root / "warm_out", model, device)
        alone = folder_benchmark.network_alone(root / "images", model, device)
        before = segmentation_job.AHEAD_DEVICES
        try:
            for how, devices in (("one by one", ()), ("ahead", ("cuda", "cpu"))):
                segmentation_job.AHEAD_DEVICES = frozenset(devices)
                seconds = folder_benchmark.segment_folder(root / "images", root / how, model, device)
                rows.append(
                    {
                        "how": how,
                        "images_per_second": extent.n_images / seconds,
                        "idle_share": max(0.0, 1 - alone / seconds),
                    }
                )
        finally:
            segmentation_job.AHEAD_DEVICES = before
    return rows


def training_speed(extent: Extent) -> list[dict[str, Any]]:
    """Steps a second of fine-tuning and of adaptation."""
    words = (*extent.training, "--steps", str(extent.steps))
    options = training_benchmark.make_parser().parse_args(words)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        data = training_benchmark.drawn_pictures(Path(name) / "drawn")
        for phase, measure in training_benchmark.PHASES.items():
            measured = measure(data, options, 0)
            rows.append(
                {
                    "phase": phase,
                    "device": measured.device,
                    "steps_per_second": 1 / measured.seconds,
                    "images_per_second": measured.n_images / measured.seconds,
                    "waiting_share": measured.loading_share,
                }
            )
    return rows


PARTS: dict[str, Callable[[Extent], Any]] = {
    "machine": machine,
    "parity": parity,
    "network_parity": network_parity,
    "throughput": throughput,
    "folder": folder_throughput,
    "training": training_speed,
}


def measure_all(extent: Extent, output: Path) -> bool:
    """Do all parts, writing the file after each; gives whether every one came out."""
    started = time.perf_counter()
    told: dict[str, Any] = {"miniature": extent is MINIATURE}
    good = True
    for name, measure in PARTS.items():
        spent = time.perf_counter() - started
        if spent > extent.budget_s:
            told[name] = {"left_out": f"{spent:.0f} s were spent"}
            continue
        try:
            told[name] = measure(extent)
        except Exception as error:  # noqa: BLE001 - the other parts are wanted, and the card is there once
            told[name] = {"failed": str(error), "trace": traceback.format_exc()}
            good = False
        told.setdefault("seconds", {})[name] = round(time.perf_counter() - started - spent, 1)
        write_json(output, told)
        print(name, json.dumps(told[name])[:300], flush=True)
    return good


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("gpu.json"))
    parser.add_argument("--miniature", action="store_true", help="on the processor, to see that it works")
    options = parser.parse_args(arguments)
    if not options.miniature and not torch.cuda.is_available():
        print("There is no CUDA device; --miniature does the same on the processor.")
        return 2
    return 0 if measure_all(MINIATURE if options.miniature else WHOLE, options.output) else 1


if __name__ == "__main__":
    sys.exit(main())
