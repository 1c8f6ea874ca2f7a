"""A model on disk: `manifest.json` beside `weights.safetensors`; no pickle."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from dinocell_app.errors import ModelError
from dinocell_app.files import write_json
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, read_manifest
from dinocell_app.model.objective import Objective
from dinocell_app.model.objectives import objective_by_name
from dinocell_app.model.segmenter import Segmenter

WEIGHTS_NAME = "weights.safetensors"
MAX_HEADER_BYTES = 16 << 20
"""A header describes tensors by name and shape; the largest vision transformers need a few 100 kB."""


@dataclass(frozen=True)
class SegmentationModel:
    """A model ready to predict.

    Parameters
    ----------
    manifest : Manifest
    network : Segmenter
        In evaluation mode, on `device`.
    objective : Objective
    device : device
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

    Parameters
    ----------
    folder : Path or str
    device : device or str

    Returns
    -------
    SegmentationModel

    Raises
    ------
    ModelError
        If files are missing or damaged, or the model needs another version of the application.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    path = folder / WEIGHTS_NAME
    _require_sound_weights(path, manifest)
    network = Segmenter(manifest.config)
    try:
        tensors = load_file(path)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(
            "The weights do not fit the network that the manifest describes",
            path=path,
            remedy="Import the model again, or update the application",
        ) from error
    device = torch.device(device)
    network = network.eval().requires_grad_(False).to(device=device, memory_format=torch.channels_last)
    return SegmentationModel(manifest, network, objective_by_name(manifest.objective), device, folder)


def save_model(
    network: torch.nn.Module, manifest: Manifest, folder: Path | str, *, dtype: torch.dtype = torch.float16
) -> Manifest:
    """Write a model folder that is whole or absent.

    Parameters
    ----------
    network : Segmenter
    manifest : Manifest
        Its `sha256` is filled in.
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
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=folder.parent))
    try:
        # Layouts such as channels_last are of the device, not of the file.
        tensors = {name: value.detach().to("cpu", dtype).contiguous() for name, value in network.state_dict().items()}
        save_file(tensors, beside / WEIGHTS_NAME)
        written = manifest.model_copy(update={"sha256": sha256_of(beside / WEIGHTS_NAME)})
        write_json(beside / MANIFEST_NAME, written.model_dump(mode="json"))
        folder.mkdir(exist_ok=True)
        # The manifest comes last: until then the old one names other weights and the folder is refused.
        for name in (WEIGHTS_NAME, MANIFEST_NAME):
            (beside / name).replace(folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return written


def sha256_of(path: Path) -> str:
    """Compute the checksum of a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_sound_weights(path: Path, manifest: Manifest) -> None:
    if not path.is_file():
        raise ModelError("The weights are missing", path=path, remedy="Import the model again")
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if header > min(MAX_HEADER_BYTES, path.stat().st_size):
        raise ModelError("This is not a file of weights", path=path, remedy="Import the model again")
    if sha256_of(path) != manifest.sha256:
        raise ModelError(
            "The weights are not those that the manifest names; the file is damaged or was replaced",
            path=path,
            remedy="Import the model again",
        )
