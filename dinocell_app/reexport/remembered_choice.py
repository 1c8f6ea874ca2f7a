"""The choices of the last export, kept with the project."""

from __future__ import annotations

import logging
from pathlib import Path

from dinocell_app.base.files import write_text
from dinocell_app.reexport.export_choice import ExportChoice

FILE_NAME = "export.json"

_logger = logging.getLogger(__name__)


def remembered_choice(project_folder: Path) -> ExportChoice:
    """Read the choices of the last export.

    Returns
    -------
    ExportChoice
        The defaults when there are none.
    """
    try:
        return ExportChoice.from_json((project_folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ExportChoice()


def remember_choice(project_folder: Path, choice: ExportChoice) -> None:
    """Keep the choices of an export.

    Parameters
    ----------
    project_folder : Path
        One that cannot be written to is left as it is; the export itself matters more.
    """
    try:
        write_text(project_folder / FILE_NAME, choice.to_json() + "\n")
    except OSError as error:
        _logger.info("the choices of the export could not be kept: %s", error)
