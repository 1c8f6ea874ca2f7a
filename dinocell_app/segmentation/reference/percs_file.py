"""The head for reference cells on disk: `reference_head.safetensors` in the folder of the model it fits."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from dinocell_app.base.errors import ModelError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, read_manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.tensor_files import require_finite, save_tensors
from dinocell_app.model.weights_file import REFERENCE_HEAD_NAME, require_sound_weights, sha256_of
from dinocell_app.segmentation.reference.percs_head import PercsConfig, PercsHead

_REMEDY = "Import the model again, or update the application"


def reference_head(model: SegmentationModel) -> PercsHead | None:
    """Give the head for reference cells of a model.

    Returns
    -------
    PercsHead or None
        On the device of the model; None when it carries none. The head last asked for is kept in memory.

    Raises
    ------
    ModelError
        If the file is missing or damaged, or fits another network.
    """
    sha256 = model.manifest.reference_head_sha256
    if not sha256 or model.folder is None:
        return None
    return _loaded(model.folder, sha256, str(model.device), model.network.backbone.embed_dim)


@lru_cache(maxsize=1)
def _loaded(folder: Path, sha256: str, device: str, feature_width: int) -> PercsHead:
    path = require_sound_weights(folder, sha256, REFERENCE_HEAD_NAME)
    try:
        with safe_open(path, framework="pt") as file:
            config = PercsConfig(**parse_json((file.metadata() or {})["config"]))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - no mapping
        require_finite(tensors, path)
        with torch.device("meta"):
            head = PercsHead(config)
        head.load_state_dict(tensors, assign=True)
    except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise ModelError("The head for reference cells cannot be read", path=path, remedy=_REMEDY) from error
    if config.feature_width != feature_width:
        raise ModelError("The head for reference cells fits another network", path=path, remedy=_REMEDY)
    return head.eval().requires_grad_(False).to(device)


def save_reference_head(head: PercsHead, folder: Path) -> Manifest:
    """Write a head into the folder of the model that it was trained on.

    Parameters
    ----------
    folder : Path
        A model folder; a head that is there is replaced.

    Returns
    -------
    Manifest
        As written, with the checksum of the head.
    """
    tensors = {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in head.state_dict().items()
    }
    manifest = read_manifest(folder)
    # Until the manifest names the new file the head counts as damaged, never as another one.
    config = {"config": json.dumps(head.config.to_dict())}
    save_tensors(folder / REFERENCE_HEAD_NAME, tensors, config)
    written = manifest.model_copy(update={"reference_head_sha256": sha256_of(folder / REFERENCE_HEAD_NAME)})
    write_json(folder / MANIFEST_NAME, written.model_dump(mode="json"))
    return written
