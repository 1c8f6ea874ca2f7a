"""The published DINOCell weights, turned into a model folder of ours.

PyPI `dinocell` 0.74 (MIT) saves the state dict of its network; the file itself is on the Hugging Face hub.
Its heads predict the x flow first, and its probability goes through a sigmoid that ours leaves to the
objective.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from dinocell_app.base.errors import ModelError
from dinocell_app.model.flows import FlowsObjective
from dinocell_app.model.manifest import Manifest, TrainingSet
from dinocell_app.model.model_folder import SegmentationModel, save_model
from dinocell_app.model.segmenter import Segmenter
from dinocell_app.model.segmenter_config import DINOCELL_B8, SegmenterConfig

HUB_REPOSITORY = "KadenStillwagon/DINOCell"
HUB_FILE = "DINOCell_demo_model.pt"

_PAPER = "Stillwagon et al. 2026, Self-supervised Pretraining of Cell Segmentation Models, arXiv:2604.10609"
_HEADS = {"flows_dy": "flow_y", "flows_dx": "flow_x", "cell_prob": "cell_probability"}
_OTHER_HEAD = re.compile(r"^prediction_head\.prediction_head\.dist_map")
_RULES = (
    (r"^encoder\.dino_encoder\.register_tokens$", "backbone.reg_token"),
    (r"^encoder\.dino_encoder\.", "backbone."),
    (r"^encoder\.vision_neck\.", "neck."),
    (r"^decoder\.decoder\.decoder\.([01])\.0\.", r"decoder.upsamplings.\1."),
    (r"^decoder\.decoder\.decoder\.2\.0\.", "decoder.refinement."),
)
_UNUSED = ("encoder.dino_encoder.mask_token",)
"""Only self-supervised training needs the token that stands in for masked patches."""

_WRAPPERS = re.compile(r"^(module\.|_orig_mod\.)+")
"""What distributed training and compilation put before the names."""

_NESTING = ("model_state_dict", "state_dict", "model")
_CHOOSE = f"Choose {HUB_FILE} of {HUB_REPOSITORY}"


def published_manifest(config: SegmenterConfig = DINOCELL_B8) -> Manifest:
    """Describe the published model.

    Returns
    -------
    Manifest
        Preprocessing, tiles and blending of the paper (3.2.1, 3.2.4): tiles overlap by a quarter of their
        edge on all sides, so neighbours share half a tile.
    """
    return Manifest.for_network(
        config,
        id="dinocell-b8",
        name="DINOCell (published weights)",
        description=(
            "ViT-B/8 adapted to microscopy and fine-tuned on 15 data sets of live, whole cells in phase "
            "contrast, brightfield and DIC (Self-supervised Pretraining of Cell Segmentation Models). Best "
            "with a GPU."
        ),
        intensity_normalisation="clahe_imagenet",
        input_colour="grey",
        tile_overlap_px=config.tile_size // 2,
        blend="uniform",
        cell_diameter_px=40.0,
        # The paper shows images at their own scale, whatever the cell size.
        cell_diameter_range_px=(1.0, 10_000.0),
        training_data=(
            TrainingSet(
                name="130,000 unlabelled microscopy images of 63 sources",
                licence="various, see the paper",
                citation=_PAPER,
                use="domain adaptation of the backbone",
            ),
            TrainingSet(
                name="9,042 labelled images of 15 data sets, LIVECell among them",
                licence="various, see the paper; LIVECell: CC BY-NC 4.0",
                citation=_PAPER,
                use="fine-tuning",
            ),
        ),
        lineage=("DINOv2 ViT-B/14 with registers", "DINOCell domain adaptation", "DINOCell fine-tuning"),
        licence="MIT (package metadata of dinocell 0.74); DINOv2: Apache-2.0",
        attributions=(
            "Kaden Stillwagon et al., DINOCell, https://github.com/kadenstillwagon/DINOCell",
            "Meta AI, DINOv2, https://github.com/facebookresearch/dinov2",
        ),
    )


def import_published_state(
    state: Mapping[str, torch.Tensor], config: SegmenterConfig = DINOCELL_B8
) -> SegmentationModel:
    """Build the network from a published state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        Names as in PyPI `dinocell` 0.74.
    config : SegmenterConfig
        The network it is of; the patch size is read from the weights.

    Returns
    -------
    SegmentationModel
        On the processor, in single precision.

    Raises
    ------
    ModelError
        If tensors are missing, unknown or of other shapes.
    """
    plain = {_WRAPPERS.sub("", name): tensor for name, tensor in state.items()}
    if any(_OTHER_HEAD.match(name) for name in plain):
        raise ModelError(
            "These weights predict distance maps; of the published networks only those that predict flows "
            "can be imported",
            remedy=_CHOOSE,
        )
    renamed = {_our_name(name): tensor.float() for name, tensor in plain.items() if name not in _UNUSED}
    _fold_class_position(renamed)
    projection = renamed.get("backbone.patch_embed.proj.weight")
    if projection is not None and projection.ndim == 4:
        config = replace(config, patch_size=projection.shape[-1])
    with torch.device("meta"):
        network = Segmenter(config)
    _require_same_tensors(renamed, network.state_dict())
    network.load_state_dict(renamed, assign=True)
    network = network.eval().requires_grad_(False)
    return SegmentationModel(published_manifest(config), network, FlowsObjective(), torch.device("cpu"))


def import_published_file(path: Path, folder: Path, config: SegmenterConfig = DINOCELL_B8) -> Manifest:
    """Convert a published `.pt` file to a model folder.

    Parameters
    ----------
    path : Path
        Read with ``weights_only=True``: nothing in it is executed.
    folder : Path
        The model folder to write; it keeps the single precision of the published weights.
    config : SegmenterConfig
        The network it is of.

    Raises
    ------
    ModelError
        If the file holds something else.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    # torch reads whatever it is given as a pickle; a file of anything else fails in as many ways.
    except Exception as error:
        raise ModelError(
            "The file is damaged or holds more than weights, which is not executed here",
            path=path,
            remedy=f"{_CHOOSE}, or save only the state dict",
        ) from error
    try:
        model = import_published_state(_state_dict(content), config)
    except ModelError as error:
        raise ModelError(error.what, path=path, remedy=error.remedy) from error
    return save_model(model.network, model.manifest, folder, dtype=torch.float32)


