"""The published DINOCell weights, turned into a model folder of ours.

PyPI `dinocell` 0.74 (MIT) saves the state dict of its network; the file itself is on the Hugging Face hub. Its heads
predict the x flow first, and its probability goes through a sigmoid that ours leaves to the objective.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from dinocell_app.errors import ModelError
from dinocell_app.model.flows import FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel, save_model
from dinocell_app.model.segmenter import DINOCELL_B8, Segmenter

HUB_REPOSITORY = "KadenStillwagon/DINOCell"
HUB_FILE = "DINOCell_demo_model.pt"

_HEADS = {"flows_dy": "flow_y", "flows_dx": "flow_x", "cell_prob": "cell_probability"}
_RULES = (
    (r"^encoder\.dino_encoder\.register_tokens$", "backbone.reg_token"),
    (r"^encoder\.dino_encoder\.", "backbone."),
    (r"^encoder\.vision_neck\.", "neck."),
    (r"^decoder\.decoder\.decoder\.([01])\.0\.", r"decoder.upsamplings.\1."),
    (r"^decoder\.decoder\.decoder\.2\.0\.", "decoder.refinement."),
)
_UNUSED = ("encoder.dino_encoder.mask_token",)
"""Only self-supervised training needs the token that stands in for masked patches."""


def published_manifest() -> Manifest:
    """Describe the published model.

    Returns
    -------
    Manifest
        Preprocessing, tiles and blending of the paper (3.2.1, 3.2.4): tiles overlap by 128 pixels on all sides, so
        neighbours share 256.
    """
    return Manifest.for_network(
        DINOCELL_B8,
        id="dinocell-b8",
        name="DINOCell (published weights)",
        description=(
            "ViT-B/8 adapted to microscopy and fine-tuned on 15 data sets of live, whole cells in phase contrast, "
            "brightfield and DIC (Self-supervised Pretraining of Cell Segmentation Models). Best with a GPU."
        ),
        intensity_normalisation="clahe_imagenet",
        tile_overlap_px=256,
        blend="uniform",
        cell_diameter_px=40.0,
        # The paper shows images at their own scale, whatever the cell size.
        cell_diameter_range_px=(1.0, 10_000.0),
        lineage=("DINOv2 ViT-B/14 with registers", "DINOCell domain adaptation", "DINOCell fine-tuning"),
        licence="MIT (package metadata of dinocell 0.74); DINOv2: Apache-2.0",
        attributions=(
            "Kaden Stillwagon et al., DINOCell, https://github.com/kadenstillwagon/DINOCell",
            "Meta AI, DINOv2, https://github.com/facebookresearch/dinov2",
        ),
    )


def import_published_state(state: Mapping[str, torch.Tensor]) -> SegmentationModel:
    """Build the network from a published state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        Names as in PyPI `dinocell` 0.74.

    Returns
    -------
    SegmentationModel
        On the processor.

    Raises
    ------
    ModelError
        If tensors are missing, unknown or of other shapes.
    """
    renamed: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        plain = name.removeprefix("module.")
        if plain not in _UNUSED:
            renamed[_our_name(plain)] = tensor.float()
    _fold_class_position(renamed)
    network = Segmenter(DINOCELL_B8)
    try:
        network.load_state_dict(renamed)
    except RuntimeError as error:
        raise ModelError(
            "These are not the weights of the published DINOCell network with the flows objective",
            remedy=f"Choose {HUB_FILE} of {HUB_REPOSITORY}",
        ) from error
    network = network.eval().requires_grad_(False)
    return SegmentationModel(published_manifest(), network, FlowsObjective(), torch.device("cpu"))


def import_published_file(path: Path, folder: Path) -> Manifest:
    """Convert a published `.pt` file to a model folder.

    Parameters
    ----------
    path : Path
        Read with ``weights_only=True``: nothing in it is executed.
    folder : Path
        The model folder to write.

    Returns
    -------
    Manifest

    Raises
    ------
    ModelError
        If the file holds something else.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise ModelError(
            "The file is damaged or holds more than weights, which is not executed here",
            path=path,
            remedy=f"Choose {HUB_FILE} of {HUB_REPOSITORY}, or save only the state dict",
        ) from error
    try:
        model = import_published_state(_state_dict(content))
    except ModelError as error:
        raise ModelError(error.what, path=path, remedy=error.remedy) from error
    return save_model(model.network, model.manifest, folder)


def _state_dict(content: Any) -> Mapping[str, torch.Tensor]:  # noqa: ANN401 - whatever the file holds
    for key in ("model_state_dict", "state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if isinstance(content, dict) and content and all(isinstance(v, torch.Tensor) for v in content.values()):
        return content
    raise ModelError("The file holds no weights", remedy=f"Choose {HUB_FILE} of {HUB_REPOSITORY}")


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
    if position is not None and token is not None and position.shape[1] % 2 == 1:
        state["backbone.cls_token"] = token + position[:, :1]
        state["backbone.pos_embed"] = position[:, 1:]
