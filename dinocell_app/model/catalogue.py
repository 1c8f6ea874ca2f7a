"""The models at hand: those that come with the application and the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path

from dinocell_app.base.errors import ModelError
from dinocell_app.base.resource_files import resource_path
from dinocell_app.model.compatibility import compatibility_sentence
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, read_manifest

CARD_NAME = "card.md"
"""A page about the model, beside manifest and weights; models do without."""

MODELS_VARIABLE = "DINOCELL_APP_MODELS"
"""Environment variable that moves the user's models to another folder."""


@dataclass(frozen=True)
class CatalogueEntry:
    """A model that can be used by name.

    Parameters
    ----------
    origin : {"shipped", "own"}
        Own models are those that were trained here, imported or downloaded.
    """

    manifest: Manifest
    folder: Path
    origin: Literal["shipped", "own"]


def models_folder() -> Path:
    """Give the folder of the user's models.

    Returns
    -------
    Path
        It need not exist.
    """
    chosen = os.environ.get(MODELS_VARIABLE)
    return Path(chosen).expanduser() if chosen else user_data_path("dinocell-app", appauthor=False) / "models"


def list_models() -> tuple[list[CatalogueEntry], list[ModelError]]:
    """List the models that can be used by name.

    Returns
    -------
    entries : list of CatalogueEntry
        Shipped ones first, each kind by id; an own model hides a shipped one of the same id.
    errors : list of ModelError
        Folders that look like models but cannot be used, and why.
    """
    entries: dict[str, CatalogueEntry] = {}
    errors = []
    for folder, origin in _model_folders():
        try:
            manifest = read_manifest(folder)
        except ModelError as error:
            errors.append(error)
            continue
        entries[manifest.id] = CatalogueEntry(manifest, folder, origin)
    return sorted(entries.values(), key=lambda entry: (entry.origin != "shipped", entry.manifest.id)), errors


def find_model(name: str | Path) -> Path:
    """Find a model by its name or folder.

    Parameters
    ----------
    name : str or Path
        Id in the catalogue, or path of a model folder.

    Returns
    -------
    Path
        The model's folder.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    path = Path(name).expanduser()
    if str(name) and (path / MANIFEST_NAME).is_file():
        return path
    entries, errors = list_models()
    for entry in entries:
        if entry.manifest.id == str(name):
            return entry.folder
    damaged = next((error for error in errors if _folder_of(error) == str(name)), None)
    if damaged is not None:
        raise damaged
    if path.is_file():
        raise ModelError(
            "This is a file, and models are used from their folder",
            path=path,
            remedy=f"Import it first with `dinocell-app models import {path.name}`",
        )
    known = ", ".join(entry.manifest.id for entry in entries) or "none"
    raise ModelError(
        f"There is no model named {str(name)!r}",
        remedy=f"Choose one of these: {known}; or give the path of a model folder, or import the model first",
    )


def describe(manifest: Manifest) -> str:
    """Write what a person wants to know before using a model.

    Returns
    -------
    str
        Plain text of some lines.
    """
    low, high = manifest.cell_diameter_range_px
    lines = [
        f"{manifest.name} ({manifest.id}, version {manifest.version})",
        manifest.description,
        f"Cells of {low:g} to {high:g} pixels across, best about {manifest.cell_diameter_px:g}; "
        "others are resampled.",
    ]
    if manifest.input_colour == "rgb":
        lines.append("It sees colours where an image has them.")
    if manifest.recommended_pixel_size_um is not None:
        lines.append(f"Recommended pixel size: {manifest.recommended_pixel_size_um:g} um")
    if manifest.lineage:
        lines.append("Made from: " + " -> ".join(manifest.lineage))
    if manifest.training_data:
        lines.append("Trained on:")
        lines += [f"  {data.name} ({data.licence}) {data.use}".rstrip() for data in manifest.training_data]
    if manifest.scores:
        lines.append("Scores on held-out images:")
        found: dict[str, list[str]] = {}
        for score in manifest.scores:
            found.setdefault(f"{score.data_set} {score.split}", []).append(
                f"{score.metric} {score.value:.3f}"
            )
        lines += [f"  {data}: {', '.join(values)}" for data, values in found.items()]
    lines.append(compatibility_sentence(manifest))
    lines.append(f"Licence: {manifest.licence or 'not stated'}")
    lines += [f"  {attribution}" for attribution in manifest.attributions]
    return "\n".join(line for line in lines if line)


def _folder_of(error: ModelError) -> str | None:
    return error.path.parent.name if error.path is not None else None


def _model_folders() -> Iterator[tuple[Path, Literal["shipped", "own"]]]:
    roots: list[tuple[Path, Literal["shipped", "own"]]] = []
    with suppress(FileNotFoundError):  # a build without models is allowed: the user's own still work
        roots.append((resource_path("models"), "shipped"))
    roots.append((models_folder(), "own"))
    for root, origin in roots:
        if root.is_dir():
            for folder in sorted(root.iterdir()):
                if (folder / MANIFEST_NAME).is_file() and not folder.name.startswith("."):
                    yield folder, origin
