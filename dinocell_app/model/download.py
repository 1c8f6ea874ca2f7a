"""Weights from the Hugging Face hub, where there is a network; resumed when interrupted, checked when complete."""

from __future__ import annotations

from pathlib import Path

from dinocell_app.errors import ModelError
from dinocell_app.model.model_folder import sha256_of
from dinocell_app.model.published_weights import HUB_FILE, HUB_REPOSITORY


def download_published_weights() -> Path:
    """Download the published DINOCell weights.

    The hub's client shows the progress on a terminal, resumes a download that broke off and keeps the file, so that
    a second call costs nothing.

    Returns
    -------
    Path
        The `.pt` file, whose checksum is the one that the hub names.

    Raises
    ------
    ModelError
        Without a network, or when the file does not have the checksum.
    """
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        path = Path(hf_hub_download(HUB_REPOSITORY, HUB_FILE))
        siblings = HfApi().model_info(HUB_REPOSITORY, files_metadata=True).siblings or []
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"{HUB_FILE} of {HUB_REPOSITORY} could not be downloaded",
            remedy="Connect to the internet, or download it elsewhere and use `dinocell-app models import`",
        ) from error
    expected = {sibling.rfilename: sibling.lfs.sha256 for sibling in siblings if sibling.lfs}.get(HUB_FILE)
    if expected and sha256_of(path) != expected:
        raise ModelError(
            "The downloaded weights do not have the checksum that the hub names",
            path=path,
            remedy="Delete the file and download it again",
        )
    return path
