"""Time of a whole image: a multiple of the bare network over the same tiles, and of the published pipeline.

    python tests/benchmarks/whole_image.py --model dinocell-s8  # aim: at most 1.15
    python tests/benchmarks/whole_image.py --published          # in the peer environment; aim: at most 0.45

The second line gives both pipelines the same random weights of the paper's network and one 704 x 520 image,
once each. That is a quarter of an hour on two cores; `--blocks 1` leaves one of the transformer's twelve
blocks on both sides, so that what surrounds the transformer weighs more. Seconds of the processor stand
beside those of the clock because they depend less on what else the machine does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_training.synthetic import random_scene_parameters, render_scene

from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.model.segmenter_config import DINOCELL_B8
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from dinocell_app.segmentation.tiling import Tiling


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Best of some repeats, after one to warm up."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def scene(height: int, width: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    edge = max(height, width)
    pixels = render_scene(random_scene_parameters(rng, edge, edge, diameter_px=30)).pixels
    return np.ascontiguousarray(pixels[:height, :width], np.float32)


def network_alone(image: NDArray[np.float32], model: SegmentationModel) -> Callable[[], None]:
    """The forward pass over the very tiles that the image is cut into."""
    normalisation = NORMALISATIONS[model.manifest.intensity_normalisation]
    prepared = normalisation.prepare_image(image)
    tiling = Tiling(image.shape, model.network.config.tile_size, model.manifest.tile_overlap_px)
    tiles = [torch.from_numpy(normalisation.prepare_tile(t))[None] for t in tiling.cut(tiling.pad(prepared))]
    tiles = [tile.contiguous(memory_format=torch.channels_last) for tile in tiles]

    def run() -> None:
        with torch.inference_mode():
            for tile in tiles:
                model.network(tile)

    return run


def compare_with_network(name: str, repeats: int) -> None:
    model = load_model(find_model(name), "cpu")
    image = scene(768, 1024)
    parameters = SegmentationParameters(diameter_px=model.manifest.cell_diameter_px, precision="fp32")
    whole = seconds(lambda: segment_image(image, model, parameters), repeats)
    bare = seconds(network_alone(image, model), repeats)
    print(
        f"{name}, 768 x 1024: whole image {whole:.2f} s, network alone {bare:.2f} s, ratio {whole / bare:.3f}"
    )


def compare_with_published(blocks: int) -> None:
    try:
        import dinocell.model
        import dinocell.pipeline
    except ImportError as error:
        print(f"the published package is not here ({error}); make the peer environment first")
        return
    from dinocell_app.model.published_weights import import_published_state

    torch.manual_seed(0)
    published = dinocell.model.DINOCell(
        None,
        "upsample",
        "flows",
        False,
        patch_size=8,
        feat_size=64,
        crop_size=512,
        drop_rate=0.05,
        dropout_in_encoder=True,
    ).eval()
    del published.encoder.dino_encoder.blocks[blocks:]
    pipeline = dinocell.pipeline.get_pipeline("flows", published, "cpu", crop_size=512, overlap_size=128)
    ours = import_published_state(published.state_dict(), replace(DINOCELL_B8, feature_blocks=(blocks - 1,)))
    image = np.clip(scene(520, 704) * 255, 0, 255).astype(np.uint8)
    parameters = SegmentationParameters(diameter_px=ours.manifest.cell_diameter_px, precision="fp32")
    theirs_clock, theirs_processor = both_seconds(lambda: pipeline.predict_on_full_img(image))
    ours_clock, ours_processor = both_seconds(lambda: segment_image(image, ours, parameters))
    print(
        f"704 x 520, {blocks} blocks: published network maps {theirs_clock:.1f} s, "
        f"our labels {ours_clock:.1f} s, ratio {ours_clock / theirs_clock:.2f}; of the processor "
        f"{theirs_processor:.1f} s, {ours_processor:.1f} s, ratio {ours_processor / theirs_processor:.2f}"
    )


def both_seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor; work that takes minutes needs no warming up."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="dinocell-s8")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument(
        "--published", action="store_true", help="compare with the published pipeline instead"
    )
    parser.add_argument("--blocks", type=int, default=12, help="of the published transformer")
    options = parser.parse_args(arguments)
    if options.published:
        compare_with_published(options.blocks)
    else:
        compare_with_network(options.model, options.repeats)


if __name__ == "__main__":
    main()
