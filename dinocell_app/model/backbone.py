"""DINOv2 vision transformers from timm, at any patch size and input size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

import timm
import torch
from timm.models.vision_transformer import VisionTransformer
from torch.nn import functional

from dinocell_app.base.errors import ModelError

NATIVE_PATCH_SIZE = 14
"""Patch size in pixels that DINOv2 was published with."""

_TIMM_NAMES = {"register_tokens": "reg_token"}
"""The one parameter of facebookresearch/dinov2 that timm calls otherwise."""


def create_backbone(
    name: str, *, patch_size: int, image_size: int, drop_path: float = 0.0
) -> VisionTransformer:
    """Build a vision transformer with random weights.

    Parameters
    ----------
    name : str
        Name in timm: ``vit_{small,base,large}_patch14[_reg4]_dinov2``; a name without "dinov2" works as
        long as it is a vision transformer.
    patch_size : int
        Edge of a patch in pixels.
    image_size : int
        Edge in pixels of the input that the position embedding is laid out for; other sizes are
        interpolated at run time.
    drop_path : float
        Rate of stochastic depth.

    Returns
    -------
    VisionTransformer
        timm's, whose `forward_intermediates` gives features of any block.

    Raises
    ------
    ModelError
        If timm has no vision transformer of this name.
    """
    if not name.startswith("vit_") or not timm.is_model(name):
        raise ModelError(
            f"There is no vision transformer {name!r}", remedy="Choose one such as vit_small_patch14_dinov2"
        )
    backbone = timm.create_model(
        name,
        pretrained=False,
        num_classes=0,
        img_size=image_size,
        patch_size=patch_size,
        dynamic_img_size=True,
        drop_path_rate=drop_path,
        # Without memory there is nothing to draw, and going through the motions takes most of the time.
        weight_init="skip" if torch.get_default_device().type == "meta" else "",
    )
    return cast("VisionTransformer", backbone)


def resample_patch_projection(weight: torch.Tensor, patch_size: int) -> torch.Tensor:
    """Resample the patch projection to another patch size (paper 3.2.2).

    Parameters
    ----------
    weight : Tensor of shape (D, 3, P, P)
        Projection of P x P pixel patches.
    patch_size : int
        Edge of the new patches in pixels.

    Returns
    -------
    Tensor of shape (D, 3, patch_size, patch_size)
        Bicubic, scaled so that a patch of constant brightness projects to the same vector.
    """
    if weight.shape[-1] == patch_size:
        return weight
    resized = functional.interpolate(
        weight.float(), size=(patch_size, patch_size), mode="bicubic", align_corners=False, antialias=True
    )
    resized = resized * (weight.shape[-1] / patch_size) ** 2
    # Interpolation alone keeps the sum only nearly: pixels at the edge of the patch weigh less than others.
    lost = weight.float().sum(dim=(2, 3), keepdim=True) - resized.sum(dim=(2, 3), keepdim=True)
    return (resized + lost / patch_size**2).to(weight.dtype)


def resample_position_embedding(embedding: torch.Tensor, grid: int, prefix_tokens: int = 1) -> torch.Tensor:
    """Interpolate a position embedding to another square grid.

    Parameters
    ----------
    embedding : Tensor of shape (1, prefix_tokens + G * G, D)
        Prefix tokens first (class token), then the patches row by row.
    grid : int
        Patches along each edge of the new grid.
    prefix_tokens : int
        Number of leading entries that are not patches.

    Returns
    -------
    Tensor of shape (1, prefix_tokens + grid * grid, D)
    """
    prefix, patches = embedding[:, :prefix_tokens], embedding[:, prefix_tokens:]
    old = round(patches.shape[1] ** 0.5)
    if old == grid:
        return embedding
    square = patches.reshape(1, old, old, -1).permute(0, 3, 1, 2).float()
    resized = functional.interpolate(
        square, size=(grid, grid), mode="bicubic", align_corners=False, antialias=True
    )
    return torch.cat([prefix, resized.permute(0, 2, 3, 1).flatten(1, 2).to(embedding.dtype)], dim=1)


def load_backbone_weights(backbone: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> list[str]:
    """Load DINOv2 weights of any patch size and grid into a backbone.

    Parameters
    ----------
    backbone : Module
        From `create_backbone`; may have fewer blocks than the weights.
    weights : mapping of str to Tensor
        Names as in timm and in facebookresearch/dinov2.

    Returns
    -------
    list of str
        Parameters of the backbone that the weights lack and that stay random.

    Raises
    ------
    ModelError
        If they are no weights of a DINOv2 transformer, or of one of another width.
    """
    own = backbone.state_dict()
    named = {_TIMM_NAMES.get(name, name): value for name, value in weights.items()}
    adapted = {name: value.float() for name, value in named.items() if name in own}
    if not adapted.keys() >= {"patch_embed.proj.weight", "pos_embed", "cls_token"}:
        raise ModelError(
            "These are not the weights of a DINOv2 vision transformer",
            remedy="Choose weights with the names of timm or of facebookresearch/dinov2",
        )
    adapted["patch_embed.proj.weight"] = resample_patch_projection(
        adapted["patch_embed.proj.weight"], own["patch_embed.proj.weight"].shape[-1]
    )
    _fit_position_embedding(adapted, own["pos_embed"].shape[1])
    other = next((name for name, value in adapted.items() if value.shape != own[name].shape), None)
    if other is not None:
        raise ModelError(
            f"The weights are of another size: {other} is {tuple(adapted[other].shape)} and would have to be "
            f"{tuple(own[other].shape)}",
            remedy="Choose weights of a transformer of the same width",
        )
    missing, _ = backbone.load_state_dict(adapted, strict=False)
    return list(missing)


def _fit_position_embedding(weights: dict[str, torch.Tensor], length: int) -> None:
    """Resample the position embedding to `length` entries, with or without one for the class token.

    timm's models with registers have none for the class token: it is added to the token itself, and where it
    was, another model gets one of 0.
    """
    embedding = weights["pos_embed"]
    has_class = not _is_square(embedding.shape[1])
    wants_class = not _is_square(length)
    grid = round((length - wants_class) ** 0.5)
    embedding = resample_position_embedding(embedding, grid, prefix_tokens=int(has_class))
    if has_class and not wants_class:
        weights["cls_token"] = weights["cls_token"] + embedding[:, :1]
        embedding = embedding[:, 1:]
    elif wants_class and not has_class:
        embedding = functional.pad(embedding, (0, 0, 1, 0))
    weights["pos_embed"] = embedding


def _is_square(number: int) -> bool:
    return math.isqrt(number) ** 2 == number
