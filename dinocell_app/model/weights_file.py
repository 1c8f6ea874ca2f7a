"""The weights of a model as a file: its name, its checksum and whether it can be trusted to load."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dinocell_app.base.errors import ModelError

WEIGHTS_NAME = "weights.safetensors"
REFERENCE_HEAD_NAME = "reference_head.safetensors"
"""Weights of the head that finds cells like reference cells; most models do without."""

MAX_HEADER_BYTES = 16 << 20
"""A header describes tensors by name and shape; the largest vision transformers need a few 100 kB."""

_LENGTH_BYTES = 8


def sha256_of(path: Path) -> str:
    """Compute the checksum of a file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_sound_weights(folder: Path, sha256: str, name: str = WEIGHTS_NAME) -> Path:
    """Check the weights of a model folder before they are loaded.

    Parameters
    ----------
    sha256 : str
        Checksum that the manifest names.
    name : str
        Of the file.

    Returns
    -------
    Path
        The file of weights.

    Raises
    ------
    ModelError
        If the file is missing, is no safetensors file or has another checksum.
    """
    path = folder / name
    if not path.is_file():
        raise ModelError("The weights are missing", path=path, remedy="Import the model again")
    size = path.stat().st_size
    with path.open("rb") as file:
        header = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    if size <= _LENGTH_BYTES or header > min(MAX_HEADER_BYTES, size - _LENGTH_BYTES):
        raise ModelError("This is not a file of weights", path=path, remedy="Import the model again")
    if sha256_of(path) != sha256:
        raise ModelError(
            "The weights are not those that the manifest names; the file is damaged or was replaced",
            path=path,
            remedy="Import the model again",
        )
    return path
