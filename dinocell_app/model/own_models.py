"""A person's own models: renamed, duplicated and removed. Those that come with the application stay."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.base.files import write_json
from dinocell_app.model.catalogue import CatalogueEntry, list_models, models_folder
from dinocell_app.model.lineage import made_from
from dinocell_app.model.manifest import ID_PATTERN, MANIFEST_NAME, read_manifest


def rename_model(model: str, name: str) -> Path:
    """Give one's own model another name.

    Results that were made with it stay valid: they name its weights by their checksum.

    Parameters
    ----------
    model : str
        Its id.
    name : str
        What people call it; its new id is made of it.

    Returns
    -------
    Path
        The folder, whose name is the new id.

    Raises
    ------
    ModelError
        If it is no model of one's own, or the name is taken.
    InvalidParameterError
        If the name cannot be one.
    """
    entry = _own(model)
    target = _free_place(name)
    entry.folder.rename(target)
    _write_name(target, name)
    return target


def duplicate_model(model: str, name: str) -> Path:
    """Copy a model, shipped or own, to one's own models.

    Parameters
    ----------
    model : str
        Its id.
    name : str
        Id of the copy, and what people call it.

    Returns
    -------
    Path
        The folder of the copy.

    Raises
    ------
    ModelError
        If there is no such model, or the name is taken.
    InvalidParameterError
        If the name cannot be one.
    """
    entry = _entry(model)
    target = _free_place(name)
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=target.parent) as temporary:
        beside = Path(temporary) / target.name
        shutil.copytree(entry.folder, beside)
        _write_name(beside, name)
        beside.rename(target)
    return target


def delete_model(model: str) -> None:
    """Remove one's own model for good.

    Models made from it and results made with it stay as they are; the results can no longer be repeated.

    Parameters
    ----------
    model : str
        Its id.

    Raises
    ------
    ModelError
        If it is no model of one's own.
    """
    entry = _own(model)
    # Out of the list in one step, whatever happens while its files are removed.
    with tempfile.TemporaryDirectory(prefix=".removed-", dir=entry.folder.parent) as temporary:
        entry.folder.rename(Path(temporary) / entry.folder.name)


def consequences_of_deleting(model: str) -> str:
    """Say what it would mean to remove one's own model.

    Parameters
    ----------
    model : str
        Its id.

    Returns
    -------
    str
        Sentences.

    Raises
    ------
    ModelError
        If it is no model of one's own.
    """
    entry = _own(model)
    children = [child.manifest.id for child in made_from(entry.manifest, list_models()[0])]
    words = f"{model} cannot be brought back, and results made with it cannot be repeated."
    if children:
        words += f" Models made from it stay and go on working: {', '.join(children)}."
    return words


def _entry(model: str) -> CatalogueEntry:
    for entry in list_models()[0]:
        if entry.manifest.id == model:
            return entry
    raise ModelError(f"There is no model named {model!r}", remedy="See `dinocell-app models list`")


def _own(model: str) -> CatalogueEntry:
    entry = _entry(model)
    if entry.origin != "own":
        raise ModelError(
            f"{model} comes with the application and stays as it is",
            remedy=f"Make a copy of your own with `dinocell-app models duplicate {model} NAME`",
        )
    return entry


def id_of_name(name: str) -> str:
    """Make an id of what people call a model: blanks and other signs become dashes.

    Raises
    ------
    InvalidParameterError
        If nothing is left, or too much, or the name looks like a path.
    """
    identity = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")
    is_path = any(sign in name for sign in "/\\") or name.startswith(".") or not name.isprintable()
    if is_path or not re.fullmatch(ID_PATTERN, identity):
        raise InvalidParameterError(
            f"A model cannot be named {name!r}",
            remedy="Use up to 100 signs without slashes, a letter or digit first",
        )
    return identity


def _free_place(name: str) -> Path:
    identity = id_of_name(name)
    target = models_folder() / identity
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() or any(entry.manifest.id == identity for entry in list_models()[0]):
        raise ModelError(
            f"Another model named {name!r} is there already", path=target, remedy="Choose another name"
        )
    return target


def _write_name(folder: Path, name: str) -> None:
    manifest = read_manifest(folder).model_copy(update={"id": folder.name, "name": name})
    write_json(folder / MANIFEST_NAME, manifest.model_dump(mode="json"))
