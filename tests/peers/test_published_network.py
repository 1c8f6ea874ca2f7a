"""The published network and pipeline against ours, with the same weights on the same image.

PyPI `dinocell` 0.74 is given random weights: the trained ones have to be downloaded, and random ones hide
nothing once tokens, position embedding and layer scales are far from 0. Each tile is shown to the
transformer at 896 pixels, which takes a processor a minute or more: one tile goes through the whole network,
what concerns tiles and files through one with fewer blocks, each tile once on each side, and a small tile
through all blocks in seconds. `--junitxml` lists
the largest differences.
"""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.model.flows import FLOW_SCALE
from dinocell_app.model.model_folder import load_model
from dinocell_app.model.published_weights import import_published_file, import_published_state
from dinocell_app.model.segmenter import DINOCELL_B8, FLOW_CHANNELS, Segmenter, SegmenterConfig
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import predict_maps

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(1800)]

TILE = 512
DEPTH = 12
PARAMETERS = SegmentationParameters(precision="fp32")


def peer(name):
    """Import a package we did not write, whatever it warns about on import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError as error:
            pytest.skip(f"{name} is not installed here: {error}")


class Remembering(nn.Module):
    """A network that runs once for each different input and keeps what went in."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.config = getattr(network, "config", None)
        self.inputs = []
        self._outputs = {}

    def forward(self, x):
        key = x.cpu().numpy().tobytes()
        if key not in self._outputs:
            self.inputs.append(x)
            with torch.inference_mode():
                self._outputs[key] = self.network(x)
        return self._outputs[key]


@dataclass(frozen=True)
class Both:
    """The two networks, and what the backbone of ours was shown."""

    published: Remembering
    pipeline: object
    ours: object
    backbone_inputs: list


def randomise(network):
    """Give every parameter that starts near 0 a size at which mixing it up would be seen."""
    encoder = network.encoder.dino_encoder
    with torch.no_grad():
        for parameter in (encoder.cls_token, encoder.register_tokens, encoder.pos_embed):
            parameter.normal_()
        for name, parameter in network.named_parameters():
            if name.endswith(".gamma"):
                parameter.uniform_(0.5, 1.5)
            elif "norm" in name:
                parameter.normal_(1.0, 0.3)
            elif name.endswith(".bias"):
                parameter.normal_(0.0, 0.1)
            elif parameter.ndim == 4 and "dino_encoder" not in name:
                nn.init.kaiming_normal_(parameter)
        # Outputs as large as those of a trained network, so that the tolerances mean as much.
        features = torch.randn(1, encoder.embed_dim, 28, 28)
        decoded = network.decoder(network.encoder.vision_neck(features))
        heads = network.prediction_head.prediction_head
        for head, deviation in (
            (heads.flows_dx_pred_head, FLOW_SCALE / 2),
            (heads.flows_dy_pred_head, FLOW_SCALE / 2),
            (heads.cell_prob_pred_head, 2.0),
        ):
            raw = head(decoded)
            head[-1].weight *= deviation / raw.std()
            head[-1].bias -= head(decoded).mean()


def lay_out(published, tile, input_size):
    """Give the published network, whose sizes are fixed, others of the same proportion."""
    encoder = published.encoder
    grid = input_size // encoder.patch_size
    encoder.num_patches = grid
    transformer = encoder.dino_encoder
    transformer.pos_embed = nn.Parameter(torch.zeros(1, 1 + grid**2, encoder.dino_encoder.embed_dim))
    published.decoder.decoder.decoder[-1][-1].size = tile


