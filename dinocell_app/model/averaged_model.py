"""A model folder whose weights are the average of those of others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.model.averaging import average_weights
from dinocell_app.model.lineage import lineage_of_child
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest
from dinocell_app.model.model_folder import SegmentationModel, save_model
from dinocell_app.model.segmenter import Segmenter

_OF_ONE_KIND = ("architecture", "objective", "intensity_normalisation")
"""Fields of the manifest in which models must agree, for their weights to mean the same."""

_FROM_THE_FIRST = (
    "id",
    "name",
    "description",
    *_OF_ONE_KIND[1:],
    "tile_overlap_px",
    "blend",
    "recommended_pixel_size_um",
    "cell_diameter_px",
    "licence",
)


def require_one_kind(models: Sequence[SegmentationModel]) -> None:
    """Make sure that the weights of models can be averaged.

    Raises
    ------
    ModelError
        If their networks differ, or what they predict, or how images are prepared for them.
    """
    first = models[0].manifest
    for other in (model.manifest for model in models[1:]):
        for field in _OF_ONE_KIND:
            if getattr(first, field) != getattr(other, field):
                word = field.replace("_", " ")
                raise ModelError(
                    f"{first.id} and {other.id} cannot be averaged: their {word} differs",
                    path=models[0].folder,
                    remedy="Choose models that were made from the same one",
                )


def averaged(models: Sequence[SegmentationModel], shares: Sequence[float]) -> SegmentationModel:
    """Mix models in shares.

    Parameters
    ----------
    shares : sequence of float
        One for each model, 0 or more; they are divided by their sum.

    Returns
    -------
    SegmentationModel
        With the manifest of the first model, but for what `averaged_manifest` changes.

    Raises
    ------
    ModelError, InvalidParameterError
        If the models or the shares do not fit.
    """
    weights = average_weights([model.network.state_dict() for model in models], shares)
    require_one_kind(models)
    first = models[0]
    with torch.device("meta"):
        network = Segmenter(first.manifest.config)
    network.load_state_dict(weights, assign=True)
    network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return SegmentationModel(averaged_manifest(models, shares), network, first.objective, first.device)


def averaged_manifest(models: Sequence[SegmentationModel], shares: Sequence[float]) -> Manifest:
    """Describe an average: what went into it, in which shares; without scores, as none is known.

    It sees colours if one of its models does, and is for the cells that any of them is for.
    """
    manifests = [model.manifest for model in models]
    first, total = manifests[0], sum(shares)
    known = {data.name: data for manifest in manifests for data in manifest.training_data}
    lineage: dict[str, None] = {}
    for manifest, share in zip(manifests, shares, strict=True):
        *ancestors, itself = lineage_of_child(manifest)
        lineage |= dict.fromkeys(ancestors)
        lineage[f"{share / total:.0%} {itself}"] = None
    ranges = [manifest.cell_diameter_range_px for manifest in manifests]
    return Manifest.for_network(
        first.config,
        **first.model_dump(include=set(_FROM_THE_FIRST)),
        input_colour="rgb" if any(manifest.input_colour == "rgb" for manifest in manifests) else "grey",
        cell_diameter_range_px=(min(low for low, _ in ranges), max(high for _, high in ranges)),
        training_data=tuple(known.values()),
        lineage=tuple(lineage),
        attributions=tuple(dict.fromkeys(line for manifest in manifests for line in manifest.attributions)),
        needs_teaching=any(manifest.needs_teaching for manifest in manifests),
    )


def save_average(model: SegmentationModel, folder: Path, *, overwrite: bool = False) -> Manifest:
    """Write an average under the name of its folder.

    Raises
    ------
    InvalidParameterError
        If a model is there that may not be replaced.
    """
    if (folder / MANIFEST_NAME).exists() and not overwrite:
        raise InvalidParameterError(
            "a model is there already",
            path=folder,
            remedy="Choose another folder, or allow replacing it with --overwrite",
        )
    identity = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-._") or "model"
    named = model.manifest.model_copy(update={"id": identity, "name": folder.name})
    return save_model(model.network, named, folder)
