"""Time of a whole folder over that of the network alone on the same tiles.

    python tests/benchmarks/folder.py                        # 12 images of 1024 x 1024
    python tests/benchmarks/folder.py --model dinocell-s8 --images 4 --device cuda

The folder goes from files to labels, overlays and tables, once with images one after the other and once with
images beside each other, as on a graphics card. What is above 1 is reading, decoding, measuring and writing
that does not happen while the network runs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from large import DIAMETER_PX, blobs, make_model

from dinocell_app.base.lengths import Length
from dinocell_app.jobs.events import ImageFailed
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import load_model
from dinocell_app.pipeline import segmentation_job
from dinocell_app.pipeline.devices import choose_device
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.segmentation.network_pass import NetworkPass
from dinocell_app.segmentation.parameters import SegmentationParameters


def write_images(folder: Path, count: int, side: int) -> None:
    scene = np.tile(blobs(), (-(-side // 1024) + 1,) * 2)
    for number in range(count):
        shift = 37 * number
        pixels = np.roll(scene, shift, axis=1)[shift % 512 :, :][:side, :side]
        tifffile.imwrite(folder / f"image_{number:03d}.tif", pixels, compression="zlib")


def segment_folder(folder: Path, out: Path, model: str, device: str) -> float:
    job = SegmentJob(
        inputs=(folder,), output=out, model=model, device=device, diameter=Length.parse(f"{DIAMETER_PX}px")
    )
    started = time.perf_counter()
    for event in segment_images(job):
        if isinstance(event, ImageFailed):
            sys.exit(event.reason)
    return time.perf_counter() - started


def network_alone(folder: Path, name: str, device: str) -> float:
    """Seconds of the tiles of all images through the network, and nothing else."""
    model = load_model(find_model(name), choose_device(device))
    network = NetworkPass(model, SegmentationParameters(diameter_px=DIAMETER_PX), "")
    pictures = [network.normalisation.prepare_image(tifffile.imread(p)) for p in sorted(folder.glob("*.tif"))]
    seconds = 0.0
    for number, picture in enumerate((pictures[0], *pictures)):
        tiling = network.tiling((picture.shape[0], picture.shape[1]))
        tiles = dict(zip(tiling.origins, tiling.cut(tiling.pad(picture)), strict=True))
        started = time.perf_counter()
        for _ in network.run_tiles(tiling.origins, tiles.__getitem__, lambda origin, maps: None):
            pass
        if model.device.type == "cuda":
            torch.cuda.synchronize()
        seconds += time.perf_counter() - started if number else 0.0  # the first one warms up
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--model", default="", help="name or folder of a model")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder in ("warm", "images"):
            (root / folder).mkdir()
        write_images(root / "warm", 1, options.side)
        write_images(root / "images", options.images, options.side)
        if not options.model:
            make_model(root / "model")
        model = options.model or str(root / "model")
        segment_folder(root / "warm", root / "warm_out", model, options.device)
        alone = network_alone(root / "images", model, options.device)
        print(
            f"{options.images} images of {options.side} x {options.side} on {options.device}: "
            f"network alone {alone:.1f} s"
        )
        for how, devices in (("one after the other", ()), ("beside each other", ("cpu", "cuda"))):
            segmentation_job.AHEAD_DEVICES = frozenset(devices)
            whole = segment_folder(root / "images", root / how, model, options.device)
            print(f"{how}: {whole:.1f} s, ratio {whole / alone:.2f}")


if __name__ == "__main__":
    main()