def build_both(depth, tile=TILE):
    """The two networks with the same weights, the first blocks of the transformer and tiles of an edge."""
    model, pipeline = peer("dinocell.model"), peer("dinocell.pipeline")
    torch.manual_seed(0)
    published = model.DINOCell(
        None,
        "upsample",
        "flows",
        False,
        patch_size=8,
        feat_size=64,
        crop_size=TILE,
        drop_rate=0.05,
        dropout_in_encoder=True,
    ).eval()
    config = replace(DINOCELL_B8, tile_size=tile, input_size=tile * DINOCELL_B8.input_size // TILE)
    if tile != TILE:
        lay_out(published, tile, config.input_size)
    randomise(published)
    del published.encoder.dino_encoder.blocks[depth:]
    if depth < DEPTH:
        config = replace(config, feature_blocks=(depth - 1,))
    ours = import_published_state(published.state_dict(), config)
    shown = []
    ours.network.backbone.patch_embed.register_forward_pre_hook(lambda _, inputs: shown.append(inputs[0]))
    return Both(Remembering(published), pipeline, replace(ours, network=Remembering(ours.network)), shown)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def both():
    """As published, for one tile."""
    return build_both(DEPTH)


@pytest.fixture(scope="module")
def small():
    """All twelve blocks, for tiles of a quarter of the edge."""
    return build_both(DEPTH, TILE // 4)


@pytest.fixture(scope="module")
def shallow():
    """With two of the twelve blocks, which tile and blend as all twelve do."""
    return build_both(2)


@pytest.fixture(scope="module")
def image():
    """Cells, smooth and sharp, on an uneven and noisy background; as wide as one and a half tiles."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((TILE, TILE * 3 // 2))
    pixels = 90 + 40 * np.sin(columns / 150) + rng.normal(0, 6, rows.shape)
    for y, x in rng.uniform((0, 0), rows.shape, (60, 2)):
        pixels += rng.uniform(-60, 90) * np.exp(-((((rows - y) ** 2 + (columns - x) ** 2) / 300) ** 2))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def pipeline_maps(both, image, overlap):
    """Maps of the published pipeline with our order and scale: unit dy, unit dx, probability."""
    runner = both.pipeline.get_pipeline("flows", both.published, "cpu", crop_size=TILE, overlap_size=overlap)
    dx, dy, probability = runner.predict_on_full_img(image)
    return np.stack([dy / FLOW_SCALE, dx / FLOW_SCALE, probability])


def largest_difference(ours, theirs, record_property):
    """Largest differences of flows as the network predicts them, and of the probability."""
    flows = float(np.abs(ours[:2] - theirs[:2]).max()) * FLOW_SCALE
    probability = float(np.abs(ours[2] - theirs[2]).max())
    record_property("flows", flows)
    record_property("probability", probability)
    return flows, probability


def test_a_small_tile_gives_the_published_outputs(small, image, record_property):
    tile = np.ascontiguousarray(image[:128, :128])
    prepared = torch.from_numpy(NORMALISATIONS["clahe_imagenet"].prepare_tile(tile))[None]
    shown = nn.functional.interpolate(prepared, size=(224, 224), mode="bicubic", antialias=True)
    with torch.inference_mode():
        dx, dy, probability = small.published(shown)
    theirs = torch.cat([dy / FLOW_SCALE, dx / FLOW_SCALE, probability]).numpy()
    assert theirs[:2].std(axis=(1, 2)).min() * FLOW_SCALE > 0.5
    assert theirs[2].std() > 0.1
    ours = small.ours.objective.activate(small.ours.network(prepared)[0].numpy())
    flows, probability = largest_difference(ours, theirs, record_property)
    assert flows < 1e-4
    assert probability < 1e-4


def test_one_tile_gives_the_published_outputs(both, image, record_property):
    tile = image[:, :TILE]
    theirs = pipeline_maps(both, tile, overlap=128)
    # What is compared is neither constant nor saturated.
    assert theirs[:2].std(axis=(1, 2)).min() * FLOW_SCALE > 0.5
    assert theirs[2].std() > 0.1
    raw = both.ours.network(torch.from_numpy(NORMALISATIONS["clahe_imagenet"].prepare_tile(tile))[None])[0]
    ours = both.ours.objective.activate(raw.numpy())
    flows, probability = largest_difference(ours, theirs, record_property)
    assert flows < 1e-4
    assert probability < 1e-4


def test_whole_images_give_the_published_maps(shallow, image, record_property):
    for pixels, overlap in ((image[:, :TILE], 128), (image, 0)):
        theirs = pipeline_maps(shallow, pixels, overlap)
        parameters = replace(PARAMETERS, overlap=2 * overlap)
        ours = predict_maps(pixels, shallow.ours, parameters)
        assert ours.shape == theirs.shape
        flows, probability = largest_difference(ours, theirs, record_property)
        assert flows < 1e-3
        assert probability < 1e-3
    assert len(shallow.published.inputs) == len(shallow.ours.network.inputs) == 2


@pytest.mark.parametrize(
    "kind", ["cells", "noise", "constant", "one bright pixel", "two grey values", "dark"]
)
def test_a_tile_is_prepared_as_published(kind, image, record_property):
    pipeline = peer("dinocell.pipeline")
    rng = np.random.default_rng(1)
    tile = {
        "cells": image[:, -TILE:],
        "noise": rng.integers(0, 256, (TILE, TILE)),
        "constant": np.full((TILE, TILE), 77),
        "one bright pixel": np.pad([[255]], ((200, 311), (300, 211))),
        "two grey values": rng.integers(0, 2, (TILE, TILE)) * 3 + 120,
        "dark": cv2.GaussianBlur(rng.integers(0, 9, (TILE, TILE)).astype(np.uint8), (0, 0), 3),
    }[kind].astype(np.uint8)
    runner = pipeline.get_pipeline("flows", nn.Identity(), "cpu", crop_size=TILE)
    theirs = runner._preprocess(np.ascontiguousarray(tile))

    # The network resamples the tile; one with huge patches does it as any other and is quick.
    network = Segmenter(
        SegmenterConfig("vit_small_patch14_dinov2", 128, TILE, 896, 16, 2, (0,), FLOW_CHANNELS)
    )
    shown = []
    network.backbone.patch_embed.register_forward_pre_hook(lambda _, inputs: shown.append(inputs[0]))
    normalisation = NORMALISATIONS["clahe_imagenet"]
    prepared = normalisation.prepare_tile(normalisation.prepare_image(tile))
    with torch.inference_mode():
        network.eval().features(torch.from_numpy(prepared)[None])
    difference = float((shown[0] - theirs).abs().max())
    record_property("difference", difference)
    assert shown[0].shape == theirs.shape == (1, 3, 896, 896)
    assert difference < 1e-5


def test_the_networks_are_shown_the_same(shallow, image):
    pipeline_maps(shallow, image[:, :TILE], overlap=128)
    predict_maps(image[:, :TILE], shallow.ours, PARAMETERS)
    torch.testing.assert_close(shallow.backbone_inputs[0], shallow.published.inputs[0], atol=1e-5, rtol=0)


def test_an_imported_file_predicts_as_the_published_network(shallow, image, tmp_path, record_property):
    torch.save(shallow.published.network.state_dict(), tmp_path / "published.pt")
    manifest = import_published_file(
        tmp_path / "published.pt", tmp_path / "model", shallow.ours.network.config
    )
    assert manifest.config == shallow.ours.network.config
    tile = image[:, :TILE]
    theirs = pipeline_maps(shallow, tile, overlap=128)
    stored = predict_maps(tile, load_model(tmp_path / "model"), PARAMETERS)
    flows, probability = largest_difference(stored, theirs, record_property)
    assert flows < 1e-4
    assert probability < 1e-4
