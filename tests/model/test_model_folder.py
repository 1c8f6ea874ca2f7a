"""Models on disk: what comes back, and what is refused."""

import json
import shutil
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file

from dinocell_app.base.errors import ModelError
from dinocell_app.model.manifest import MANIFEST_NAME, read_manifest
from dinocell_app.model.model_folder import load_model, save_model
from dinocell_app.model.weights_file import WEIGHTS_NAME, sha256_of


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "cells")


def change_manifest(folder, **changes):
    path = folder / MANIFEST_NAME
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


def replace_weights(folder, content):
    """Put other weights there with a manifest that vouches for them."""
    (folder / WEIGHTS_NAME).write_bytes(content)
    change_manifest(folder, sha256=sha256_of(folder / WEIGHTS_NAME))


def test_a_model_predicts_as_before_it_was_saved(tiny_model, tmp_path):
    first = load_model(tiny_model)
    for dtype, tolerance in ((torch.float32, 0), (torch.float16, 1e-2)):
        saved = save_model(first.network, first.manifest, tmp_path / "again", dtype=dtype)
        again = load_model(tmp_path / "again")
        assert again.manifest == saved == read_manifest(tmp_path / "again")
        assert again.folder == tmp_path / "again"
        tiles = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(again.network(tiles), first.network(tiles), atol=tolerance, rtol=0)
        assert load_file(tmp_path / "again" / WEIGHTS_NAME)["neck.0.weight"].dtype == dtype


def test_a_loaded_model_is_ready_to_predict(tiny_model):
    model = load_model(tiny_model)
    assert not model.network.training
    assert all(not p.requires_grad and p.dtype == torch.float32 for p in model.network.parameters())
    assert {tensor.device.type for tensor in model.network.state_dict().values()} == {"cpu"}
    assert model.objective.channel_names == model.manifest.config.channel_names


def test_loading_leaves_the_random_numbers_alone(tiny_model):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    load_model(tiny_model)
    assert torch.rand(1) == expected


def test_a_loaded_model_needs_its_file_no_more(folder):
    model = load_model(folder)
    save_model(model.network, model.manifest, folder, dtype=torch.float32)
    model = load_model(folder)
    expected = model.network.neck[0].weight.clone()
    (folder / WEIGHTS_NAME).write_bytes(b"")
    torch.testing.assert_close(model.network.neck[0].weight, expected)


def test_saving_keeps_what_else_is_in_the_folder(folder):
    (folder / "card.md").write_text("a card")
    model = load_model(folder)
    with torch.no_grad():
        model.network.neck[0].weight.mul_(2)
    save_model(model.network, model.manifest, folder)
    torch.testing.assert_close(load_model(folder).network.neck[0].weight, model.network.neck[0].weight)
    assert sorted(path.name for path in folder.iterdir()) == ["card.md", MANIFEST_NAME, WEIGHTS_NAME]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_model_that_cannot_be_written_leaves_the_old_one(folder, monkeypatch):
    model = load_model(folder)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dinocell_app.model.tensor_files.save_file", full)
    with pytest.raises(OSError, match="No space"):
        save_model(model.network, model.manifest, folder)
    assert load_model(folder).manifest == model.manifest
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_missing_weights_are_named(folder):
    (folder / WEIGHTS_NAME).unlink()
    with pytest.raises(ModelError, match="weights are missing"):
        load_model(folder)


def test_one_flipped_bit_is_noticed(folder):
    content = bytearray((folder / WEIGHTS_NAME).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS_NAME).write_bytes(content)
    with pytest.raises(ModelError, match="not those that the manifest names"):
        load_model(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        struct.pack("<Q", 0),
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 17 << 20) + b"{}",
        struct.pack("<Q", 3) + b"{}",
        struct.pack("<Q", 2) + b"{",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 2) + b"{}",
        b"PK\x03\x04" + bytes(100),
    ],
)
def test_a_file_of_something_else_is_no_weights(folder, content):
    replace_weights(folder, content)
    with pytest.raises(ModelError, match=r"file of weights|do not fit") as caught:
        load_model(folder)
    assert caught.value.path == folder / WEIGHTS_NAME


def test_tensors_have_to_fit(folder):
    tensors = {name: tensor.clone() for name, tensor in load_file(folder / WEIGHTS_NAME).items()}
    for change in (
        {"neck.0.weight": tensors["neck.0.weight"][:1].clone()},
        {"stranger": torch.zeros(1)},
        {"neck.0.weight": None},
    ):
        changed = {name: tensor for name, tensor in {**tensors, **change}.items() if tensor is not None}
        save_file(changed, folder / "changed")
        replace_weights(folder, (folder / "changed").read_bytes())
        with pytest.raises(ModelError, match="do not fit the network"):
            load_model(folder)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"backbone": "vit_of_nobody"}, "no vision transformer 'vit_of_nobody'"),
        ({"backbone": "resnet18"}, "no vision transformer 'resnet18'"),
        ({"feature_blocks": [40]}, "block 40"),
        ({"channel_names": ["distance"]}, "not what flows needs"),
        # Memory for these would not be there: nothing is made before the file turns out to hold less.
        ({"backbone": "vit_giant_patch14_dinov2", "decoder_width": 8192}, "do not fit the network"),
    ],
)
def test_another_network_is_refused(folder, change, sentence):
    change_manifest(folder, architecture={**read_manifest(folder).architecture, **change})
    with pytest.raises(ModelError, match=sentence):
        load_model(folder)
