"""Assays as files: a zip with `assay.json`, and the model's folder where it is embedded.

`model.model_archive.import_model` takes such a file as it takes an exported model.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from pydantic import ValidationError

from dinocell_app.assays.assay import Assay
from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.files import replacing
from dinocell_app.base.json_text import parse_json

SUFFIX = ".dinocell-assay"
_ASSAY, _MODEL = "assay.json", "model/"
_MODEL_FILES = (".json", ".safetensors", ".md")
_LARGEST_ASSAY = 64 << 20
"""Bytes; one with hundreds of reference cells takes a few megabytes."""


def write_assay(path: Path, assay: Assay, model_folder: Path | None = None) -> None:
    """Write an assay to a file.

    Parameters
    ----------
    model_folder : Path, optional
        Of the model, to be embedded.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    text = json.dumps(assay.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    with (
        replacing(path) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
    ):
        archive.writestr(_ASSAY, text)
        for file in sorted(model_folder.iterdir()) if model_folder is not None else ():
            if file.is_file() and file.suffix in _MODEL_FILES:
                archive.write(file, _MODEL + file.name, zipfile.ZIP_STORED)


def read_assay(path: Path) -> Assay:
    """Read an assay; its model, if there is one, is left in the file.

    Raises
    ------
    UnreadableFileError
        If it is no assay, or one of a newer version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(_ASSAY).file_size
            content = parse_json(archive.read(_ASSAY).decode("utf-8")) if size <= _LARGEST_ASSAY else None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UnreadableFileError(
            "is no assay", path=path, remedy=f"Choose a file that ends with {SUFFIX}"
        ) from error
    if isinstance(content, dict) and content.get("schema_version", 1) != 1:
        raise UnreadableFileError(
            "is an assay of a newer version of this application", path=path, remedy="Update the application"
        )
    try:
        return Assay.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableFileError(f"is no sound assay ({place}: {first['msg']})", path=path) from error


def has_model(path: Path) -> bool:
    """Tell whether the model is embedded in an assay's file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith(_MODEL) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
