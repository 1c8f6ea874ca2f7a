"""Where a new project goes: beside the images, or among the user's documents for the samples."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.resource_files import resource_path
from dinocell_app.base.settings import APPLICATION

SUFFIX = ".dinocell"
SAMPLE_NAME = "Sample project"


def project_folder_for(inputs: Sequence[Path]) -> Path | None:
    """Choose the folder of a project for dropped files and folders.

    Returns
    -------
    Path or None
        Beside the first folder and named after it; None where nothing can be written there.
    """
    first = next((path for path in inputs if path.is_dir()), None)
    place = first.parent if first is not None else inputs[0].parent
    name = first.name if first is not None else inputs[0].parent.name or inputs[0].stem
    if not os.access(place, os.W_OK):
        return None
    return unused(place, name)


def unused(place: Path, name: str) -> Path:
    """Name a project folder that does not exist yet."""
    folder = place / f"{name}{SUFFIX}"
    number = 2
    while folder.exists():
        folder, number = place / f"{name} {number}{SUFFIX}", number + 1
    return folder


def copy_samples() -> tuple[Path, Path]:
    """Copy the sample images to the user's data folder.

    Returns
    -------
    images : Path
        Folder of the images.
    project : Path
        Folder of their project, which may exist already.

    Raises
    ------
    UserFacingError
        If they cannot be copied.
    """
    place = Path(platformdirs.user_data_dir(APPLICATION, appauthor=False)) / "samples"
    images = place / "images"
    try:
        images.mkdir(parents=True, exist_ok=True)
        for source in sorted(resource_path("samples").iterdir()):
            copied = (place if source.suffix == ".md" else images) / source.name
            if source.is_file() and not copied.exists():
                shutil.copyfile(source, copied)
    except OSError as error:
        raise UserFacingError(
            f"the sample images cannot be copied ({error.strerror})",
            path=place,
            remedy="Make room on the disk, or open images of your own",
        ) from error
    return images, place / f"{SAMPLE_NAME}{SUFFIX}"
