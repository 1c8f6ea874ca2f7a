"""Vision transformers at other patch and input sizes, from weights of any."""

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch.nn import functional

from dinocell_app.base.errors import ModelError
from dinocell_app.model.backbone import (
    NATIVE_PATCH_SIZE,
    create_backbone,
    load_backbone_weights,
    resample_patch_projection,
    resample_position_embedding,
)

SMALL = "vit_small_patch14_dinov2"
SMALL_REG = "vit_small_patch14_reg4_dinov2"
REAL_WEIGHTS = Path(__file__).resolve().parents[3] / "shared/weights/dinov2_vits14/backbone_fp16.safetensors"


def small(name=SMALL, patch_size=8, image_size=32, blocks=2):
    backbone = create_backbone(name, patch_size=patch_size, image_size=image_size)
    del backbone.blocks[blocks:]
    return backbone.eval()


def published_weights(grid, *, registers=0, blocks=3, width=384, patch_size=14):
    """Random weights with the names and shapes that facebookresearch/dinov2 gives a small transformer."""
    generator = torch.Generator().manual_seed(0)
    shapes = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 1 + grid**2, width),
        "mask_token": (1, width),
        "patch_embed.proj.weight": (width, 3, patch_size, patch_size),
        "patch_embed.proj.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    if registers:
        shapes["register_tokens"] = (1, registers, width)
    for block in range(blocks):
        for name, shape in (
            ("norm1.weight", (width,)),
            ("norm1.bias", (width,)),
            ("attn.qkv.weight", (3 * width, width)),
            ("attn.qkv.bias", (3 * width,)),
            ("attn.proj.weight", (width, width)),
            ("attn.proj.bias", (width,)),
            ("ls1.gamma", (width,)),
            ("norm2.weight", (width,)),
            ("norm2.bias", (width,)),
            ("mlp.fc1.weight", (4 * width, width)),
            ("mlp.fc1.bias", (4 * width,)),
            ("mlp.fc2.weight", (width, 4 * width)),
            ("mlp.fc2.bias", (width,)),
            ("ls2.gamma", (width,)),
        ):
            shapes[f"blocks.{block}.{name}"] = shape
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


