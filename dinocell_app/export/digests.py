"""Sizes and checksums of results, by which a record knows its files again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dinocell_app.export.provenance import file_sha256

BYTES, SHA256 = "bytes", "sha256"


def digest_of(path: Path) -> dict[str, Any]:
    """Describe a result, a file or the folder of an OME-Zarr image.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    return {BYTES: _size(path), SHA256: file_sha256(path)}


def has_size_of(path: Path, digest: Mapping[str, Any] | None) -> bool:
    """Tell whether a result is there in the size it was written in; nothing is read.

    Parameters
    ----------
    digest : mapping or None
        None where an earlier version recorded none: then being there is enough.
    """
    try:
        return digest is None or _size(path) == digest[BYTES] if path.exists() else False
    except (OSError, KeyError, TypeError):
        return False


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size
