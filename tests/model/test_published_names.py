"""Every tensor of the published file, as PyPI `dinocell` 0.74 declares it and not as our network does."""

import pytest
import torch

from dinocell_app.base.errors import ModelError
from dinocell_app.model.published_weights import import_published_state
from dinocell_app.model.segmenter_config import DINOCELL_B8

WIDTH = 768
DECODER = 512
HEAD = 64


def layer(name, *shape):
    """Weight and bias of a layer whose first dimension is its output."""
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def vision_transformer():
    """DINOv2 ViT-B with 4 registers at patch 8 for 896 pixels."""
    shapes = {
        "cls_token": (1, 1, WIDTH),
        "pos_embed": (1, 1 + (896 // 8) ** 2, WIDTH),
        "register_tokens": (1, 4, WIDTH),
        "mask_token": (1, WIDTH),
        **layer("patch_embed.proj", WIDTH, 3, 8, 8),
        **layer("norm", WIDTH),
    }
    for block in (f"blocks.{i}" for i in range(12)):
        shapes |= {
            **layer(f"{block}.norm1", WIDTH),
            **layer(f"{block}.attn.qkv", 3 * WIDTH, WIDTH),
            **layer(f"{block}.attn.proj", WIDTH, WIDTH),
            f"{block}.ls1.gamma": (WIDTH,),
            **layer(f"{block}.norm2", WIDTH),
            **layer(f"{block}.mlp.fc1", 4 * WIDTH, WIDTH),
            **layer(f"{block}.mlp.fc2", WIDTH, 4 * WIDTH),
            f"{block}.ls2.gamma": (WIDTH,),
        }
    return shapes


def published_shapes():
    """Names and shapes of the state dict with the "upsample" decoder and the "flows" objective."""
    shapes = {f"encoder.dino_encoder.{name}": shape for name, shape in vision_transformer().items()}
    shapes |= {
        "encoder.vision_neck.0.weight": (DECODER, WIDTH, 1, 1),
        **layer("encoder.vision_neck.1", DECODER),
        "encoder.vision_neck.2.weight": (DECODER, DECODER, 3, 3),
        **layer("encoder.vision_neck.3", DECODER),
        # Transposed convolutions have their inputs first.
        "decoder.decoder.decoder.0.0.weight": (DECODER, DECODER // 2, 4, 4),
        "decoder.decoder.decoder.0.0.bias": (DECODER // 2,),
        "decoder.decoder.decoder.1.0.weight": (DECODER // 2, DECODER // 4, 4, 4),
        "decoder.decoder.decoder.1.0.bias": (DECODER // 4,),
        **layer("decoder.decoder.decoder.2.0", HEAD, DECODER // 4, 3, 3),
    }
    for head in ("flows_dx_pred_head", "flows_dy_pred_head", "cell_prob_pred_head"):
        place = f"prediction_head.prediction_head.{head}"
        shapes |= {
            **layer(f"{place}.0", HEAD // 2, HEAD, 3, 3),
            **layer(f"{place}.3", HEAD // 4, HEAD // 2, 3, 3),
            **layer(f"{place}.5", 1, HEAD // 4, 1, 1),
        }
    return shapes


def state(shapes):
    """Tensors that take no memory."""
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def test_every_published_tensor_has_its_place():
    shapes = published_shapes()
    model = import_published_state(state(shapes))
    assert model.manifest.config == DINOCELL_B8
    taken = sum(tensor.numel() for tensor in model.network.state_dict().values())
    listed = sum(torch.Size(shape).numel() for shape in shapes.values())
    # The class token's position is added to the token, and the mask token is for training alone.
    assert listed - taken == 2 * WIDTH


@pytest.mark.parametrize(
    "name", sorted(published_shapes().keys() - {"encoder.dino_encoder.mask_token"})[::17]
)
def test_no_published_tensor_can_be_missing(name):
    shapes = published_shapes()
    del shapes[name]
    with pytest.raises(ModelError, match="is missing"):
        import_published_state(state(shapes))
