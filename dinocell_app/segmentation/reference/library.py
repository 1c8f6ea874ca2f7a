"""A library of reference cells: JSON beside a file of features and crops, for any project and the shell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from dinocell_app.errors import ModelError, UnreadableFileError
from dinocell_app.files import replacing, write_json
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.weights_file import sha256_of

CROP_PX = 96
"""Largest edge of a crop: enough to know a cell again."""

_REMEDY = "Point at cells again and save them in a new library"


@dataclass(frozen=True)
class LibraryCell:
    """A reference cell with what a person knows it by.

    Parameters
    ----------
    description : ndarray of shape (D,), float32
        As `description.describe_cells` gives it.
    source : str
        Where it is from, such as "a.tif:17".
    crop : ndarray of shape (m, n), uint8
        The cell in its picture, at most `CROP_PX` each way.
    """

    description: NDArray[np.float32]
    source: str
    crop: NDArray[np.uint8]


@dataclass(frozen=True)
class LibraryType:
    """A type of cell by its examples.

    Parameters
    ----------
    name : str
        Unique in its library, whatever the case.
    positives, negatives : tuple of LibraryCell
    """

    name: str
    positives: tuple[LibraryCell, ...]
    negatives: tuple[LibraryCell, ...] = ()


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _CellEntry(_Frozen):
    source: str
    key: str


class _TypeEntry(_Frozen):
    name: str = Field(min_length=1)
    positives: tuple[_CellEntry, ...] = Field(min_length=1)
    negatives: tuple[_CellEntry, ...] = ()


class _File(_Frozen):
    schema_version: Literal[2] = 2
    kind: Literal["reference library"] = "reference library"
    model_id: str
    model_sha256: str
    arrays: str = Field(pattern=r"^[^/\\]+\.safetensors$")
    arrays_sha256: str
    types: tuple[_TypeEntry, ...]


def write_library(path: Path, types: Sequence[LibraryType], manifest: Manifest) -> None:
    """Write a library that is whole or absent.

    Parameters
    ----------
    path : Path
        The JSON file. Arrays go beside it, in a file named after their content; the JSON comes last, so that
        an older library stays whole until then.
    types : sequence of LibraryType
    manifest : Manifest
        Of the model whose features describe the cells.
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    entries = []
    for number, each in enumerate(types):
        groups = {}
        for role, cells in (("positives", each.positives), ("negatives", each.negatives)):
            keys = [f"{number}.{role}.{index}" for index in range(len(cells))]
            for key, cell in zip(keys, cells, strict=True):
                arrays[f"{key}.description"] = np.ascontiguousarray(cell.description, np.float32)
                arrays[f"{key}.crop"] = np.ascontiguousarray(cell.crop[:CROP_PX, :CROP_PX], np.uint8)
            groups[role] = tuple(
                _CellEntry(source=cell.source, key=key) for key, cell in zip(keys, cells, strict=True)
            )
        entries.append(_TypeEntry(name=each.name, **groups))
    content_bytes = save(arrays)
    digest = hashlib.sha256(content_bytes).hexdigest()
    named = path.with_name(f"{path.stem}-{digest[:12]}.safetensors")
    with replacing(named) as beside:
        beside.write_bytes(content_bytes)
    content = _File(
        model_id=manifest.id,
        model_sha256=manifest.sha256,
        arrays=named.name,
        arrays_sha256=digest,
        types=tuple(entries),
    )
    write_json(path, content.model_dump(mode="json"))
    for old in path.parent.glob(f"{path.stem}-{'[0-9a-f]' * 12}.safetensors"):
        if old != named:
            old.unlink(missing_ok=True)


def read_library(path: Path, manifest: Manifest) -> tuple[LibraryType, ...]:
    """Read a library; the inverse of `write_library`.

    Parameters
    ----------
    path : Path
    manifest : Manifest
        Of the model whose features describe the cells of a picture.

    Returns
    -------
    tuple of LibraryType

    Raises
    ------
    UnreadableFileError
        If a file is missing, damaged or of a newer version.
    ModelError
        If the features come from another model.
    """
    content = _read_file(path)
    if content.model_sha256 != manifest.sha256:
        raise ModelError(
            f"The references were saved with the model {content.model_id}, whose features cannot be compared "
            f"with those of {manifest.id}",
            path=path,
            remedy=f"Choose the model {content.model_id} as it was, or point at cells again",
        )
    try:
        arrays_path = path.with_name(content.arrays)
        if sha256_of(arrays_path) != content.arrays_sha256:
            raise UnreadableFileError("its features were replaced", path=path, remedy=_REMEDY)
        arrays = load_file(arrays_path)
        return tuple(
            LibraryType(entry.name, _cells(entry.positives, arrays), _cells(entry.negatives, arrays))
            for entry in content.types
        )
    except (OSError, SafetensorError, KeyError) as error:
        raise UnreadableFileError(
            f"its features cannot be read ({error})", path=path, remedy=_REMEDY
        ) from error


def _cells(entries: Sequence[_CellEntry], arrays: dict[str, NDArray[np.generic]]) -> tuple[LibraryCell, ...]:
    return tuple(
        LibraryCell(
            np.asarray(arrays[f"{entry.key}.description"], np.float32),
            entry.source,
            np.asarray(arrays[f"{entry.key}.crop"], np.uint8),
        )
        for entry in entries
    )


def _read_file(path: Path) -> _File:
    try:
        content = json.loads(path.read_bytes())
        version = content.get("schema_version") if isinstance(content, dict) else None
        if version == 1:
            raise UnreadableFileError(
                "its cells were described in a way that is no longer used", path=path, remedy=_REMEDY
            )
        if isinstance(version, int) and version > 2:
            raise UnreadableFileError(
                f"the library has version {version}, which this application does not know",
                path=path,
                remedy="Update the application",
            )
        return _File.model_validate(content)
    except (OSError, ValueError, ValidationError) as error:
        raise UnreadableFileError(
            "is no library of reference cells", path=path, remedy="Choose one that was saved here"
        ) from error
