"""Memory and time of large images: segmented in blocks, and as a whole where that is possible.

    python tests/benchmarks/large.py                  # 2k, 4k and 8k
    python tests/benchmarks/large.py --full           # 20,000 x 20,000 too; aim: below 4 GB
    python tests/benchmarks/large.py --model dinocell-s8 --sizes 2048 4096

Every size runs in a process of its own, from the file to labels, tables and overlay, and tells the most
memory that process held. Beside the blocks, images of up to 4k are done as a whole, and the label images
compared: AP at an IoU of 0.9 and pixels that differ. Without `--model` a small network stands in whose
weights are set by hand to find bright blobs, so what surrounds the network weighs more than with a true one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

DIAMETER_PX = 30
LARGEST_WHOLE = 4096
SCENE = 1024


def blobs(side: int = SCENE) -> NDArray[np.uint16]:
    """Bright round cells of about `DIAMETER_PX`, some of which touch; the picture repeats seamlessly."""
    rng = np.random.default_rng(0)
    image = np.zeros((side, side), np.float32)
    step = 40
    for row in range(step // 2, side, step):
        for column in range(step // 2, side, step):
            y, x = row + rng.uniform(-6, 6), column + rng.uniform(-6, 6)
            size = rng.uniform(0.8, 1.2) * DIAMETER_PX / 3
            rows, columns = (np.arange(int(c - 4 * size), int(c + 4 * size)) for c in (y, x))
            spot = np.exp(-((rows[:, None] - y) ** 2 + (columns - x) ** 2) / (2 * size**2))
            place = np.ix_(rows % side, columns % side)
            image[place] = np.maximum(image[place], spot.astype(np.float32))
    return (image * 40_000 + rng.normal(900, 150, image.shape).clip(0)).astype(np.uint16)


def write_picture(path: Path, side: int) -> None:
    """Write a picture of repeated blobs, tile by tile."""
    scene = np.tile(blobs(), (2, 2))
    tile = 512

    def tiles() -> Iterator[NDArray[np.uint16]]:
        for row in range(0, side, tile):
            for column in range(0, side, tile):
                top, left = row % SCENE, column % SCENE
                yield scene[top : top + tile, left : left + tile]

    with tifffile.TiffWriter(path, bigtiff=True) as file:
        file.write(tiles(), shape=(side, side), dtype=np.uint16, tile=(tile, tile), compression="zlib")


def make_model(folder: Path) -> None:
    """Save a network for which bright pixels belong to cells and flows go uphill in brightness."""
    import torch

    from dinocell_app.model.manifest import Manifest
    from dinocell_app.model.model_folder import save_model
    from dinocell_app.model.segmenter import FLOW_CHANNELS, Segmenter, SegmenterConfig

    config = SegmenterConfig(
        backbone="vit_tiny_patch16_224",
        patch_size=32,
        tile_size=512,
        input_size=512,
        decoder_width=16,
        n_upsamplings=2,
        feature_blocks=(0,),
        channel_names=FLOW_CHANNELS,
        detail_width=16,
    )
    with torch.no_grad():
        torch.manual_seed(0)
        network = Segmenter(config)
        detail = network.detail.full[0]
        first = network.decoder.width - detail.out_channels
        detail.weight.zero_()
        detail.bias.zero_()
        detail.weight[0, 0] = 1 / 9
        detail.bias[0] = 2.2  # ImageNet statistics bring black to -2.1
        for channel, (row, column) in enumerate(((2, 1), (0, 1), (1, 2), (1, 0)), start=1):
            detail.weight[channel, 0, row, column] = 1.0
            detail.weight[channel, 0, 2 - row, 2 - column] = -1.0
        for name, positive, negative, gain, bias in (
            ("flow_y", 1, 2, 4.0, 0.0),
            ("flow_x", 3, 4, 4.0, 0.0),
            ("cell_probability", 0, None, 4.0, -6.0),
        ):
            head = network.heads[name]
            for parameter in head.parameters():
                parameter.zero_()
            layers = [layer for layer in head if isinstance(layer, torch.nn.Conv2d)]
            for slot, source in enumerate((positive, negative)):
                if source is not None:
                    layers[0].weight[slot, first + source, 1, 1] = 1.0
                    layers[1].weight[slot, slot, 1, 1] = 1.0
                    layers[2].weight[0, slot, 0, 0] = gain * (1 - 2 * slot)
            layers[2].bias[0] = bias
    manifest = Manifest.for_network(
        config, id="blobs", name="Blobs", cell_diameter_range_px=(15, 60), tile_overlap_px=64
    )
    save_model(network, manifest, folder)


def run_once(picture: Path, model: str, out: Path, *, in_blocks: bool) -> dict[str, float]:
    """Segment one picture in this process; also the memory held before it began."""
    import torch
    from dinocell_training.peak_memory import peak_memory_bytes

    from dinocell_app.jobs.events import ImageFailed, ImageSegmented, Notice
    from dinocell_app.jobs.job_kinds import SegmentJob
    from dinocell_app.pipeline import picture_plan
    from dinocell_app.pipeline.segmentation_job import segment_images

    def segment(path: Path, limit: int) -> float:
        picture_plan.LARGEST_WHOLE_PX = limit
        job = SegmentJob(inputs=(path,), output=out / path.stem, model=model, device="cpu")
        started = time.perf_counter()
        for event in segment_images(job):
            if isinstance(event, ImageFailed):
                sys.exit(event.reason)
            if isinstance(event, Notice) and path == picture:
                print(event.message, file=sys.stderr)
            if isinstance(event, ImageSegmented):
                cells[path] = event.n_cells
        return time.perf_counter() - started

    cells: dict[Path, int] = {}
    small = out / "small.tif"
    write_picture(small, SCENE)
    segment(small, 0 if in_blocks else 10**12)  # compiled loops and caches are the same for every picture
    before = peak_memory_bytes(torch.device("cpu"))
    processor = time.process_time()
    seconds = segment(picture, 0 if in_blocks else 10**12)
    return {
        "seconds": seconds,
        "processor": time.process_time() - processor,
        "peak": peak_memory_bytes(torch.device("cpu")),
        "before": before,
        "cells": cells[picture],
    }


def in_a_process(picture: Path, model: str, out: Path, mode: str) -> dict[str, float]:
    words = ["--picture", str(picture), "--model", model, "--out", str(out), "--mode", mode]
    done = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def agreement(first: Path, second: Path) -> str:
    """Compare two label images."""
    from dinocell_training.label_overlaps import count_overlaps
    from dinocell_training.matching import match_by_iou

    from dinocell_app.export.label_files import read_labels

    labels, others = read_labels(first), read_labels(second)
    overlaps = count_overlaps(labels, others)
    equal = len(match_by_iou(overlaps, 0.9))
    ap = equal / max(1, overlaps.n_reference + overlaps.n_predicted - equal)
    return f"{ap:.4f} | {np.count_nonzero(labels != others)}"


def compare(sizes: Sequence[int], model: str) -> None:
    print(
        "| image | way | cells | seconds | processor s a MP | peak GB | before GB | AP 0.9 | other pixels |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for side in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if not model:
                make_model(folder / "model")
            picture = folder / f"picture_{side}.tif"
            write_picture(picture, side)
            ways = ("blocks", "whole") if side <= LARGEST_WHOLE else ("blocks",)
            for way in ways:
                (folder / way).mkdir()
                found = in_a_process(picture, model or str(folder / "model"), folder / way, way)
                labels = [folder / each / picture.stem / f"{picture.stem}_labels.tif" for each in ways]
                compared = agreement(*labels) if way == "whole" else " | "
                print(
                    f"| {side:,} x {side:,} | {way} | {found['cells']:,.0f} | {found['seconds']:.1f} "
                    f"| {found['processor'] / side**2 * 1e6:.3f} | {found['peak'] / 1e9:.2f} "
                    f"| {found['before'] / 1e9:.2f} | {compared} |",
                    flush=True,
                )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[2048, 4096, 8192])
    parser.add_argument("--full", action="store_true", help="20,000 x 20,000 as well")
    parser.add_argument("--model", default="", help="name or folder of a model")
    parser.add_argument("--picture", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--mode", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.picture:
        in_blocks = options.mode == "blocks"
        print(json.dumps(run_once(options.picture, options.model, options.out, in_blocks=in_blocks)))
        return
    compare([*options.sizes, *([20_000] if options.full else [])], options.model)


if __name__ == "__main__":
    main()
