"""A model in one file: a zip of its folder, to be mailed, carried and imported elsewhere."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from dinocell_app.errors import ModelError
from dinocell_app.files import replacing, write_json
from dinocell_app.model.catalogue import models_folder
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, read_manifest
from dinocell_app.model.model_folder import WEIGHTS_NAME, load_model
from dinocell_app.model.published_weights import import_published_file

CARD_NAME = "card.md"
_MEMBERS = (MANIFEST_NAME, WEIGHTS_NAME, CARD_NAME)
MAX_MEMBER_BYTES = 8 << 30
"""Larger than any model; an archive that claims more is no model."""


def export_model(folder: Path, path: Path) -> None:
    """Write a model folder to one file.

    Parameters
    ----------
    folder : Path
    path : Path
        The zip file to create or replace.

    Raises
    ------
    ModelError
        If the folder is no sound model.
    """
    load_model(folder)
    with replacing(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        for name in _MEMBERS:
            if (folder / name).is_file():
                archive.write(folder / name, name)


def import_model(source: Path, *, name: str | None = None, overwrite: bool = False) -> Path:
    """Add a model to the user's models.

    Parameters
    ----------
    source : Path
        A file from `export_model`, a model folder, or the published DINOCell weights (`.pt`).
    name : str, optional
        Id under which it is kept; the model's own by default.
    overwrite : bool
        Whether a model of the same id is replaced.

    Returns
    -------
    Path
        The new model folder.

    Raises
    ------
    ModelError
        If the source is no sound model or the id is taken.
    """
    target_root = models_folder()
    target_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=target_root) as temporary:
        folder = Path(temporary) / "model"
        _unpack(Path(source), folder)
        manifest = _checked(folder, Path(source))
        if name is not None and name != manifest.id:
            manifest = _renamed(folder, manifest, name)
        target = target_root / manifest.id
        if target.exists():
            if not overwrite:
                raise ModelError(
                    f"A model named {manifest.id!r} is there already",
                    path=target,
                    remedy="Import it under another name, or ask for it to be overwritten",
                )
            shutil.rmtree(target)
        folder.replace(target)
    return target


def _unpack(source: Path, folder: Path) -> None:
    if source.is_dir():
        folder.mkdir()
        for name in _MEMBERS:
            if (source / name).is_file():
                shutil.copyfile(source / name, folder / name)
    elif not source.is_file():
        raise ModelError("There is no such file or folder", path=source, remedy="Check the path")
    elif source.suffix in (".pt", ".pth"):
        import_published_file(source, folder)
    elif zipfile.is_zipfile(source):
        _unzip(source, folder)
    else:
        raise ModelError(
            "This is not a model",
            path=source,
            remedy="Choose a file exported by this application, a model folder, or the published .pt weights",
        )


def _unzip(source: Path, folder: Path) -> None:
    """Take only the members a model has, by name, so that no path in the archive can lead elsewhere."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(source) as archive:
            for name in set(_MEMBERS) & set(archive.namelist()):
                size = archive.getinfo(name).file_size
                if size > min(MAX_MEMBER_BYTES, shutil.disk_usage(folder).free):
                    raise ModelError(
                        f"The archive's {name} would need {size >> 20} MiB", path=source, remedy="Free some space"
                    )
                with archive.open(name) as member, (folder / name).open("wb") as file:
                    shutil.copyfileobj(member, file)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise ModelError("The archive is damaged", path=source, remedy="Copy or download it again") from error


def _checked(folder: Path, source: Path) -> Manifest:
    try:
        return load_model(folder).manifest
    except ModelError as error:
        raise ModelError(error.what, path=source, remedy=error.remedy) from error


def _renamed(folder: Path, manifest: Manifest, name: str) -> Manifest:
    content = {**manifest.model_dump(mode="json"), "id": name}
    write_json(folder / MANIFEST_NAME, content)
    return read_manifest(folder)