@given(patch_size=st.integers(4, 20), colour=st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_a_patch_of_one_colour_projects_to_the_same_vector_at_any_patch_size(patch_size, colour):
    weight = torch.randn(5, 3, 14, 14, generator=torch.Generator().manual_seed(1))

    def project(kernel):
        patch = torch.tensor(colour)[:, None, None].expand(3, *kernel.shape[-2:])
        return functional.conv2d(patch[None].float(), kernel).flatten()

    resampled = resample_patch_projection(weight, patch_size)
    assert resampled.shape == (5, 3, patch_size, patch_size)
    torch.testing.assert_close(project(resampled), project(weight), atol=1e-3, rtol=1e-4)


def test_a_smooth_projection_sees_the_same_picture_at_half_the_patch_size():
    ramp = torch.linspace(-1, 1, 14)
    weight = (ramp[None, :] * torch.ones(14, 1)).expand(1, 3, 14, 14)
    picture = torch.linspace(-1, 1, 14).expand(1, 3, 14, 14)
    smaller = functional.interpolate(picture, size=(7, 7), mode="bilinear", antialias=True)
    whole = functional.conv2d(picture, weight)
    torch.testing.assert_close(
        functional.conv2d(smaller, resample_patch_projection(weight, 7)), whole, rtol=0.06, atol=0
    )


def test_the_own_patch_size_changes_nothing():
    weight = torch.randn(4, 3, 8, 8)
    assert resample_patch_projection(weight, 8) is weight


@pytest.mark.parametrize("prefix", [0, 1, 5])
def test_a_smooth_position_embedding_survives_a_finer_grid_and_back(prefix):
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    smooth = torch.stack([rows / 16, columns / 16, torch.sin(rows / 4), torch.cos(columns / 5)], dim=-1)
    embedding = torch.cat([torch.randn(1, prefix, 4), smooth.reshape(1, 256, 4)], dim=1)
    finer = resample_position_embedding(embedding, 32, prefix)
    assert finer.shape == (1, prefix + 1024, 4)
    torch.testing.assert_close(finer[:, :prefix], embedding[:, :prefix], atol=0, rtol=0)
    back = resample_position_embedding(finer, 16, prefix)
    torch.testing.assert_close(back, embedding, atol=0.03, rtol=0)


def test_rows_of_a_position_embedding_stay_rows():
    rows = torch.arange(16.0).repeat_interleave(16).reshape(1, 256, 1)
    finer = resample_position_embedding(rows, 32, 0).reshape(32, 32)
    assert (finer.diff(dim=0) > -1e-4).all()
    torch.testing.assert_close(finer, finer[:, :1].expand(32, 32))


def test_weights_of_another_patch_size_and_grid_leave_nothing_random():
    weights = published_weights(grid=5)
    backbone = small()
    assert load_backbone_weights(backbone, weights) == []
    own = backbone.state_dict()
    torch.testing.assert_close(own["blocks.1.mlp.fc1.weight"], weights["blocks.1.mlp.fc1.weight"])
    torch.testing.assert_close(own["pos_embed"][:, 0], weights["pos_embed"][:, 0])
    torch.testing.assert_close(
        own["patch_embed.proj.weight"], resample_patch_projection(weights["patch_embed.proj.weight"], 8)
    )
    assert "blocks.2.norm1.weight" not in own


def test_weights_of_half_precision_are_loaded_as_floats():
    weights = {name: value.half() for name, value in published_weights(grid=4).items()}
    backbone = small()
    load_backbone_weights(backbone, weights)
    assert {value.dtype for value in backbone.state_dict().values()} == {torch.float32}


def test_the_class_tokens_position_is_added_to_the_token_where_registers_leave_no_place_for_it():
    weights = published_weights(grid=4, registers=4)
    backbone = small(SMALL_REG)
    assert load_backbone_weights(backbone, weights) == []
    own = backbone.state_dict()
    assert own["pos_embed"].shape[1] == 16
    torch.testing.assert_close(own["cls_token"], weights["cls_token"] + weights["pos_embed"][:, :1])
    torch.testing.assert_close(own["pos_embed"], weights["pos_embed"][:, 1:])
    torch.testing.assert_close(own["reg_token"], weights["register_tokens"])


def test_tokens_are_laid_out_as_published():
    """What comes before the first block, written out from the published description."""
    weights = published_weights(grid=4, registers=4, patch_size=8)
    backbone = small(SMALL_REG)
    load_backbone_weights(backbone, weights)
    seen = []
    backbone.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    picture = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        backbone(picture)
    projection = functional.conv2d(
        picture, weights["patch_embed.proj.weight"], weights["patch_embed.proj.bias"], stride=8
    )
    tokens = torch.cat([weights["cls_token"], projection.flatten(2).mT], dim=1) + weights["pos_embed"]
    expected = torch.cat([tokens[:, :1], weights["register_tokens"], tokens[:, 1:]], dim=1)
    torch.testing.assert_close(seen[0], expected, atol=1e-4, rtol=1e-4)


def test_weights_without_registers_say_what_stays_random():
    assert load_backbone_weights(small(SMALL_REG), published_weights(grid=4)) == ["reg_token"]


def test_weights_with_registers_fit_a_backbone_without():
    with_registers = small(SMALL_REG)
    load_backbone_weights(with_registers, published_weights(grid=4, registers=4))
    backbone = small()
    assert load_backbone_weights(backbone, with_registers.state_dict()) == []
    folded = backbone.cls_token + backbone.pos_embed[:, :1]
    torch.testing.assert_close(folded, with_registers.cls_token, atol=0, rtol=0)


def test_other_weights_are_refused():
    with pytest.raises(ModelError, match="not the weights of a DINOv2 vision transformer"):
        load_backbone_weights(small(), {"conv1.weight": torch.zeros(3)})
    before = small()
    kept = {name: value.clone() for name, value in before.state_dict().items()}
    with pytest.raises(ModelError, match=r"another size: .* 48"):
        load_backbone_weights(before, published_weights(grid=4, width=48))
    for name, value in before.state_dict().items():
        assert torch.equal(value, kept[name])


@pytest.mark.parametrize("name", ["vit_no_such_model", "resnet50", ""])
def test_what_is_no_vision_transformer_is_refused(name):
    with pytest.raises(ModelError, match="There is no vision transformer"):
        create_backbone(name, patch_size=8, image_size=32)


@pytest.mark.parametrize("size", [(8, 8), (32, 32), (40, 72), (64, 16)])
def test_inputs_of_any_multiple_of_the_patch_are_taken(size):
    backbone = small()
    with torch.inference_mode():
        features = backbone.forward_intermediates(
            torch.randn(1, 3, *size), indices=[1], intermediates_only=True
        )
    assert features[0].shape == (1, 384, size[0] // 8, size[1] // 8)


@pytest.mark.skipif(not REAL_WEIGHTS.exists(), reason="needs shared/weights/dinov2_vits14")
def test_real_weights_fit_at_their_own_patch_size_and_at_8():
    weights = load_file(REAL_WEIGHTS)
    own = create_backbone(SMALL, patch_size=NATIVE_PATCH_SIZE, image_size=518)
    assert load_backbone_weights(own, weights) == []
    torch.testing.assert_close(own.pos_embed, weights["pos_embed"].float(), atol=0, rtol=0)
    finer = create_backbone(SMALL, patch_size=8, image_size=256)
    assert load_backbone_weights(finer, weights) == []
    assert finer.pos_embed.shape[1] == 1 + 32**2
    # The features of a picture shown at the same number of patches stay alike.
    torch.manual_seed(0)
    picture = functional.interpolate(torch.randn(1, 3, 9, 9), size=(112, 112), mode="bicubic")
    smaller = functional.interpolate(picture, size=(64, 64), mode="bicubic", antialias=True)
    with torch.inference_mode():
        a = own.eval().forward_intermediates(picture, indices=[6], norm=True, intermediates_only=True)[0]
        b = finer.eval().forward_intermediates(smaller, indices=[6], norm=True, intermediates_only=True)[0]
    assert a.shape == b.shape
    alike = functional.cosine_similarity(a, b, dim=1).mean()
    assert alike > 0.8
    assert math.isfinite(alike)
