"""Fixtures for every test: a tiny model on disk, and folders of the user that are not the user's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")  # the machine that runs the tests may be busy


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a small random network that finds bright, smooth blobs.

    Its heads are set by hand: what is bright belongs to cells, and flows go uphill in brightness.
    """
    import torch

    from dinocell_app.model.manifest import Manifest
    from dinocell_app.model.model_folder import save_model
    from dinocell_app.model.segmenter import Segmenter, SegmenterConfig

    config = SegmenterConfig(
        backbone="vit_tiny_patch16_224",
        patch_size=8,
        tile_size=32,
        input_size=32,
        decoder_width=32,
        n_upsamplings=2,
        feature_blocks=(0,),
        channel_names=("flow_y", "flow_x", "cell_probability"),
        detail_width=16,
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        network = Segmenter(config)
        detail = network.detail.full[0]
        first = network.decoder.width - detail.out_channels
        detail.weight.zero_()
        detail.bias.zero_()
        detail.weight[0, 0, 1, 1] = 1.0
        detail.bias[0] = 2.2  # ImageNet statistics bring black to -2.1
        for channel, (row, column) in enumerate(((2, 1), (0, 1), (1, 2), (1, 0)), start=1):
            detail.weight[channel, 0, row, column] = 1.0
            detail.weight[channel, 0, 2 - row, 2 - column] = -1.0
        for head, positive, negative, gain, bias in (
            (network.heads["flow_y"], 1, 2, 4.0, 0.0),
            (network.heads["flow_x"], 3, 4, 4.0, 0.0),
            (network.heads["cell_probability"], 0, None, 4.0, -6.0),
        ):
            for parameter in head.parameters():
                parameter.zero_()
            layers = [layer for layer in head if isinstance(layer, torch.nn.Conv2d)]
            for slot, source in enumerate((positive, negative)):
                if source is not None:
                    layers[0].weight[slot, first + source, 1, 1] = 1.0
                    layers[1].weight[slot, slot, 1, 1] = 1.0
                    layers[2].weight[0, slot, 0, 0] = gain * (1 - 2 * slot)
            layers[2].bias[0] = bias
    folder = tmp_path_factory.mktemp("models") / "tiny"
    manifest = Manifest.for_network(
        config, id="tiny", name="Tiny", cell_diameter_range_px=(4, 60), tile_overlap_px=8
    )
    save_model(network, manifest, folder)
    _remember_single_tiles(folder, tmp_path_factory.getbasetemp())
    return folder


@pytest.fixture(scope="session")
def half_blind_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with a head that misses most cells; a few steps of 0.02 mend it."""
    import torch

    from dinocell_app.model.model_folder import load_model, save_model

    model = load_model(tiny_model)
    last = model.network.heads["cell_probability"][-1]
    with torch.no_grad():
        last.bias.fill_(-7.5)
    folder = tmp_path_factory.mktemp("models") / "half-blind"
    save_model(model.network, model.manifest.model_copy(update={"id": "half-blind"}), folder)
    _remember_single_tiles(folder, tmp_path_factory.getbasetemp())
    return folder


@pytest.fixture(autouse=True, scope="session")
def _folders_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests away from the user's models and from what was measured of this computer.

    On every processor tests compute in single precision, tile by tile, unless they ask for something else;
    so do the processes that they start with the tiny model, whose files then are the same to the last digit.
    """
    from dinocell_app.segmentation import batching

    base = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DINOCELL_APP_MODELS", str(base / "own-models"))
        patch.setenv("DINOCELL_APP_SPEEDS", str(_slow_computer(base)))
        patch.setitem(batching.MAX_BATCH_SIZES, "cpu", 1)
        yield


def _remember_single_tiles(model_folder: Path, base: Path) -> None:
    """Note that more tiles at once do not pay with a model."""
    from dinocell_app.model.model_folder import load_model
    from dinocell_app.segmentation.batching import batch_size_name

    path = _slow_computer(base)
    content = json.loads(path.read_text())
    content["measured"][batch_size_name(load_model(model_folder, "cpu"), "fp32")] = 1
    path.write_text(json.dumps(content))


def _slow_computer(folder: Path) -> Path:
    """A memory of speeds according to which bfloat16 does not pay."""
    path = folder / "speed.json"
    if not path.exists():
        from dinocell_app.model.processor_arithmetic import gain_name

        path.write_text(json.dumps({"schema_version": 1, "measured": {gain_name(): 1.0}}))
    return path