def _state_dict(content: object) -> Mapping[str, torch.Tensor]:
    for key in _NESTING:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if (
        isinstance(content, dict)
        and content
        and all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in content.items())
    ):
        return content
    raise ModelError("The file holds no weights", remedy=_CHOOSE)


def _require_same_tensors(found: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> None:
    missing, unknown = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    other = [name for name, tensor in wanted.items() if name in found and found[name].shape != tensor.shape]
    if missing:
        problem = f"{missing[0]} is missing"
    elif unknown:
        problem = f"{unknown[0]} is unknown"
    elif other:
        shapes = tuple(found[other[0]].shape), tuple(wanted[other[0]].shape)
        problem = f"{other[0]} is {shapes[0]} and would have to be {shapes[1]}"
    else:
        return
    raise ModelError(
        f"These are not the weights of the published DINOCell network: {problem}", remedy=_CHOOSE
    )


def _our_name(name: str) -> str:
    head = re.match(r"^prediction_head\.prediction_head\.(\w+?)_pred_head\.(.+)$", name)
    if head and head[1] in _HEADS:
        return f"heads.{_HEADS[head[1]]}.{head[2]}"
    for pattern, replacement in _RULES:
        renamed, count = re.subn(pattern, replacement, name)
        if count:
            return renamed
    return name


def _fold_class_position(state: dict[str, torch.Tensor]) -> None:
    """Add the class token's position to the token: timm's models with registers embed patches alone."""
    position = state.get("backbone.pos_embed")
    token = state.get("backbone.cls_token")
    if position is None or token is None or position.ndim != 3:
        return
    if math.isqrt(position.shape[1] - 1) ** 2 == position.shape[1] - 1:
        state["backbone.cls_token"] = token + position[:, :1]
        state["backbone.pos_embed"] = position[:, 1:]
