"""Keeping a model that was taught: among the person's models, whole or not at all."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.files import write_text
from dinocell_app.export.writing import whole_folder
from dinocell_app.model.catalogue import models_folder
from dinocell_app.model.manifest import MANIFEST_NAME, read_manifest

CARD_NAME = "card.md"


def save_among_models(model: Path, verdict: Path | None, notes: str) -> str:
    """Copy a model folder into the folder of the person's models; for a worker thread.

    Parameters
    ----------
    model : Path
        Folder of the new model.
    verdict : Path or None
        File of the verdict, kept with it.
    notes : str
        Added to its card; may be empty.

    Returns
    -------
    str
        Under which id it can be used.

    Raises
    ------
    UserFacingError
        If it is no model, one of this id is there already, or it cannot be written.
    """
    manifest = read_manifest(model)
    target = models_folder() / manifest.id
    if (target / MANIFEST_NAME).exists():
        raise InvalidParameterError(
            f"a model called {manifest.id} is among your models already",
            path=target,
            remedy="Remove or rename that one, or train under another name",
        )
    with whole_folder(target) as beside:
        shutil.copytree(model, beside, dirs_exist_ok=True)
        if verdict is not None and verdict.is_file():
            shutil.copyfile(verdict, beside / verdict.name)
        card = beside / CARD_NAME
        if notes and card.is_file():
            text = card.read_text(encoding="utf-8").rstrip()
            write_text(card, f"{text}\n\n## Notes\n\n{notes} ({date.today().isoformat()})\n")
    return manifest.id
