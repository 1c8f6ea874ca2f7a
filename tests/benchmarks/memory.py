"""Peak memory of segmenting one large image, the network's weights included.

    python tests/benchmarks/memory.py --side 8192

A small random network stands in for the shipped one: the maps and the decoding of the whole image,
not the tiles in flight, decide the peak.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_app.model.flows import FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.segmenter import FLOW_CHANNELS, Segmenter, SegmenterConfig
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image

SMALL = SegmenterConfig(
    backbone="vit_small_patch14_dinov2",
    patch_size=32,
    tile_size=1024,
    input_size=256,
    decoder_width=16,
    n_upsamplings=2,
    feature_blocks=(0,),
    channel_names=FLOW_CHANNELS,
)


def small_model() -> SegmentationModel:
    torch.manual_seed(0)
    manifest = Manifest.for_network(SMALL, id="small-random", name="small random network")
    network = Segmenter(SMALL).eval()
    return SegmentationModel(manifest, network, FlowsObjective(), torch.device("cpu"), None)


def peak_gib() -> float:
    """Peak resident memory of this process in GiB (Linux counts KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=8192, help="edge of the square image in pixels")
    options = parser.parse_args(arguments)
    model = small_model()
    before = peak_gib()
    image = np.random.default_rng(0).integers(0, 65_535, (options.side, options.side), np.uint16)
    segment_image(image, model, SegmentationParameters(diameter_px=model.manifest.cell_diameter_px))
    after = peak_gib()
    pixels = options.side**2
    print(
        f"{options.side} x {options.side} uint16 ({pixels * 2 / 2**30:.2f} GiB): peak {after:.2f} GiB, "
        f"{before:.2f} GiB before; {(after - before) * 2**30 / pixels:.0f} bytes a pixel"
    )


if __name__ == "__main__":
    main()
