"""A model on disk: `manifest.json` beside `weights.safetensors`; no pickle."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from dinocell_app.base.errors import ModelError
from dinocell_app.base.files import write_json
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, read_manifest
from dinocell_app.model.objective import Objective
from dinocell_app.model.objectives import objective_by_name
from dinocell_app.model.segmenter import Segmenter
from dinocell_app.model.tensor_files import require_finite, save_tensors
from dinocell_app.model.weights_file import WEIGHTS_NAME, require_sound_weights, sha256_of


@dataclass(frozen=True)
class SegmentationModel:
    """A model ready to predict.

    Parameters
    ----------
    network : Segmenter
        In evaluation mode, on `device`.
    folder : Path or None
        Where it was loaded from.
    """

    manifest: Manifest
    network: Segmenter
    objective: Objective
    device: torch.device
    folder: Path | None = None


def load_model(folder: Path | str, device: torch.device | str = "cpu") -> SegmentationModel:
    """Load a model folder.

    Raises
    ------
    ModelError
        If files are missing or damaged, or the model needs another version of the application.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    objective = objective_by_name(manifest.objective)
    if manifest.config.channel_names != objective.channel_names:
        raise ModelError(
            f"The network predicts {', '.join(manifest.config.channel_names)}, which is not what "
            f"{objective.name} needs",
            path=folder / MANIFEST_NAME,
            remedy="Import the model again, or update the application",
        )
    path = require_sound_weights(folder, manifest.sha256)
    network = _load_network(manifest, path)
    device = torch.device(device)
    network = network.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)
    return SegmentationModel(manifest, network, objective, device, folder)


def save_model(
    network: torch.nn.Module, manifest: Manifest, folder: Path | str, *, dtype: torch.dtype = torch.float16
) -> Manifest:
    """Write a model folder that is whole or absent.

    Parameters
    ----------
    manifest : Manifest
        Its `sha256` is filled in; a head for reference cells that it names is left out.
    folder : Path or str
        A model that is already there is replaced; other files in the folder are kept.
    dtype : dtype
        Of the stored weights.

    Returns
    -------
    Manifest
        As written.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Layouts such as channels_last are of the device, not of the file.
    tensors = {
        name: value.detach().to("cpu", dtype).contiguous() for name, value in network.state_dict().items()
    }
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=folder.parent))
    try:
        whole = beside / folder.name
        whole.mkdir()
        save_tensors(whole / WEIGHTS_NAME, tensors)
        # A head for reference cells fits the features of one network alone.
        sums = {"sha256": sha256_of(whole / WEIGHTS_NAME), "reference_head_sha256": ""}
        written = manifest.model_copy(update=sums)
        write_json(whole / MANIFEST_NAME, written.model_dump(mode="json"))
        _put_in_place(whole, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return written


def _put_in_place(whole: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(whole, folder)
        return
    # The manifest comes last: until then the old one names other weights and the folder is refused.
    for name in (WEIGHTS_NAME, MANIFEST_NAME):
        (whole / name).replace(folder / name)


def _load_network(manifest: Manifest, path: Path) -> Segmenter:
    # Without memory of its own the network takes no time for random weights that are replaced at once, and
    # a manifest that describes a giant asks for no more than its file holds.
    with torch.device("meta"):
        network = Segmenter(manifest.config)
    try:
        # Copies: tensors that map the file would lock it on Windows, and crash when it is written to.
        tensors = {name: tensor.to(torch.float32, copy=True) for name, tensor in load_file(path).items()}
        require_finite(tensors, path)
        network.load_state_dict(tensors, assign=True)
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(
            "The weights do not fit the network that the manifest describes",
            path=path,
            remedy="Import the model again, or update the application",
        ) from error
    return network
