"""Weights from the Hugging Face hub, where there is a network: resumed when cut off, checked in the end."""

from __future__ import annotations

import re
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.model.published_weights import HUB_FILE, HUB_REPOSITORY
from dinocell_app.model.weights_file import sha256_of

BACKBONE_FILE = "model.safetensors"
BACKBONE_LICENCE = "Apache-2.0"
BACKBONE_ATTRIBUTION = (
    "Meta AI, DINOv2 (Apache-2.0), https://github.com/facebookresearch/dinov2; "
    "weights as converted by timm, https://huggingface.co/timm"
)
"""What a manifest must name among its attributions when its network starts from a DINOv2 backbone."""

_BACKBONE_NAME = re.compile(r"vit_(small|base|large)_patch14_(reg4_)?dinov2(\.lvd142m)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def download_published_weights() -> Path:
    """Download the published DINOCell weights.

    The hub's client shows the progress on a terminal, resumes a download that broke off and keeps the
    file, so that a second call costs nothing and needs no network.

    Returns
    -------
    Path
        The `.pt` file, whose checksum is the one that the hub names.

    Raises
    ------
    ModelError
        Without a network, or when the file does not have the checksum.
    """
    return _download(
        HUB_REPOSITORY,
        HUB_FILE,
        "Connect to the internet, or download it elsewhere and use `dinocell-app models import`",
    )


def download_backbone_weights(name: str) -> Path:
    """Download the weights of a DINOv2 vision transformer, for fine-tuning to start from.

    Parameters
    ----------
    name : str
        As in timm: ``vit_{small,base,large}_patch14[_reg4]_dinov2.lvd142m``; the tag after the dot, which
        names the pretraining data, may be left out.

    Returns
    -------
    Path
        A safetensors file for `backbone.load_backbone_weights`, whose checksum is the one that the hub
        names. Its licence is `BACKBONE_LICENCE`, and models made from it owe `BACKBONE_ATTRIBUTION`.

    Raises
    ------
    InvalidParameterError
        If there is no such backbone.
    ModelError
        Without a network, or when the file does not have the checksum.
    """
    if not _BACKBONE_NAME.fullmatch(name):
        raise InvalidParameterError(
            f"There are no DINOv2 weights named {name!r}",
            remedy="Choose a name such as vit_small_patch14_dinov2.lvd142m",
        )
    repository = f"timm/{name.removesuffix('.lvd142m')}.lvd142m"
    return _download(
        repository,
        BACKBONE_FILE,
        "Connect to the internet, or download it elsewhere and give the path of the file",
    )


def _download(repository: str, file: str, remedy: str) -> Path:
    from huggingface_hub import HfApi, hf_hub_download

    try:
        path = Path(hf_hub_download(repository, file))
    except Exception as error:  # what comes through depends on the HTTP library of the client's version
        raise ModelError(f"{file} of {repository} could not be downloaded", remedy=remedy) from error
    try:
        siblings = HfApi().model_info(repository, files_metadata=True).siblings or []
    except Exception:  # noqa: BLE001 - as above, and a file that was downloaded before needs no network
        siblings = []
    named = next((s.lfs.sha256 for s in siblings if s.lfs and s.rfilename == file), None)
    expected = named or _kept_checksum(path)
    if expected is not None and sha256_of(path) != expected:
        raise ModelError(
            "The downloaded weights do not have the checksum that the hub names",
            path=path,
            remedy="Delete the file and download it again",
        )
    return path


def _kept_checksum(path: Path) -> str | None:
    """Read the checksum off the file's name: the client keeps large files by it, and links to them."""
    kept = path.resolve().name
    return kept if _SHA256.fullmatch(kept) else None
