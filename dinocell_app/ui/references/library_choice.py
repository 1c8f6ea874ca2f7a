"""Types of cells to and from a library that a person chooses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.project.reference_edits import ReferenceEdits
from dinocell_app.project.references import CellType, kept_references
from dinocell_app.references.library import read_library, require_model, with_type, write_library

_FILTER = "Libraries of reference cells (*.json)"
ALL = "All types"


def save_to_library(edits: ReferenceEdits, chosen: CellType, window: QWidget) -> None:
    """Ask for a library and put a type into it, beside those it has.

    Parameters
    ----------
    window : QWidget
        Over which the question is asked.

    Raises
    ------
    UserFacingError
        If the type has no example, or the library cannot take it.
    """
    name, _ = QFileDialog.getSaveFileName(
        window,
        f"Save {chosen.name} to a library",
        "reference cells.json",
        _FILTER,
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    if name:
        save_type(edits, chosen, Path(name).with_suffix(".json"))


def save_type(edits: ReferenceEdits, chosen: CellType, path: Path) -> None:
    """Put a type into a library, beside those it has; one of its name gives way.

    Raises
    ------
    UserFacingError
        If the type has no example, or the library cannot take it.
    """
    kept = kept_references(replace(edits.now, types=(chosen,)))
    if kept is None:
        raise InvalidParameterError(
            f"There is no example of {chosen.name} yet", remedy="Point at one cell of the type first"
        )
    if path.exists():
        library = read_library(path)
        require_model(library, kept.model_id, kept.model_sha256, path)
        kept = with_type(library, kept.read()[0])
    write_library(path, kept)


def add_from_library(edits: ReferenceEdits, window: QWidget) -> None:
    """Ask for a library and add a type of it, or all of them.

    Parameters
    ----------
    window : QWidget
        Over which the questions are asked.

    Raises
    ------
    UserFacingError
        If the library cannot be read or does not fit the project.
    """
    name, _ = QFileDialog.getOpenFileName(window, "Add from a library", "", _FILTER)
    if not name:
        return
    library = read_library(Path(name))
    names = [each.name for each in library.types]
    if len(names) > 1:
        choice, sure = QInputDialog.getItem(
            window, "Add from a library", "Type of cell:", [ALL, *names], editable=False
        )
        if not sure:
            return
        names = names if choice == ALL else [choice]
    edits.add_from_library(library, names)
