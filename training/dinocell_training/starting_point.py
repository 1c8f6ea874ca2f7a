"""What a fine-tuning job starts from: a base model, or a new network with the weights of a backbone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors.torch import load_file

from dinocell_app.base.errors import ModelError
from dinocell_app.export.provenance import file_sha256
from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.model.backbone import load_backbone_weights
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.download import BACKBONE_ATTRIBUTION
from dinocell_app.model.lineage import lineage_of_child
from dinocell_app.model.manifest import Manifest, TrainingSet
from dinocell_app.model.model_folder import load_model
from dinocell_app.model.objectives import objective_by_name
from dinocell_app.model.segmenter import CONFIGS, Segmenter, for_objective
from dinocell_training.crops import median_diameter
from dinocell_training.data_names import data_names
from dinocell_training.datasets import LabelledPair
from dinocell_training.fine_tuning_data import LabelledData
from dinocell_training.held_out import HeldOut
from dinocell_training.taught_scale import taught_diameters

_USUAL_RANGE = (0.5, 2.0)
"""Diameters a model serves, as multiples of the smallest and largest typical one it was shown."""


NORMALISATION = "percentile"
"""Of images for networks that have no base model."""


def taught_colour(job: FineTuneJob, normalisation: str) -> Literal["grey", "rgb"]:
    """Say what the model will see of colours: what it is taught with, and its normalisation can prepare.

    Returns
    -------
    {"grey", "rgb"}
        As in a manifest.
    """
    return "rgb" if job.channel == "colour" and "rgb" in NORMALISATIONS[normalisation].colours else "grey"


def starting_point(job: FineTuneJob) -> tuple[Segmenter, Manifest]:
    """Build the network that a job starts from.

    Returns
    -------
    network : Segmenter
        On the processor, with gradients.
    manifest : Manifest
        Of the model to be; its data and scores are still to be filled in.

    Raises
    ------
    ModelError
        If the base model or the weights cannot be used.
    """
    name = job.name or job.output.name
    identity = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._") or "model"
    if job.base_model is not None:
        base = load_model(find_model(job.base_model))
        fields = base.manifest.model_dump(
            include={
                "objective",
                "intensity_normalisation",
                "tile_overlap_px",
                "blend",
                "licence",
                "attributions",
                "cell_diameter_px",
                "cell_diameter_range_px",
                "recommended_pixel_size_um",
            }
        )
        lineage = lineage_of_child(base.manifest)
        known = base.manifest.training_data
        manifest = Manifest.for_network(
            base.manifest.config,
            **fields,
            id=identity,
            name=name,
            input_colour=taught_colour(job, base.manifest.intensity_normalisation),
            lineage=lineage,
            training_data=known,
        )
        return base.network.requires_grad_(True), manifest
    objective = objective_by_name(job.objective)
    config = for_objective(CONFIGS[job.config], objective.channel_names)
    torch.manual_seed(job.training.seed)
    network = Segmenter(config)
    origin: tuple[str, ...] = ()
    attributions: tuple[str, ...] = ()
    if job.backbone_weights is not None:
        try:
            load_backbone_weights(network.backbone, load_file(job.backbone_weights))
        except ModelError as error:
            raise ModelError(error.what, path=job.backbone_weights, remedy=error.remedy) from error
        # Tensors of any name and shape may stand in the file.
        except Exception as error:
            raise ModelError(
                f"the weights do not fit {config.backbone} ({type(error).__name__})",
                path=job.backbone_weights,
                remedy="Give DINOv2 weights of that size as safetensors",
            ) from error
        checksum = file_sha256(job.backbone_weights)[:12]
        origin = (f"{config.backbone} (sha256 {checksum})",)
        attributions = (BACKBONE_ATTRIBUTION,)
    return network, Manifest.for_network(
        config,
        id=identity,
        name=name,
        objective=job.objective,
        input_colour=taught_colour(job, NORMALISATION),
        intensity_normalisation=NORMALISATION,
        lineage=origin,
        attributions=attributions,
    )


def known_to_base(job: FineTuneJob) -> HeldOut | None:
    """Give what the base model, and those it was made from, were scored on and never taught, and were taught.

    Returns
    -------
    HeldOut or None
        None for a new network, or when nothing is known.

    Raises
    ------
    UserFacingError
        If there is no such model, or its list is damaged.
    """
    return HeldOut.read(find_model(job.base_model)) if job.base_model is not None else None


def typical_diameters(pairs: Sequence[LabelledPair]) -> list[float]:
    """Measure the median cell diameter of each picture that has cells.

    Returns
    -------
    list of float
        Pixels.
    """
    return [d for d in (median_diameter(pair.read()[1]) for pair in pairs) if d is not None]


def describe_data(
    manifest: Manifest, job: FineTuneJob, data: LabelledData, seen: Sequence[float]
) -> Manifest:
    """Say in a manifest what the model is trained on and which cell diameters it is for.

    Parameters
    ----------
    seen : sequence of float
        `typical_diameters` of the pictures that are taught.
    """
    taught = taught_diameters(job, manifest)
    licence = job.licence.strip() or "not stated"
    sets = [
        TrainingSet(name=name, licence=licence, use=_use(folder, data, taught))
        for folder, name in data_names(job.data).items()
    ]
    fields: dict[str, object] = {
        "training_data": tuple(dict.fromkeys((*manifest.training_data, *sets))),
        "licence": licence_with_data(manifest.licence, licence, has_base=job.base_model is not None),
    }
    chosen = job.augmentation.diameter_range
    low, high = manifest.cell_diameter_range_px
    if chosen is not None:
        fields |= {
            "cell_diameter_range_px": chosen,
            "cell_diameter_px": float(np.sqrt(chosen[0] * chosen[1])),
        }
    elif (
        taught is None
        and seen
        and (job.base_model is None or not all(low <= diameter <= high for diameter in seen))
    ):
        # Crops are shown at their own scale: the model serves what it is shown, not what its base served.
        fields |= {
            "cell_diameter_range_px": (min(seen) * _USUAL_RANGE[0], max(seen) * _USUAL_RANGE[1]),
            "cell_diameter_px": float(np.median(seen)),
        }
    if job.cell_diameter_px is not None:
        fields["cell_diameter_px"] = job.cell_diameter_px
    return manifest.model_copy(update=fields)


def licence_with_data(base: str, data: str, *, has_base: bool) -> str:
    """Say under which licences a model stands that was taught with further images.

    Parameters
    ----------
    base : str
        Licence of the model it was made from; may be empty.
    data : str
        Licence of the images, or "not stated".
    has_base : bool
        Whether it was made from a model.

    Returns
    -------
    str
        One licence where both are the same.
    """
    if not has_base or base == data:
        return data
    taught = f"images taught: {data}"
    return base if base.endswith(taught) else f"base model: {base or 'not stated'}; {taught}"


def _use(folder: Path, data: LabelledData, taught: tuple[float, float] | None) -> str:
    count = sum(folder in pair.image_path.parents for pair in data.training)
    scale = "at their own scale"
    if taught is not None:
        scale = f"cells brought to {taught[0]:.0f} to {taught[1]:.0f} px"
    return f"fine-tuning, {count} {'image' if count == 1 else 'images'}, {scale}"
