"""Importing the published weights: names, channel order, the class token's place, and what is refused.

`tests/peers/test_published_network.py` compares with the published network itself.
"""

import pickle
from collections import OrderedDict

import pytest
import torch

from dinocell_app.base.errors import ModelError
from dinocell_app.model.model_folder import load_model
from dinocell_app.model.published_weights import (
    import_published_file,
    import_published_state,
    published_manifest,
)
from dinocell_app.model.segmenter import FLOW_CHANNELS, Segmenter, SegmenterConfig

TINY = SegmenterConfig("vit_small_patch14_reg4_dinov2", 8, 32, 56, 16, 2, (0,), FLOW_CHANNELS)

PUBLISHED_NAMES = (
    ("backbone.reg_token", "encoder.dino_encoder.register_tokens"),
    ("backbone.", "encoder.dino_encoder."),
    ("neck.", "encoder.vision_neck."),
    ("decoder.upsamplings.0.", "decoder.decoder.decoder.0.0."),
    ("decoder.upsamplings.1.", "decoder.decoder.decoder.1.0."),
    ("decoder.refinement.", "decoder.decoder.decoder.2.0."),
    ("heads.flow_x.", "prediction_head.prediction_head.flows_dx_pred_head."),
    ("heads.flow_y.", "prediction_head.prediction_head.flows_dy_pred_head."),
    ("heads.cell_probability.", "prediction_head.prediction_head.cell_prob_pred_head."),
)


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Segmenter(TINY).eval()


@pytest.fixture
def state(network):
    """The network's weights as the published class would save them."""
    published = {}
    for name, tensor in network.state_dict().items():
        ours, theirs = next(pair for pair in PUBLISHED_NAMES if name.startswith(pair[0]))
        published[theirs + name.removeprefix(ours)] = tensor.clone()
    encoder = "encoder.dino_encoder."
    place = torch.randn(1, 1, 384)
    published[encoder + "cls_token"] -= place
    published[encoder + "pos_embed"] = torch.cat([place, published[encoder + "pos_embed"]], dim=1)
    published[encoder + "mask_token"] = torch.randn(1, 384)
    return published


def predicts_as(model, network):
    tiles = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(model.network(tiles), network(tiles), atol=1e-5, rtol=0)
    return True


@pytest.mark.parametrize("before", ["", "module.", "_orig_mod.module."])
def test_a_state_dict_becomes_our_network(network, state, before):
    model = import_published_state({before + name: tensor for name, tensor in state.items()}, TINY)
    assert predicts_as(model, network)
    assert model.manifest.config == TINY


@pytest.mark.parametrize("path", [(), ("model",), ("state_dict",), ("model_state_dict", "model")])
@pytest.mark.parametrize("is_zip", [True, False])
def test_a_file_becomes_a_model_folder(network, state, tmp_path, path, is_zip):
    content = OrderedDict(state)
    for key in reversed(path):
        content = {key: content, "epoch": 3}
    torch.save(content, tmp_path / "published.pt", _use_new_zipfile_serialization=is_zip)
    manifest = import_published_file(tmp_path / "published.pt", tmp_path / "model", TINY)
    model = load_model(tmp_path / "model")
    assert model.manifest == manifest
    assert predicts_as(model, network)


def test_half_precision_files_are_taken(network, state, tmp_path):
    torch.save({name: tensor.half() for name, tensor in state.items()}, tmp_path / "half.pt")
    import_published_file(tmp_path / "half.pt", tmp_path / "model", TINY)
    assert load_model(tmp_path / "model").network.neck[0].weight.dtype == torch.float32


def test_the_patch_size_is_that_of_the_weights(state):
    network = Segmenter(
        SegmenterConfig("vit_small_patch14_reg4_dinov2", 14, 32, 56, 16, 2, (0,), FLOW_CHANNELS)
    )
    own = network.state_dict()
    encoder = "encoder.dino_encoder."
    state[encoder + "patch_embed.proj.weight"] = own["backbone.patch_embed.proj.weight"]
    state[encoder + "pos_embed"] = torch.zeros(1, 17, 384)
    assert import_published_state(state, TINY).manifest.config.patch_size == 14


def test_the_published_model_is_described():
    manifest = published_manifest()
    assert manifest.id == "dinocell-b8"
    assert manifest.intensity_normalisation == "clahe_imagenet"
    assert manifest.blend == "uniform"
    assert manifest.config.tile_size == 512
    assert manifest.config.input_size == 896
    # 128 pixels on each side of a tile (paper 3.2.4).
    assert manifest.tile_overlap_px == 2 * 128
    assert "MIT" in manifest.licence
    assert any("NC" in data.licence for data in manifest.training_data)


def without(state, name):
    return {key: tensor for key, tensor in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda s: without(s, "encoder.vision_neck.0.weight"), r"neck\.0\.weight is missing"),
        (lambda s: without(s, "encoder.dino_encoder.pos_embed"), "pos_embed is missing"),
        (lambda s: without(s, "encoder.dino_encoder.cls_token"), "cls_token is missing"),
        (lambda s: {**s, "surprise": torch.zeros(1)}, "surprise is unknown"),
        (
            lambda s: {**s, "encoder.vision_neck.1.bias": torch.zeros(7)},
            r"\(7,\) and would have to be \(16,\)",
        ),
        # The other decoder of the published class is made of plain convolutions under the same names.
        (
            lambda s: {**s, "decoder.decoder.decoder.0.0.weight": torch.zeros(8, 16, 3, 3)},
            r"would have to be \(16, 8, 4, 4\)",
        ),
        (
            lambda s: {**s, "prediction_head.prediction_head.dist_map_top_pred_head.0.bias": torch.zeros(1)},
            "predict distance maps",
        ),
    ],
)
def test_other_networks_are_refused_with_a_reason(state, tmp_path, change, sentence):
    torch.save(change(state), tmp_path / "other.pt")
    with pytest.raises(ModelError, match=sentence) as caught:
        import_published_file(tmp_path / "other.pt", tmp_path / "model", TINY)
    assert caught.value.path == tmp_path / "other.pt"
    assert "DINOCell_demo_model.pt" in caught.value.remedy
    assert not (tmp_path / "model").exists()


class Dangerous:
    """Runs when it is unpickled without care."""

    def __reduce__(self):
        return (pytest.fail, ("the file's code was run",))


@pytest.mark.parametrize("content", [{}, [], {"model": 3}, {1: torch.zeros(1)}, {"a": "b"}, torch.zeros(3)])
def test_files_without_weights_are_refused(tmp_path, content):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(ModelError, match="holds no weights"):
        import_published_file(tmp_path / "other.pt", tmp_path / "model", TINY)


def test_nothing_in_a_file_is_executed(tmp_path):
    torch.save({"weights": torch.zeros(1), "more": Dangerous()}, tmp_path / "zip.pt")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(Dangerous()))
    (tmp_path / "text.pt").write_bytes(b"not a pickle")
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "zip.pt").read_bytes()[:300])
    for path in sorted(tmp_path.glob("*.pt")):
        with pytest.raises(ModelError, match="not executed"):
            import_published_file(path, tmp_path / "model", TINY)
